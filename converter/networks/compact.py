"""The compact network: MobileNetV2 and a plain decoder, at most 4 M parameters and 0.8 GMAC at 224x224.

Only ReLU, ReLU6 and bilinear resizes: hard-swish, transposed and dilated depthwise convolutions leave the
fast path of the int8 kernels. Every size divides by 32.

The network has three heads on the decoder's last features, at a quarter of the input's size. ``logits`` (313
bins of ab) is what the trunk learns from, as in Zhang et al. 2016. ``mean`` learns the truth itself, a
cautious colour; ``annealed`` learns what the logits say at a low temperature, a bolder one. Both are linear
in the same features, so that any blend of them is again one 1x1 convolution: that is what a board runs
(``deployed``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import layers

from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.weights.tflite import Layer

NAME = "compact"
SIZE = 224
STRIDE = 4  # input size / output size
BINS = 313
AB_SCALE = 110.0  # the two ab heads are in units of this many Lab units
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
ENCODER_PREFIX = "encoder_"
_FLOAT_HEADS = {"logits", "mean", "annealed", "ab"}


def build(size: int | None = None) -> keras.Model:
    """The network for training: grey (n, size, size, 1) to ``logits`` (313), ``mean``, ``annealed`` (2)."""
    grey = keras.Input((size, size, 1), name="grey")
    features = _decoder(*_encoder(grey))
    logits = layers.Conv2D(BINS, 1, dtype="float32", kernel_initializer="zeros", name="logits")(features)
    ab_features = _conv(features, _HEAD, 1, "head_ab")
    outputs = {
        "logits": logits,
        "mean": layers.Conv2D(2, 1, dtype="float32", kernel_initializer="zeros", name="mean")(ab_features),
        "annealed": layers.Conv2D(2, 1, dtype="float32", kernel_initializer="zeros", name="annealed")(
            ab_features
        ),
    }
    return keras.Model(grey, outputs, name=NAME)


def deployed(trained: keras.Model, *, boldness: float, size: int = SIZE) -> keras.Model:
    """The network for a board: one ``ab`` head, boldness * annealed + (1 - boldness) * mean, no logits."""
    grey = keras.Input((size, size, 1), batch_size=1, name="grey")
    ab_features = _conv(_decoder(*_encoder(grey)), _HEAD, 1, "head_ab")
    model = keras.Model(grey, layers.Conv2D(2, 1, dtype="float32", name="ab")(ab_features), name=NAME)
    for layer in model.layers:
        if layer.weights and layer.name != "ab":
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    mean, annealed = (trained.get_layer(name).get_weights() for name in ("mean", "annealed"))
    blend = [
        boldness * bold + (1 - boldness) * cautious for bold, cautious in zip(annealed, mean, strict=True)
    ]
    model.get_layer("ab").set_weights(blend)
    return model


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


def int8_kernels(model: keras.Model) -> list[tuple[keras.Variable, tuple[int, ...]]]:
    """Kernels that int8 recipes round, each with the axes that share a scale; the heads stay in float."""
    kernels: list[tuple[keras.Variable, tuple[int, ...]]] = []
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            kernels.append((layer.kernel, (0, 1, 3)))
        elif isinstance(layer, layers.Conv2D) and layer.name not in _FLOAT_HEADS:
            kernels.append((layer.kernel, (0, 1, 2)))
    return kernels


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


def _decoder(deepest: keras.KerasTensor, taps: list[keras.KerasTensor]) -> keras.KerasTensor:
    """From 1/32 up to 1/4: each level is narrowed, enlarged, summed with its tap and mixed by one 3x3."""
    x = layers.Conv2D(_WIDTHS[0], 1, name="decode32_in")(deepest)
    scene = layers.GlobalAveragePooling2D(keepdims=True)(deepest)
    scene = _conv(scene, _WIDTHS[0], 1, "scene_1")
    scene = layers.Conv2D(_WIDTHS[0], 1, name="scene_2")(scene)
    x = layers.ReLU()(layers.Add()([x, scene]))
    x = _conv(x, _WIDTHS[0], 3, "decode32_mix")
    for width, scale, tap in zip(_WIDTHS[1:], (16, 8, 4), reversed(taps), strict=True):
        x = layers.Conv2D(width, 1, name=f"decode{scale}_in")(x)
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
        x = layers.Add()([x, layers.Conv2D(width, 1, name=f"decode{scale}_tap")(tap)])
        x = _conv(layers.ReLU()(x), width, 3, f"decode{scale}_mix")
    return _conv(x, _WIDTHS[-1], 3, "decode4_last")


def _conv(x: keras.KerasTensor, width: int, kernel: int, name: str) -> keras.KerasTensor:
    return layers.ReLU()(
        layers.Conv2D(width, kernel, padding="same", kernel_initializer="he_normal", name=name)(x)
    )


def _relu6(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(6.0)(x)
