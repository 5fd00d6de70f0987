"""The compact network: MobileNetV2 and a plain decoder, at most 4 M parameters and 0.8 GMAC at 224x224.

Only ReLU, ReLU6 and bilinear resizes: hard-swish, transposed and dilated depthwise convolutions leave the
fast path of the int8 kernels. Every size divides by 32.

The network has four heads on the decoder's last features, at a quarter of the input's size. ``logits`` (313
bins of ab) is what the trunk learns from, as in Zhang et al. 2016. ``mean`` learns the truth itself, a
cautious colour; ``annealed`` learns what the logits say at a low temperature, a bolder one; ``vivid`` learns
to be as near to the picture as one can be that is as colourful. All three are linear in the same features, so
that any blend of them is again one 1x1 convolution: that is what a board runs (``deployed``). Hints are
optional: see ``hinting``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import layers

from converter.networks import hinting
from device.colour.hints import GLOBAL_LENGTH
from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from converter.weights.tflite import Layer

NAME = "compact"
SIZE = 224
STRIDE = 4  # input size / output size
BINS = 313
AB_SCALE = hinting.AB_SCALE  # the ab heads are in units of this many Lab units
HEADS = ("mean", "annealed", "vivid")
GREY_SCALE, GREY_OFFSET = 1 / 50, -1.0  # L of 0..100 to -1..1, the range the encoder was trained on

# MobileNetV2 1.0 (Sandler et al. 2018, table 2): expansion, channels, repeats, stride.
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_TAPS = (1, 2, 4)  # the blocks whose outputs, at 1/4, 1/8 and 1/16, the decoder sums in
_WIDTHS = (256, 160, 128, 64)  # of the decoder at 1/32, 1/16, 1/8 and 1/4
_HEAD = 96
_SPREAD_AT = 16
ENCODER_PREFIX = "encoder_"
_FLOAT_LAYERS = {"logits", *HEADS, "ab"}


def build(size: int | None = None) -> keras.Model:
    """The network for training: grey (n, size, size, 1) and hints to the outputs of ``HEADS`` and ``logits``.

    ``logits`` has 313 channels, each head 2.
    """
    grey = keras.Input((size, size, 1), name="grey")
    hints = hinting.HintInputs.make(None if size is None else size // STRIDE)
    features = _decoder(*_encoder(grey), hints)
    logits = layers.Conv2D(BINS, 1, dtype="float32", kernel_initializer="zeros", name="logits")(features)
    ab_features = _conv(features, _HEAD, 1, "head_ab")
    heads = {
        name: layers.Conv2D(2, 1, dtype="float32", kernel_initializer="zeros", name=name)(ab_features)
        for name in HEADS
    }
    return keras.Model({"grey": grey} | hints.named(), {"logits": logits} | heads, name=NAME)


def deployed(
    trained: keras.Model, shares: Mapping[str, float], *, size: int = SIZE, logits: bool = False
) -> keras.Model:
    """The network for a board: one ``ab`` head, the trained ones in these shares.

    ``logits``: with those of the bins beside it, which cost time: to be asked for likely colours.
    """
    grey = keras.Input((size, size, 1), batch_size=1, name="grey")
    hints = hinting.HintInputs.make(size // STRIDE, batch=1)
    features = _decoder(*_encoder(grey), hints)
    ab_features = _conv(features, _HEAD, 1, "head_ab")
    ab = layers.Conv2D(2, 1, dtype="float32", name="ab")(ab_features)
    outputs = ab
    if logits:
        bins = layers.Conv2D(BINS, 1, dtype="float32", name="logits")(features)
        outputs = {"ab": ab, "logits": bins}
    model = keras.Model([grey, *hints.named().values()], outputs, name=NAME)
    for layer in model.layers:
        if layer.weights and layer.name != "ab":
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    each = [
        [share * array for array in trained.get_layer(name).get_weights()] for name, share in shares.items()
    ]
    model.get_layer("ab").set_weights([sum(arrays) for arrays in zip(*each, strict=True)])
    return model


def unhinted(grey: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    """Inputs with this grey (n, h, w, 1), -1 to 1, and no hints."""
    n, height, width = grey.shape[0], grey.shape[1] // STRIDE, grey.shape[2] // STRIDE
    return {
        "grey": grey,
        "local_hint": np.zeros((n, height, width, 2), np.float32),
        "mask": np.zeros((n, height, width, 1), np.float32),
        "global_hint": np.zeros((n, 1, 1, GLOBAL_LENGTH), np.float32),
    }


def warm_start(model: keras.Model, pretrained: Sequence[Layer]) -> None:
    """Fill the encoder from a MobileNetV2 1.0 that saw RGB; its first kernel is summed over the channels."""
    convolutions = [
        layer for layer in model.layers if layer.name.startswith(ENCODER_PREFIX) and layer.weights
    ]
    for index, (layer, source) in enumerate(zip(convolutions, pretrained, strict=False)):
        kernel = source.kernel.sum(axis=2, keepdims=True) if index == 0 else source.kernel
        expected = [tuple(weight.shape) for weight in layer.weights]
        if [kernel.shape, source.bias.shape] != expected:
            raise NetworkFileError(
                f"its layer {index + 1} is {kernel.shape}, a MobileNetV2 1.0 has {expected[0]} there",
                where=source.name,
            )
        layer.set_weights([kernel, source.bias])
    if len(pretrained) < len(convolutions):
        raise NetworkFileError(
            f"{len(pretrained)} layers with weights, a MobileNetV2 1.0 has {len(convolutions)}"
        )


def float_layers(model: keras.Model) -> list[str]:
    """Names of the layers that stay in float32 whatever the rest does, besides the head: the hints'."""
    return [layer.name for layer in model.layers if layer.name.startswith(hinting.PREFIX)]


