"""The networks that give ab alone and learn by its squared error, as data: trained and converted alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import keras

from converter.networks import autoencoder, baseline, koala

if TYPE_CHECKING:
    from collections.abc import Callable

AB_SCALE: Final = 110.0  # their ab, -1..1, is in units of this many Lab units
GREY_SCALE, GREY_OFFSET = 1 / 50, -1.0  # L of 0..100 to -1..1


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkKind:
    """A network and how it learns.

    ``build(size, batch)`` makes it: grey (n, size, size, 1) in, ab (n, size, size, 2) out. ``parameters``:
    how many numbers learn. ``pretrained``: the release whose weights a part of it may start with and keep.
    """

    name: str
    says: str
    size: int
    parameters: int
    build: Callable[[int, int | None], keras.Model]
    optimizer: Callable[[float], keras.optimizers.Optimizer]
    rate: float
    pretrained: str | None = None


KINDS: Final = {
    kind.name: kind
    for kind in (
        NetworkKind(
            name="baseline",
            says="eight 3x3 convolutions",
            size=baseline.SIZE,
            parameters=baseline.PARAMETERS,
            build=baseline.build,
            optimizer=keras.optimizers.Adam,
            rate=1e-3,
        ),
        NetworkKind(
            name="autoencoder",
            says="3x3 convolutions down to an eighth and up again",
            size=autoencoder.SIZE,
            parameters=autoencoder.PARAMETERS,
            build=autoencoder.build,
            optimizer=keras.optimizers.Adamax,
            rate=1e-3,
        ),
        NetworkKind(
            name="koala",
            says="an autoencoder guided by Inception-ResNet-v2 (Baldassarre et al. 2017)",
            size=koala.SIZE,
            parameters=koala.PARAMETERS,
            build=koala.build,
            optimizer=keras.optimizers.Adam,
            rate=1e-3,
            pretrained="inception-resnet-v2",
        ),
    )
}
