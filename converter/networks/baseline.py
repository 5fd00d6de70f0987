"""The baseline: the smallest network that colours at all, the first step of many tutorials.

Eight 3x3 convolutions, down to a quarter of the picture's size and up again; ab has the picture's own size.
"""

from __future__ import annotations

import keras

from converter.networks.plain import chain, tanh_ab, up

SIZE = 256
PARAMETERS = 231_682


def build(size: int = SIZE, batch: int | None = None) -> keras.Model:
    """Grey (n, size, size, 1), L / 50 - 1, to ab (n, size, size, 2), -1..1. The size divides by 4."""
    grey = keras.Input((size, size, 1), batch_size=batch, name="grey")
    x = chain(grey, ((32, 1), (32, 2), (64, 1), (64, 2), (128, 1)))
    x = chain(up(x), ((64, 1),))
    x = chain(up(x), ((32, 1),))
    return keras.Model(grey, tanh_ab(x), name="baseline")
