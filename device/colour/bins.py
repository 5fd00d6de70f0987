"""The 313 bins of ab that networks of the 2016 family speak of: squares of 10 Lab units inside sRGB's gamut.

The bins and their order are those of Zhang et al. 2016 (section 2.2): a rising, and b rising for each a.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

COUNT: Final = 313
STEP: Final = 10

#: For each a from -90 up in steps of 10: the first and the last b.
_ROWS: Final = (
    (50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100), (-60, 100),
    (-70, 100), (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80), (-110, 80), (-110, 70),
    (-110, 70), (-90, 0),
)  # fmt: skip
_LOWEST_A: Final = -90
_LIMIT: Final = 120  # the grid that ab is splatted on reaches from -_LIMIT to _LIMIT


@cache
def bin_points() -> Floats:
    """The bins' centres, (313, 2) float32, Lab units. Not to be written to."""
    rows = enumerate(_ROWS)
    points = [(_LOWEST_A + STEP * n, b) for n, (first, last) in rows for b in range(first, last + STEP, STEP)]
    array = np.array(points, np.float32)
    array.flags.writeable = False
    return array


def histogram(ab: NDArray[np.floating]) -> Floats:
    """Shares of the bins, (313,) float32 of sum 1, in ab (..., 2), Lab units.

    Each value is divided among the four bins around it, bilinearly; what falls outside the gamut goes to the
    nearest bin. A palette is so told the same from a small picture as from a large one.
    """
    values = np.clip(np.asarray(ab, np.float32).reshape(-1, 2), -_LIMIT, _LIMIT - 1e-3)
    place = (values + _LIMIT) / STEP
    low = np.floor(place).astype(np.int64)
    part = place - low
    side = 2 * _LIMIT // STEP + 1
    counts = np.zeros(side * side, np.float64)
    for a in (0, 1):
        for b in (0, 1):
            weight = np.abs(1 - a - part[:, 0]) * np.abs(1 - b - part[:, 1])
            counts += np.bincount((low[:, 0] + a) * side + low[:, 1] + b, weight, side * side)
    shares = np.bincount(_nearest_bin(), counts, COUNT)
    return (shares / max(len(values), 1)).astype(np.float32)


@cache
def _nearest_bin() -> NDArray[np.int64]:
    """For each point of the grid that ab is splatted on, row by row of a: its nearest bin."""
    steps = np.arange(-_LIMIT, _LIMIT + 1, STEP, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    return np.asarray(((grid - bin_points()) ** 2).sum(axis=-1).argmin(axis=1), np.int64)
