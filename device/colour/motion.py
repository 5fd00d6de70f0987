"""Motion of the luma at small size: where everything was a moment ago, and how far the luma bears it out.

Shared by all that carries colour from one frame to another: ``temporal`` and ``carry``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.structure import reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Floats = NDArray[np.float32]
    Codes = NDArray[np.uint8]

#: Side of the grid that motion is found on.
GRID = 112
#: Flow is worked out down to this scale (halvings of the grid): small things move on their own.
_FINEST = 1
#: Most iterations of the gradient descent of each patch: they cost little, and reach further.
_ITERATIONS = 25
#: Nothing is looked for farther away, in samples of the grid.
_FARTHEST = GRID / 2
#: Difference along the motion (8-bit codes, flicker taken off) at which trust is a half.
_DOUBT = 12.0
#: Flicker is measured at every so many samples of the grid, and changes contrast at most by this factor.
_SPARSE = 3
_FLICKER = 2.0
#: Steps to turn a motion round.
_ROUNDS = 2
#: A place and its neighbours.
_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where each place of a frame came from, and whether to believe it.

    ``back``: (h, w, 2) float32, from places of this frame to the one before, x and y, in samples of the same
    grid. ``trust``: (h, w) float32, from 0 (the luma doesn't bear it out) to 1.
    """

    back: Floats
    trust: Floats

    def pull(self, plane: Floats) -> Floats:
        """Bring a plane (h, w) or (h, w, n) of the frame before onto this one; the edge goes on beyond it.

        By cubic, so that what is carried from frame to frame many times stays sharp; held between what lies
        around each place it came from, or that sharpening would grow with each frame (Bermejo and Staniforth,
        "The conversion of semi-Lagrangian advection schemes to quasi-monotone schemes", 1992).
        """
        low, high = (
            pulled(np.asarray(bound(plane, _AROUND), np.float32), self.back, cv2.INTER_NEAREST)
            for bound in (cv2.erode, cv2.dilate)
        )
        return np.asarray(np.clip(pulled(plane, self.back, cv2.INTER_CUBIC), low, high), np.float32)


class Follower:
    """Finds the motion between two frames of one shot. Holds the flow's buffers, nothing else."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(_FINEST)
        self._flow.setGradientDescentIterations(_ITERATIONS)

    def back(self, before: Codes, now: Codes, start: Floats | None = None) -> Floats:
        """Where each place of ``now`` was in ``before``, (112, 112, 2); codes as ``codes`` makes them.

        ``start``: what to look for it from, (112, 112, 2), as this gave it; None: from where it is.
        """
        begun = np.zeros((GRID, GRID, 2), np.float32) if start is None else start.copy()
        back = np.asarray(self._flow.calc(now, before, begun), np.float32)
        # Where nothing holds it the flow may run away, and from there OpenCV crashes.
        cv2.patchNaNs(back)
        return np.asarray(np.clip(back, -_FARTHEST, _FARTHEST), np.float32)

    def way(self, before: Codes, now: Codes, size: tuple[int, int], back: Floats | None = None) -> Way:
        """The way from ``before`` to ``now`` on a grid of ``size`` (h, w); ``back``: where that is known."""
        if back is None:
            back = self.back(before, now)
        unlike = _unlike(pulled(before.astype(np.float32), back), now.astype(np.float32))
        rows, columns = size
        around = cv2.resize(cv2.blur(unlike, (3, 3)), (columns, rows), interpolation=cv2.INTER_AREA)
        worst = np.asarray(cv2.dilate(around, np.ones((3, 3), np.uint8)), np.float32)
        trust = np.exp2(-np.square(np.square(worst / np.float32(_DOUBT))))
        step = np.array([columns / GRID, rows / GRID], np.float32)
        back = np.asarray(cv2.resize(back, (columns, rows), interpolation=cv2.INTER_AREA), np.float32) * step
        return Way(back, trust)


def turned_round(back: Floats) -> Floats:
    """The motion the other way: where each place of the frame before is now, for ``back`` (h, w, 2).

    By fixed-point iteration (Chen et al., "A simple fixed-point approach to invert a deformation field",
    2008), which a flow as smooth as ours needs few steps of. What is covered has no place now: what comes
    out there the luma won't bear out.
    """
    forth = -back
    for _ in range(_ROUNDS):
        forth = -pulled(back, forth)
    return forth


def codes(small_luma: Luma, depth: int) -> Codes:
    """Luma codes of ``depth`` bits, any size, as motion is found by: (112, 112) of 8 bits."""
    return reduced(small_luma, depth, GRID)


def pulled(plane: Floats, back: Floats, interpolation: int = cv2.INTER_LINEAR) -> Floats:
    """Bring a plane onto another frame; ``back``: where each of its samples came from, in x and y."""
    there = back + _places(back.shape[0], back.shape[1])
    moved = cv2.remap(plane, there[..., 0], there[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


@cache
def _places(rows: int, columns: int) -> Floats:
    """X and y of every sample of a grid, (rows, columns, 2)."""
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    places = np.dstack((x, y))
    places.setflags(write=False)
    return places


def _unlike(moved: Floats, now: Floats) -> Floats:
    """How far two lumas are apart in codes, a change of level and contrast of the whole picture aside.

    Both are estimated by medians, which things that move or appear don't sway.
    """
    few_moved, few_now = moved[::_SPARSE, ::_SPARSE], now[::_SPARSE, ::_SPARSE]
    level_moved, level_now = _middle(few_moved), _middle(few_now)
    contrast = _middle(np.abs(few_now - level_now)) / max(_middle(np.abs(few_moved - level_moved)), 1.0)
    contrast = min(max(contrast, 1 / _FLICKER), _FLICKER)
    return np.abs(now - np.float32(contrast) * moved - np.float32(level_now - contrast * level_moved))


def _middle(values: Floats) -> float:
    """The median, the upper one of two."""
    half = values.size // 2
    return float(np.partition(values, half, axis=None)[half])
