"""Compares an exported network with the float32 Keras network that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converter.networks import compact
from device.errors import NetworkFileError
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras
    import numpy.typing as npt

    from converter.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Difference:
    """|ab of the file - ab of Keras|, Lab units: mean and largest over all pictures."""

    mean: float
    largest: float


def compare(
    path: Path, model: keras.Model, greys: Sequence[npt.NDArray[np.float32]], *, saturation: float = 1.0
) -> Difference:
    """Run the file as a board would, and the Keras network, on the same inputs (1, h, w, 1)."""
    means, largest = [], []
    with Network.load(path) as network:
        for grey in greys:
            lightness = (grey[0, ..., 0] - compact.GREY_OFFSET) / compact.GREY_SCALE
            expected = np.asarray(model.predict_on_batch(grey))[0] * compact.AB_SCALE * saturation
            difference = np.abs(network.predict(lightness.astype(np.float32)).ab - expected)
            means.append(float(difference.mean()))
            largest.append(float(difference.max()))
    return Difference(float(np.mean(means)), max(largest))


def check(difference: Difference, recipe: Recipe, path: Path) -> None:
    """Refuse a file whose colours are not those of the network that it was made from."""
    mean, largest = recipe.allowed
    if not (difference.mean <= mean and difference.largest <= largest):
        raise NetworkFileError(
            f"its ab differs from float32 by {difference.mean:.2f} (at most {mean}) in the mean, "
            f"{difference.largest:.2f} (at most {largest}) at worst",
            where=path,
            hint="calibrate on more photographs, or take another recipe",
        )
