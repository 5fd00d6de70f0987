"""Hints drawn from the truth, to train and to judge with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converter.networks.hinting import AB_SCALE
from device.colour.hints import GLOBAL_LENGTH, Palette, global_vector, palette_of_ab

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_UNHINTED = 0.5  # of the pictures
_LOCAL, _GLOBAL = 0.75, 0.45  # of the hinted ones; those with neither get local ones
_MOST = 80  # places in one picture
_LARGEST = 3  # cells along a hint's side
_THINNED = 4  # every so manieth row and column says what a picture's palette is


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """As the network takes them: local_hint (h, w, 2), mask (h, w, 1), global_hint (1, 1, 316)."""

    local_hint: Floats
    mask: Floats
    global_hint: Floats


def nothing(ab: Floats) -> Planes:
    """No hints for a picture of true ``ab`` (h, w, 2)."""
    return _planes(np.zeros_like(ab), np.zeros(ab.shape[:2], np.float32), global_vector(None))


def drawn(ab: Floats, whole: npt.NDArray[np.int8], rng: np.random.Generator) -> Planes:
    """Random hints for a window of true ``ab`` (h, w, 2) out of a picture of ab ``whole`` (H, W, 2)."""
    if rng.random() < _UNHINTED:
        return nothing(ab)
    palette = rng.random() < _GLOBAL
    local = not palette or rng.random() < _LOCAL
    count = round(float(np.exp(rng.uniform(0, np.log(_MOST))))) if local else 0
    colour, mask = at_places(ab, count, rng)
    thinned = whole[::_THINNED, ::_THINNED].astype(np.float32)
    return _planes(colour, mask, global_vector(_part_of(palette_of_ab(thinned), rng) if palette else None))


def at_places(ab: Floats, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """True colours at ``count`` random places: planes (h, w, 2) and (h, w); squares of 1 to 3 cells."""
    height, width, _ = ab.shape
    colour, mask = np.zeros_like(ab), np.zeros((height, width), np.float32)
    for _ in range(count):
        side = int(rng.integers(1, _LARGEST + 1))
        y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        patch = slice(y, y + side), slice(x, x + side)
        colour[patch] = ab[patch].mean(axis=(0, 1))
        mask[patch] = 1
    return colour, mask


def with_places(ab: Floats, count: int, rng: np.random.Generator) -> Planes:
    """True colours at ``count`` random places and no palette."""
    return _planes(*at_places(ab, count, rng), global_vector(None))


def with_palette(ab: Floats) -> Planes:
    """The palette of the picture itself and no places."""
    zeros = nothing(ab)
    return _planes(zeros.local_hint, zeros.mask[..., 0], global_vector(palette_of_ab(ab)))


def _part_of(palette: Palette, rng: np.random.Generator) -> Palette:
    """Both facts of a palette, or one of them."""
    kept = rng.random()
    if kept < 0.15:
        return Palette(None, palette.chroma)
    return Palette(palette.shares, None) if kept < 0.3 else palette


def _planes(colour: Floats, mask: Floats, vector: Floats) -> Planes:
    return Planes(
        np.asarray(colour / np.float32(AB_SCALE), np.float32),
        mask[..., None],
        vector.reshape(1, 1, GLOBAL_LENGTH),
    )
