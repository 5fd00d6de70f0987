"""How much of one picture's structure is found in another: what two frames of one shot have in common.

The first is moved along the optical flow between them, and compared with the second by local normalized
cross-correlation (Lewis, "Fast normalized cross-correlation", 1995), which knows nothing of brightness and
contrast: flicker, fades and dirt leave it high, pans and hands before the lens too, because the flow follows
them; between unrelated pictures it is near zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Plane = NDArray[np.float32]
    Picture = NDArray[np.uint8]

#: Everything is compared at this size: small enough for the flow to reach along a fast pan, and quick.
SIDE = 96
#: The neighbourhood that structure is measured in, and how far a bar's edge reaches into the picture by it.
_BOX = (11, 11)
_REACH = 6
#: Variance that noise has, in squared codes: structure below it says nothing.
_NOISE = 4.0
#: Local contrast, in codes, above which a place counts no more than others.
_STRONG = 20.0
#: Correlation of the frames' middles from which a sudden shift of the whole picture is tried.
_JUMP = 0.6
#: A picture with less mean local contrast than this, in codes, is flat.
_FLAT = 4.0
#: Luma codes of limited range: what a black frame has at most, what is burnt out or ablaze at least, and by
#: how much it is brighter than before.
_BLACK = 52
_WHITE = 180
_BLAZE = 218
_RISE = 25
#: Mean difference (codes) under which two frames are as good as one.
_UNMOVED = 1.0
#: A black bar: lines from the edge that are dark and even, in codes.
_BAR_LEVEL = 44
_BAR_SPREAD = 16


def reduced(luma: Luma, depth: int, side: int = SIDE) -> Picture:
    """Shrink luma codes of ``depth`` bits, any size, to (side, side) codes of 8 bits."""
    small = np.asarray(cv2.resize(luma, (side, side), interpolation=cv2.INTER_AREA))
    if small.dtype == np.uint8 and depth == 8:
        return np.asarray(small, np.uint8)
    rounding = (1 << (depth - 8)) >> 1
    return np.asarray(np.minimum((small.astype(np.uint32) + rounding) >> (depth - 8), 255), np.uint8)


@dataclass(frozen=True, slots=True)
class Match:
    """How well the structure of one frame is found in another.

    ``correlation``: -1..1. ``evidence``: the mean local contrast (codes) it rests on. ``residual``: the mean
    difference (codes) along the motion, a change of level aside. ``burnt``, ``ablaze``: the shares of the
    frame that are flat and bright, or all but clipped, and were darker.
    """

    correlation: float
    evidence: float
    residual: float
    burnt: float
    ablaze: float


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A frame as the detector sees it, all (96, 96): its codes, their local mean and variance, its inside.

    ``inside`` is 1 where structure is the picture's own, 0 in black bars and where their edges reach.
    """

    picture: Picture
    values: Plane
    mean: Plane
    variance: Plane
    inside: Plane

    @classmethod
    def of(cls, picture: Picture) -> Look:
        """Look at a picture that ``reduced`` made."""
        values = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (5, 5), 1.0), np.float32)
        mean, variance = _moments(values)
        return cls(picture, values, mean, variance, _inside(picture))

    @property
    def flat(self) -> bool:
        """Whether there is hardly any structure in it."""
        return float(np.sqrt(self.variance).mean()) < _FLAT

    @property
    def black(self) -> bool:
        """Whether this is a black frame: flat, with nothing lit in it."""
        return float(self.mean.max()) < _BLACK and self.flat

    def resembles(self, picture: Picture) -> bool:
        """Whether hardly a code differs, so that there is nothing to decide."""
        return cv2.norm(self.picture, picture, cv2.NORM_L1) < _UNMOVED * picture.size

    def burnt_out_since(self, before: Look) -> bool:
        """Whether this is a flat white frame, where there was a darker one."""
        level = float(self.mean.mean())
        return level > max(_WHITE, float(before.mean.mean()) + _RISE) and self.flat


class Matcher:
    """Finds one look's structure in another. Holds the flow's buffers, nothing else."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        x, y = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
        self._here = np.dstack([x, y])
        self._around = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)

    def match(self, before: Look, now: Look, start: NDArray[np.float32] | None = None) -> Match:
        """Match along the flow from ``now`` back to ``before``, which begins at ``start`` (96, 96, 2)."""
        begun = np.zeros_like(self._here) if start is None else start
        there = self._here + self._flow.calc(now.picture, before.picture, begun)
        moved = _warped(before.values, there)
        mean, variance = _moments(moved)
        covariance = cv2.boxFilter(moved * now.values, cv2.CV_32F, _BOX) - mean * now.mean
        correlation = covariance / np.sqrt((variance + _NOISE) * (now.variance + _NOISE))
        burnt = (now.variance < _NOISE) & (now.mean > np.maximum(_WHITE, before.mean + _RISE))
        edge = cv2.dilate(burnt.astype(np.uint8), self._around)  # a fire's own outline is nobody's structure
        contrast = np.sqrt(variance + now.variance)
        weight = np.minimum(contrast, _STRONG) * now.inside
        weight[edge > 0] = 0.0
        total = float(weight.sum())
        difference = moved - now.values
        return Match(
            correlation=float((correlation * weight).sum()) / max(total, 1e-6),
            evidence=total / weight.size,
            residual=float(np.abs(difference - difference.mean()).mean()),
            burnt=float(burnt.mean()),
            ablaze=float((burnt & (now.mean > _BLAZE)).mean()),
        )

    def match_far(self, before: Look, now: Look) -> Match:
        """Match as ``match`` does, and also from one shift of the whole picture: a jump in the gate."""
        near = self.match(before, now)
        quarter = SIDE // 4
        middle = now.picture[quarter:-quarter, quarter:-quarter]
        found = cv2.matchTemplate(before.picture, middle, cv2.TM_CCOEFF_NORMED)
        _, height, _, place = cv2.minMaxLoc(found)
        if height < _JUMP:
            return near
        start = np.empty((SIDE, SIDE, 2), np.float32)
        start[:] = place[0] - quarter, place[1] - quarter
        far = self.match(before, now, start)
        return far if far.correlation > near.correlation else near


def _warped(values: Plane, there: NDArray[np.float32]) -> Plane:
    warped = cv2.remap(
        values, there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def _moments(values: Plane) -> tuple[Plane, Plane]:
    mean = np.asarray(cv2.boxFilter(values, cv2.CV_32F, _BOX), np.float32)
    square = np.asarray(cv2.sqrBoxFilter(values, cv2.CV_32F, _BOX), np.float32)
    return mean, np.maximum(square - mean * mean, np.float32(0))


def _inside(picture: Picture) -> Plane:
    inside = np.ones(picture.shape, np.float32)
    for axis, lines in ((1, inside), (0, inside.T)):
        lowest, highest = picture.min(axis=axis), picture.max(axis=axis)
        lit = np.flatnonzero((highest > _BAR_LEVEL) | (highest - lowest > _BAR_SPREAD))
        if lit.size == 0:
            continue
        first, end = int(lit[0]), int(lit[-1]) + 1
        if first:
            lines[: first + _REACH] = 0.0
        if end < SIDE:
            lines[end - _REACH :] = 0.0
    return inside
