"""How near a picture is to the true one, and how colourful both are, as terms that can be learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from keras import ops

if TYPE_CHECKING:
    import keras

_XYZ_TO_RGB = np.array(
    (
        (3.2404542, -1.5371385, -0.4985314),
        (-0.9692660, 1.8760108, 0.0415560),
        (0.0556434, -0.2040259, 1.0572252),
    ),
    np.float32,
)
_WHITE = np.array((0.95047, 1.0, 1.08883), np.float32)
_FLOOR = 20.0  # squared levels: what lies below is good enough, and must not outweigh all other pictures


def to_rgb(light: keras.KerasTensor, ab: keras.KerasTensor) -> keras.KerasTensor:
    """L (.., 1) and ab (.., 2) of Lab to R'G'B' (.., 3) of 0..255, clipped (D65, sRGB)."""
    y = (light + 16) / 116
    f = ops.concatenate([y + ab[..., :1] / 500, y, y - ab[..., 1:] / 200], axis=-1)
    xyz = ops.where(f > 6 / 29, f * f * f, (f - 4 / 29) * (3 * (6 / 29) ** 2)) * _WHITE
    linear = ops.clip(ops.matmul(xyz, ops.convert_to_tensor(_XYZ_TO_RGB.T)), 1e-5, 1.0)
    encoded = ops.where(
        linear > 0.0031308, 1.055 * ops.power(ops.maximum(linear, 0.003), 1 / 2.4) - 0.055, 12.92 * linear
    )
    return encoded * 255


def colourfulness(rgb: keras.KerasTensor) -> keras.KerasTensor:
    """Hasler and Suesstrunk's M3 of each picture (n, h, w, 3): (n,)."""
    red_green = rgb[..., 0] - rgb[..., 1]
    yellow_blue = (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2]

    def mean(x: keras.KerasTensor) -> keras.KerasTensor:
        return ops.mean(x, axis=(1, 2))

    means = ops.square(mean(red_green)) + ops.square(mean(yellow_blue))
    squares = mean(ops.square(red_green)) + mean(ops.square(yellow_blue))
    return ops.sqrt(ops.maximum(squares - means, 0) + 1) + 0.3 * ops.sqrt(means + 1)


def picture_terms(
    light: keras.KerasTensor, ab: keras.KerasTensor, truth: keras.KerasTensor
) -> dict[str, keras.KerasTensor]:
    """Means over pictures: ``decibels`` of the squared error, ``each``: |difference of colourfulness|.

    ``all``: |difference of the means of colourfulness|, over the batch.
    """
    mine, true = to_rgb(light, ab), to_rgb(light, truth)
    squared = ops.mean(ops.square(mine - true), axis=(1, 2, 3))
    difference = colourfulness(mine) - colourfulness(true)
    return {
        "decibels": ops.mean(10 / np.log(10) * ops.log(squared + _FLOOR)),
        "each": ops.mean(ops.abs(difference)),
        "all": ops.abs(ops.mean(difference)),
    }
