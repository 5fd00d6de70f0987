"""What the networks of tutorials are made of: 3x3 convolutions with ReLU, "same", and ab by tanh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras import layers

if TYPE_CHECKING:
    from collections.abc import Iterable

    import keras


def chain(x: keras.KerasTensor, steps: Iterable[tuple[int, int]]) -> keras.KerasTensor:
    """One 3x3 convolution with ReLU for each (maps, stride)."""
    for maps, stride in steps:
        x = layers.Conv2D(maps, 3, stride, padding="same", activation="relu", kernel_initializer="he_normal")(
            x
        )
    return x


def up(x: keras.KerasTensor) -> keras.KerasTensor:
    """Twice the size, each value four times."""
    return layers.UpSampling2D(2, interpolation="nearest")(x)


def tanh_ab(x: keras.KerasTensor) -> keras.KerasTensor:
    """Colour, -1..1: a 3x3 convolution with tanh, in float32 whatever the rest is computed in."""
    return layers.Conv2D(2, 3, padding="same", activation="tanh", dtype="float32", name="ab")(x)
