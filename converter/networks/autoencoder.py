"""The autoencoder of the tutorials: down to an eighth of the picture's size and 512 maps, and up again."""

from __future__ import annotations

import keras

from converter.networks.plain import chain, tanh_ab, up

SIZE = 256
PARAMETERS = 6_219_410


def build(size: int = SIZE, batch: int | None = None) -> keras.Model:
    """Grey (n, size, size, 1), L / 50 - 1, to ab (n, size, size, 2), -1..1. The size divides by 8."""
    grey = keras.Input((size, size, 1), batch_size=batch, name="grey")
    x = chain(grey, ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1), (128, 1)))
    x = chain(up(x), ((64, 1),))
    x = chain(up(x), ((32, 1), (16, 1)))
    return keras.Model(grey, up(tanh_ab(x)), name="autoencoder")
