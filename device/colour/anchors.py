"""Hints that say nothing new: what is far from all that somebody hinted keeps the colour that it had.

A network that was told one colour spreads it over the whole picture, having nothing to weigh it against; told
beside it what it had said itself of far places, it gives the colour to the thing that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.hints import Hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: So far from a hint (a part of the picture's sides) it acts at most on what does not look like its place.
REACH: Final = 0.35
#: Anchors lie on a grid of so many rows and columns.
_SIDE: Final = 5
#: Side of the square that a place is looked at in, as a part of the picture's.
_SQUARE: Final = 1 / 16
#: By how much two places of one thing may differ: L, logarithm of its deviation, ab.
_LIGHT, _TEXTURE, _COLOUR = 12.0, 0.8, 14.0
#: Of 1: from here on two places look alike.
_ALIKE: Final = 0.4
_SMOOTHEST: Final = 1.5  # units of L: what less deviation counts as


def far_places(points: Sequence[Hint]) -> tuple[tuple[float, float], ...]:
    """The places of the grid, x and y, that are out of the reach of all of ``points``."""
    steps = [(n + 0.5) / _SIDE for n in range(_SIDE)]
    grid = ((x, y) for y in steps for x in steps)
    return tuple((x, y) for x, y in grid if all(np.hypot(x - each.x, y - each.y) > REACH for each in points))


def anchors(lightness: Floats, own: Floats, points: Sequence[Hint]) -> tuple[Hint, ...]:
    """Hints at the places that are far from all of ``points`` and look unlike theirs, in their own colours.

    ``lightness``: (H, W), L 0..100; ``own``: (h, w, 2), Lab units: ab of the same picture without ``points``.
    """
    hinted = [_look(lightness, own, each.x, each.y) for each in points]
    found = []
    for x, y in far_places(points):
        look = _look(lightness, own, x, y)
        if all(_likeness(look, other) < _ALIKE for other in hinted):
            found.append(Hint(x, y, float(look[2]), float(look[3]), patch=0))
    return tuple(found)


def _look(lightness: Floats, own: Floats, x: float, y: float) -> Floats:
    """Mean L, logarithm of its deviation, a and b around a place."""
    light, ab = _around(lightness, x, y), _around(own, x, y)
    texture = np.log(light.std() + _SMOOTHEST)
    return np.array((light.mean(), texture, *ab.reshape(-1, 2).mean(axis=0)), np.float32)


def _around(plane: Floats, x: float, y: float) -> Floats:
    rows, columns = (
        slice(
            int(np.clip((place - _SQUARE / 2) * side, 0, side - 1)),
            int(np.ceil((place + _SQUARE / 2) * side)),
        )
        for place, side in ((y, plane.shape[0]), (x, plane.shape[1]))
    )
    return plane[rows, columns]


def _likeness(one: Floats, other: Floats) -> float:
    """1 for two places that look the same, less the less they do."""
    apart = (one - other) / np.array((_LIGHT, _TEXTURE, _COLOUR, _COLOUR), np.float32)
    return float(np.exp(-np.square(apart).sum() / 2))
