"""A .caffemodel: its layers' arrays, and the network of a .prototxt that they belong to.

Read with the protobuf library and a schema of our own; Caffe is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from converter.weights.caffe_schema import net_parameter
from device.errors import NetworkFileError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from converter.networks.graph import Weights

_LARGEST: Final = (1 << 31) - 1  # what the protobuf library reads at once
_SWAPPED: Final = "a .caffemodel is binary, a .prototxt is text: are the two swapped?"


def read_caffemodel(path: Path) -> Weights:
    """All arrays of the file, named as in ``converter.networks.graph``.

    Raises NetworkFileError for what is no .caffemodel, or only a part of one.
    """
    net = net_parameter()()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error
    if len(content) > _LARGEST:
        raise NetworkFileError("is larger than a .caffemodel can be", where=path)
    try:
        net.ParseFromString(content)
    except DecodeError:
        text = not content[:512].translate(None, bytes((9, 10, 13, *range(32, 127))))
        raise NetworkFileError(
            "not a .caffemodel, or a part of one only", where=path,
            hint=_SWAPPED if text else "get it again",
        ) from None  # fmt: skip
    del content
    found: Any = net
    if found.layers and not found.layer:
        raise NetworkFileError("is of Caffe's old form", where=path, hint="Caffe's upgrade_net_proto_binary")
    weights: Weights = {}
    for layer in found.layer:
        blobs = [_array(blob, layer.name, path) for blob in layer.blobs]
        for part, array in _named(layer.type, blobs, layer.name, path):
            weights[f"{layer.name}.{part}"] = array
        layer.ClearField("blobs")  # the file is large: not to be held twice
    if not weights:
        raise NetworkFileError("holds no weights", where=path, hint="expected a .caffemodel")
    return weights


def _array(blob: Any, name: str, path: Path) -> npt.NDArray[np.float32]:
    shape = tuple(blob.shape.dim) or (blob.num, blob.channels, blob.height, blob.width)
    values = np.array(blob.data if len(blob.data) else blob.double_data, np.float32)
    if min(shape) < 0 or values.size != np.prod(shape, dtype=np.int64):
        raise NetworkFileError(
            f"layer {name} holds {values.size} values for the shape {shape}", where=path, hint="get it again"
        )
    if not np.isfinite(values).all():
        raise NetworkFileError(f"layer {name} holds values that are no numbers", where=path)
    return values.reshape(shape)


def _named(
    kind: str, blobs: list[npt.NDArray[np.float32]], name: str, path: Path
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The arrays of a layer by our names. A norm's are sums, to be divided by the third: their count."""
    if kind == "BatchNorm":
        if len(blobs) != 3 or blobs[2].size != 1:
            raise NetworkFileError(
                f"the norm {name} does not hold mean, variance and their count", where=path
            )
        count = float(blobs[2].ravel()[0])
        factor = np.float32(0 if count == 0 else 1 / count)
        yield "running_mean", blobs[0].ravel() * factor
        yield "running_var", blobs[1].ravel() * factor
        return
    for part, blob in zip(("weight", "bias"), blobs, strict=False):
        yield part, blob if blob.ndim == 4 and part == "weight" and kind != "Scale" else blob.ravel()
