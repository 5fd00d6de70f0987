"""Builds a graph of layers as a Keras network, with its weights in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from converter.networks.fold import fold_norms
from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from converter.networks.graph import Graph, Layer, Weights

    Floats = npt.NDArray[np.float32]


def build(
    graph: Graph, weights: Weights, outputs: Mapping[str, str], *, depth_to_space: bool = False
) -> keras.Model:
    """The network, one picture at a time: its inputs and ``outputs`` (role: layer) by their roles.

    ``weights`` must have been checked against the graph. ``depth_to_space``: write a deconvolution as a
    convolution whose channels are then laid out side by side; the same numbers, in kernels that every runtime
    has. The model's layers bear the graph's names.
    """
    plain, folded = fold_norms(graph, weights)
    tensors: dict[str, keras.KerasTensor] = {}
    inputs: dict[str, keras.KerasTensor] = {}
    for layer in plain.layers:
        if layer.kind == "input":
            shape = (*layer.size, layer.channels)
            tensors[layer.name] = inputs[layer.name] = keras.Input(shape, batch_size=1, name=layer.name)
            continue
        given = [tensors[name] for name in layer.inputs]
        tensors[layer.name] = _apply(layer, given, folded, depth_to_space=depth_to_space)
    return keras.Model(
        list(inputs.values()), {role: tensors[name] for role, name in outputs.items()}, name=graph.name
    )


def _apply(
    layer: Layer, given: list[keras.KerasTensor], weights: Weights, *, depth_to_space: bool
) -> keras.KerasTensor:
    name = layer.name
    match layer.kind:
        case "conv":
            return _convolution(layer, given[0], weights)
        case "deconv":
            form = _deconvolution_in_depth if depth_to_space else _deconvolution
            return form(layer, given[0], weights)
        case "sum":
            made = layers.Add(name=name)
        case "concat":
            made = layers.Concatenate(name=name)
        case "scale":
            made = PerChannel(weights[f"{name}.weight"], weights.get(f"{name}.bias"), name=name)
        case "relu":
            made = layers.ReLU(negative_slope=layer.slope, name=name)
        case "softmax":
            made = layers.Softmax(name=name)
        case "tanh":
            made = layers.Activation("tanh", name=name)
        case "subsample":
            made = layers.MaxPooling2D(1, layer.stride, name=name)
        case _:
            raise ValueError(f"{name}: a {layer.kind} layer can't be built")
    return made(given if len(given) > 1 else given[0])


def _convolution(layer: Layer, x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    """Pad as Caffe and PyTorch do: alike on all sides. "same" would leave out the first row at stride 2."""
    padding = "valid"
    reach = layer.dilation * (layer.kernel - 1)
    if layer.stride == 1 and 2 * layer.pad == reach:
        padding = "same"
    elif layer.pad:
        sides = [(layer.pad, _needed_after(int(side), layer)) for side in x.shape[1:3]]
        x = layers.ZeroPadding2D(sides, name=f"{layer.name}_pad")(x)
    made = layers.Conv2D(
        layer.channels, layer.kernel, layer.stride, padding, dilation_rate=layer.dilation,
        use_bias=layer.bias, name=layer.name,
    )  # fmt: skip
    y = made(x)
    made.set_weights(_with_bias(layer, weights[f"{layer.name}.weight"].transpose(2, 3, 1, 0), weights))
    return y


def _needed_after(side: int, layer: Layer) -> int:
    """Rows of padding after the last, of the ``pad`` there are, that a window reaches."""
    reach = layer.dilation * (layer.kernel - 1) + 1
    windows = (side + 2 * layer.pad - reach) // layer.stride + 1
    return max(0, (windows - 1) * layer.stride + reach - layer.pad - side)


def _deconvolution(layer: Layer, x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    _check_doubling(layer)
    made = layers.Conv2DTranspose(layer.channels, 4, 2, "same", use_bias=layer.bias, name=layer.name)
    y = made(x)
    made.set_weights(_with_bias(layer, weights[f"{layer.name}.weight"].transpose(2, 3, 1, 0), weights))
    return y


def _deconvolution_in_depth(layer: Layer, x: keras.KerasTensor, weights: Weights) -> keras.KerasTensor:
    """A 3x3 convolution makes the four values of each 2x2 block as channels of one place.

    Of an output row 2i + r, row i of the input is seen by the kernel's row 1 + r; for r = 0 row i - 1 by its
    row 3, for r = 1 row i + 1 by its row 0. Columns are alike.
    """
    _check_doubling(layer)
    kernel = weights[f"{layer.name}.weight"]  # (in, out, 4, 4)
    taps = ({1: 1, 0: 3}, {1: 2, 2: 0})
    wide = np.zeros((3, 3, kernel.shape[0], 2, 2, layer.channels), np.float32)
    for r, rows in enumerate(taps):
        for c, columns in enumerate(taps):
            for row, of_row in rows.items():
                for column, of_column in columns.items():
                    wide[row, column, :, r, c] = kernel[:, :, of_row, of_column]
    made = layers.Conv2D(4 * layer.channels, 3, padding="same", use_bias=layer.bias, name=layer.name)
    y = DepthToSpace(name=f"{layer.name}_to_space")(made(x))
    bias = [np.tile(weights[f"{layer.name}.bias"], 4)] if layer.bias else []
    made.set_weights([wide.reshape(3, 3, kernel.shape[0], -1), *bias])
    return y


def _check_doubling(layer: Layer) -> None:
    if (layer.kernel, layer.stride, layer.pad, layer.dilation) != (4, 2, 1, 1):
        raise NetworkFileError(
            "is a deconvolution other than of kernel 4, stride 2 and pad 1", where=f"layer {layer.name}"
        )


def _with_bias(layer: Layer, kernel: Floats, weights: Weights) -> list[Floats]:
    return [kernel, weights[f"{layer.name}.bias"]] if layer.bias else [kernel]


class PerChannel(layers.Layer):  # type: ignore[misc] # Keras ships no types
    """Multiplies each channel by a constant and adds another; what changes nothing is left out."""

    def __init__(self, scale: Floats, shift: Floats | None, *, name: str) -> None:
        super().__init__(name=name, trainable=False)
        self._scale = None if (scale == 1).all() else scale
        self._shift = shift

    def call(self, x: Any) -> Any:
        """Scale, then shift."""
        if self._scale is not None:
            x = x * self._scale
        return x if self._shift is None else x + self._shift


class DepthToSpace(layers.Layer):  # type: ignore[misc] # Keras ships no types
    """Lays four groups of channels out as the four places of a 2x2 block."""

    def call(self, x: Any) -> Any:
        """(n, h, w, 4c) to (n, 2h, 2w, c)."""
        return tf.nn.depth_to_space(x, 2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape that ``call`` gives."""
        n, height, width, channels = shape
        return n, height and 2 * height, width and 2 * width, channels and channels // 4
