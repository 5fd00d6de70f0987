"""Hints: what a person, or a reference picture, says of a picture's colours; and the planes networks take.

Local hints give ab at places, as in Zhang et al. 2017; the global hint is a palette. Every network that takes
hints takes these planes, all zero where nothing is said:

- local hint: ab (h, w, 2), Lab units, on the network's own grid for hints; mask: (h, w), 1 in the cells that
  are hinted, else 0. A hint marks each cell that its patch covers at least half of, and always the one that
  holds its centre. Where hints meet in a cell, it takes their mean.
- global hint: (316,): the shares of the 313 bins (``bins.histogram``), then the mean chroma, mean of
  sqrt(a^2 + b^2), in units of 100 Lab units; then 1 if the shares are given, else 0; then the same of the
  mean chroma. What is not given is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from device.colour import bins
from device.colour.lab import rgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: Length of a global hint: bins, mean chroma, a flag for each.
GLOBAL_LENGTH: Final = bins.COUNT + 3
#: Side of a hint's patch as a part of the picture's: 7 of 224 pixels.
PATCH: Final = 1 / 32
_CHROMA_UNIT: Final = 100.0
_PALETTE_SIZE: Final = 112  # what a reference picture is shrunk to


@dataclass(frozen=True, slots=True)
class Hint:
    """A colour at a place: ``a``, ``b`` in Lab units; ``x``, ``y``: 0..1 of the picture's width and height.

    The picture is the one that the network sees: upright, without black bars. ``patch``: the side of the
    square that is hinted, as a part of the picture's sides.
    """

    x: float
    y: float
    a: float
    b: float
    patch: float = PATCH


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Colours of a whole picture, wherever they are: either value may be unknown.

    ``shares``: (313,) float32, how much of the picture lies in each bin; ``chroma``: mean chroma, Lab units.
    """

    shares: Floats | None = None
    chroma: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Hints:
    """All that is said of a picture's colours."""

    points: tuple[Hint, ...] = ()
    palette: Palette | None = None


def palette_of(rgb: NDArray[np.uint8]) -> Palette:
    """The palette of a reference picture, R'G'B' (H, W, 3)."""
    height, width = min(rgb.shape[0], _PALETTE_SIZE), min(rgb.shape[1], _PALETTE_SIZE)
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    ab = rgb_to_lab(small.astype(np.float32) / np.float32(255))[..., 1:]
    return palette_of_ab(ab)


def palette_of_ab(ab: NDArray[np.floating]) -> Palette:
    """The palette of ab (..., 2), Lab units."""
    return Palette(bins.histogram(ab), float(np.hypot(ab[..., 0], ab[..., 1]).mean()))


def local_planes(points: Sequence[Hint], size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Planes of ab (h, w, 2) and mask (h, w) on a grid of ``size`` (h, w)."""
    height, width = size
    colour, hits = np.zeros((height, width, 2), np.float32), np.zeros(size, np.float32)
    for point in points:
        cells = _cells(point.y, point.patch, height), _cells(point.x, point.patch, width)
        colour[cells] += np.array((point.a, point.b), np.float32)
        hits[cells] += 1
    colour /= np.maximum(hits, 1)[..., None]
    return colour, np.minimum(hits, 1)


def global_vector(palette: Palette | None) -> Floats:
    """The global hint, (316,) float32."""
    vector = np.zeros(GLOBAL_LENGTH, np.float32)
    if palette is not None and palette.shares is not None:
        vector[: bins.COUNT] = palette.shares
        vector[bins.COUNT + 1] = 1
    if palette is not None and palette.chroma is not None:
        vector[bins.COUNT] = palette.chroma / _CHROMA_UNIT
        vector[bins.COUNT + 2] = 1
    return vector


def _cells(centre: float, patch: float, count: int) -> slice:
    """Which of ``count`` cells a patch marks along one side."""
    holds = min(max(int(centre * count), 0), count - 1)
    first = int(np.floor((centre - patch / 2) * count + 0.5))
    end = int(np.floor((centre + patch / 2) * count + 0.5))
    return slice(max(min(first, holds), 0), min(max(end, holds + 1), count))
