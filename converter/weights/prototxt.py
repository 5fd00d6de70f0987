"""A .prototxt: the network that it describes, as a graph of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf import text_format

from converter.networks.graph import Graph, Layer
from converter.weights.caffe_schema import net_parameter
from device.errors import NetworkFileError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LARGEST: Final = 1 << 22  # bytes; descriptions have a few thousand lines at most
_DROPPED: Final = {"Silence"}


def read_prototxt(path: Path) -> Graph:
    """The network that a .prototxt describes. Raises NetworkFileError for what is none or can't be built."""
    net: Any = _parsed(path)
    layers: list[Layer] = []
    makers: dict[str, str] = {}  # by blob: the layer that made it last, as layers may work in place
    shapes = list(net.input_shape)
    for number, blob in enumerate(net.input):
        dims = shapes[number].dim if shapes else net.input_dim[4 * number : 4 * number + 4]
        layers.append(_input(blob, list(dims), path))
        makers[blob] = blob
    for described in net.layer:
        if described.type in _DROPPED:
            continue
        if described.type not in _KINDS:
            raise NetworkFileError(
                f"layer {described.name} is of the unknown type {described.type!r}", where=path,
                hint=f"there are {', '.join([*_KINDS, *_DROPPED])}",
            )  # fmt: skip
        unknown = [blob for blob in described.bottom if blob not in makers]
        if unknown:
            raise NetworkFileError(
                f"layer {described.name} takes {unknown[0]}, which no layer makes", where=path
            )
        if any(described.name == layer.name for layer in layers):
            raise NetworkFileError(f"has two layers {described.name}", where=path)
        inputs = tuple(makers[blob] for blob in described.bottom)
        layers.append(_KINDS[described.type](described, inputs, path))
        makers[described.top[0] if described.top else described.name] = described.name
    if not layers:
        raise NetworkFileError("describes no layers", where=path, hint="expected a .prototxt")
    return Graph(net.name or path.stem, tuple(layers))


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error
    try:
        if len(content) > _LARGEST:
            raise NetworkFileError(
                "is no .prototxt: that is a short text", where=path, hint="a .caffemodel in its place?"
            )
        return text_format.Parse(content.decode(), net_parameter()(), allow_unknown_field=True)
    except UnicodeDecodeError:
        raise NetworkFileError("is no text", where=path, hint="a .caffemodel in its place?") from None
    except text_format.ParseError as error:
        raise NetworkFileError(f"is no .prototxt: {error}", where=path) from None


def _input(name: str, dims: list[int], path: Path) -> Layer:
    if len(dims) != 4 or dims[0] != 1 or not all(0 < side <= 4096 for side in dims):
        raise NetworkFileError(f"input {name} has shape {dims}, not (1, channels, height, width)", where=path)
    return Layer(name=name, kind="input", channels=dims[1], size=(dims[2], dims[3]))


def _data(described: Any, inputs: tuple[str, ...], path: Path) -> Layer:
    shapes = described.input_param.shape
    return _input(described.name, list(shapes[0].dim) if shapes and not inputs else [], path)


def _convolution(described: Any, inputs: tuple[str, ...], path: Path) -> Layer:
    told = described.convolution_param
    kernel = _side(described, path, "kernel_size", 0, ("kernel_h", "kernel_w"))
    if not (told.num_output and kernel and len(inputs) == 1) or (told.HasField("group") and told.group != 1):
        raise NetworkFileError(
            f"layer {described.name} is no convolution in one group, with num_output and kernel_size",
            where=path,
        )
    return Layer(
        name=described.name,
        kind="conv" if described.type == "Convolution" else "deconv",
        inputs=inputs,
        channels=told.num_output,
        kernel=kernel,
        stride=_side(described, path, "stride", 1, ("stride_h", "stride_w")),
        pad=_side(described, path, "pad", 0, ("pad_h", "pad_w")),
        dilation=_side(described, path, "dilation", 1),
        bias=not told.HasField("bias_term") or told.bias_term,
    )


def _side(described: Any, path: Path, key: str, default: int, both: tuple[str, ...] = ()) -> int:
    """A length that Caffe takes once, for each axis, or by two keys of their own; here both must be equal."""
    told = described.convolution_param
    values = {*getattr(told, key), *(getattr(told, each) for each in both if told.HasField(each))}
    if len(values) > 1:
        raise NetworkFileError(
            f"layer {described.name} has two values of {key}: {sorted(values)}", where=path
        )
    return int(values.pop()) if values else default


def _relu(described: Any, inputs: tuple[str, ...], _: Path) -> Layer:
    return Layer(name=described.name, kind="relu", inputs=inputs, slope=described.relu_param.negative_slope)


def _norm(described: Any, inputs: tuple[str, ...], _: Path) -> Layer:
    told = described.batch_norm_param
    return Layer(
        name=described.name, kind="norm", inputs=inputs, epsilon=told.eps if told.HasField("eps") else 1e-5
    )


def _scale(described: Any, inputs: tuple[str, ...], path: Path) -> Layer:
    told = described.scale_param
    if len(inputs) != 1 or (told.HasField("axis") and told.axis != 1) or (told.num_axes not in {0, 1}):
        raise NetworkFileError(f"layer {described.name} does not scale the channels of one input", where=path)
    return Layer(name=described.name, kind="scale", inputs=inputs, bias=told.bias_term)


def _softmax(described: Any, inputs: tuple[str, ...], path: Path) -> Layer:
    told = described.softmax_param
    if told.HasField("axis") and told.axis != 1:
        raise NetworkFileError(f"layer {described.name} is no softmax over channels", where=path)
    return Layer(name=described.name, kind="softmax", inputs=inputs)


_KINDS: Final[dict[str, Callable[[Any, tuple[str, ...], Path], Layer]]] = {
    "Input": _data,
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "ReLU": _relu,
    "BatchNorm": _norm,
    "Scale": _scale,
    "Softmax": _softmax,
}