def int8_kernels(model: keras.Model) -> list[tuple[keras.Variable, tuple[int, ...]]]:
    """Kernels that int8 recipes round, each with the axes that share a scale; the heads stay in float."""
    kernels: list[tuple[keras.Variable, tuple[int, ...]]] = []
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            kernels.append((layer.kernel, (0, 1, 3)))
        elif isinstance(layer, layers.Conv2D) and not _in_float(layer.name):
            kernels.append((layer.kernel, (0, 1, 2)))
    return kernels


def _in_float(name: str) -> bool:
    return name in _FLOAT_LAYERS or name.startswith(hinting.PREFIX)


def parameters(model: keras.Model) -> int:
    """How many numbers the network has learned."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def _encoder(grey: keras.KerasTensor) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
    x = _relu6(layers.Conv2D(32, 3, 2, padding="same", name=f"{ENCODER_PREFIX}0")(grey))
    taps, number = [], 0
    for group, (expansion, channels, repeats, stride) in enumerate(_BLOCKS):
        for repeat in range(repeats):
            number += 1
            x = _inverted_residual(
                x, expansion, channels, stride if repeat == 0 else 1, f"{ENCODER_PREFIX}{number}"
            )
        if group in _TAPS:
            taps.append(x)
    return x, taps


def _inverted_residual(
    x: keras.KerasTensor, expansion: int, channels: int, stride: int, name: str
) -> keras.KerasTensor:
    before, width = x, int(x.shape[-1])
    if expansion > 1:
        x = _relu6(layers.Conv2D(width * expansion, 1, name=f"{name}_expand")(x))
    x = _relu6(layers.DepthwiseConv2D(3, stride, padding="same", name=f"{name}_depthwise")(x))
    x = layers.Conv2D(channels, 1, name=f"{name}_project")(x)
    return layers.Add()([before, x]) if stride == 1 and width == channels else x


def _decoder(
    deepest: keras.KerasTensor, taps: list[keras.KerasTensor], hints: hinting.HintInputs
) -> keras.KerasTensor:
    """From 1/32 up to 1/4: each level is narrowed, enlarged, summed with its tap and mixed by one 3x3."""
    told = hinting.Hinting(hints, STRIDE)
    x = layers.Conv2D(_WIDTHS[0], 1, name="decode32_in")(deepest)
    scene = layers.GlobalAveragePooling2D(keepdims=True)(deepest)
    scene = _conv(scene, _WIDTHS[0], 1, "scene_1")
    scene = layers.Conv2D(_WIDTHS[0], 1, name="scene_2")(scene)
    x = layers.ReLU()(layers.Add()([x, scene, *told.at(32, _WIDTHS[0])]))
    x = _conv(x, _WIDTHS[0], 3, "decode32_mix")
    for width, scale, tap in zip(_WIDTHS[1:], (16, 8, 4), reversed(taps), strict=True):
        x = layers.Conv2D(width, 1, name=f"decode{scale}_in")(x)
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        tapped = layers.Conv2D(width, 1, name=f"decode{scale}_tap")(tap)
        x = layers.ReLU()(layers.Add()([x, tapped, *told.at(scale, width)]))
        x = _conv(x, width, 3, f"decode{scale}_mix")
        if scale == _SPREAD_AT:
            x = told.spread(x, scale)
    return _conv(x, _WIDTHS[-1], 3, "decode4_last")


def _conv(x: keras.KerasTensor, width: int, kernel: int, name: str) -> keras.KerasTensor:
    return layers.ReLU()(
        layers.Conv2D(width, kernel, padding="same", kernel_initializer="he_normal", name=name)(x)
    )


def _relu6(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(6.0)(x)
