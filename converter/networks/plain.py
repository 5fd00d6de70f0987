"""What the networks of tutorials are made of: 3x3 convolutions with ReLU, "same", and ab by tanh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Iterable


def chain(x: keras.KerasTensor, steps: Iterable[tuple[int, int]]) -> keras.KerasTensor:
    """One 3x3 convolution with ReLU for each (maps, stride)."""
    for maps, stride in steps:
        x = layers.Conv2D(maps, 3, stride, padding="same", activation="relu", kernel_initializer="he_normal")(
            x
        )
    return x


def up(x: keras.KerasTensor) -> keras.KerasTensor:
    """Twice the size, each value four times. As a resize: a board has one operation for that."""
    return layers.Resizing(2 * x.shape[1], 2 * x.shape[2], interpolation="nearest")(x)


def tanh_ab(x: keras.KerasTensor) -> keras.KerasTensor:
    """Colour, -1..1: a 3x3 convolution with tanh that begins at next to no colour.

    Where tanh is steep, that is: at the ends of its range nothing would be learned.
    """
    faint = keras.initializers.RandomNormal(stddev=1e-3)
    return layers.Conv2D(2, 3, padding="same", activation="tanh", kernel_initializer=faint, name="head")(x)
