"""Where a shot begins: one causal cut detector for everyone who needs shots.

Two frames belong to one shot when the structure of the first, moved along the optical flow between them, is
still found in the second. Structure is compared by local normalized cross-correlation (Lewis, "Fast
normalized cross-correlation", 1995), which knows nothing of brightness and contrast: flicker, fades and dirt
leave it high, pans and hands before the lens too, because the flow follows them; between unrelated pictures
it is near zero.

Being causal, the detector cannot know at a flash what comes after it. It therefore remembers the picture from
before a disturbance (black, white or partly burnt out frames, a cut just declared), and before it calls a new
shot it asks whether that picture has come back.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Plane = NDArray[np.float32]
    Picture = NDArray[np.uint8]

#: Everything is compared at this size: small enough for the flow to reach along a fast pan, and quick.
_SIDE = 96
#: The neighbourhood that structure is measured in, and how far a bar's edge reaches into the picture by it.
_BOX = (11, 11)
_REACH = 6
#: Variance that noise has, in squared codes: structure below it says nothing.
_NOISE = 4.0
#: Local contrast, in codes, above which a place counts no more than others.
_STRONG = 20.0
#: Correlation under which two frames are of different shots. Unrelated frames stay below 0.3, neighbours in
#: the fastest of whip pans above 0.5. Where the frames before moved fast already, less is asked for.
_SAME = 0.38
_SAME_IN_MOTION = 0.25
_OF_RECENT = 0.58
_RECENT = 3
#: Correlation of the frames' middles from which a sudden shift of the whole picture is tried.
_JUMP = 0.6
#: A picture with less mean local contrast than this, in codes, has too little structure to go by.
_FLAT = 4.0
_BLIND = 1.0
#: Luma codes of limited range: what a black frame has at most, what is burnt out or ablaze at least, and by
#: how much it is brighter than before.
_BLACK = 52
_WHITE = 150
_BLAZE = 218
_FLASH_RISE = 25
#: Mean difference (codes) along the motion, a change of level aside, under which flat pictures are the same.
_STILL = 6.0
#: Mean difference (codes) under which two frames are as good as one.
_UNMOVED = 1.0
#: White that lasts for more frames than this is no flash. The memory takes a picture every so many frames,
#: and keeps so many: one of them is from before any flash.
_FLASH = 6
_EVERY = 4
_KEPT = 2
#: Share of a frame that, burnt out, may hide its shot, and the share that, ablaze (all but clipped), looks
#: like fire.
_BURNT = 0.15
_FIRE = 0.2
#: A black bar: lines from the edge that are dark and even, in codes.
_BAR_LEVEL = 44
_BAR_SPREAD = 16


class CutState(TypedDict):
    """What a detector remembers, in values that JSON holds; pictures are base64 of their 96 x 96 codes."""

    last: str | None
    memory: list[str]
    steps: int
    held: int
    recent: list[float]


class CutDetector:
    """Says of each frame, from it and the frames before it alone, whether a shot begins with it.

    ``depth``: bits of the luma codes that ``update`` is given. A picture that comes back within four to eight
    frames belongs to the shot that it left: that is what a flash looks like.
    """

    def __init__(self, depth: int = 8) -> None:
        self._depth = depth
        self._matcher = _Matcher()
        self._last: _Look | None = None
        self._memory: list[_Look] = []  # pictures from some frames ago, the newest last
        self._steps = 0  # frames since the memory took one
        self._held = 0  # frames just now on which nothing could be decided
        self._recent: list[float] = []

    def update(self, small_luma: Luma) -> bool:
        """Take the next frame, (h, w) luma codes of any size from about 96 to 224 a side.

        True if it is the first frame of a shot, which the first of all is.
        """
        picture = _picture(small_luma, self._depth)
        last = self._last
        if last is not None and not self._held and last.resembles(picture):
            return False
        self._last = look = _Look.of(picture)
        return last is None or self._judge(last, look)

    def state(self) -> CutState:
        """Return what a detector must remember to go on from here."""
        return CutState(
            last=None if self._last is None else self._last.written(),
            memory=[look.written() for look in self._memory],
            steps=self._steps,
            held=self._held,
            recent=list(self._recent),
        )

    def restore(self, state: CutState) -> None:
        """Go on from ``state``: what follows is decided as if the detector had never stopped."""
        self._last = None if state["last"] is None else _Look.read(state["last"])
        self._memory = [_Look.read(text) for text in state["memory"]]
        self._steps = state["steps"]
        self._held = state["held"]
        self._recent = list(state["recent"])

    def _judge(self, last: _Look, look: _Look) -> bool:
        if look.black:
            return self._hold(last)
        if look.burnt_out_since(self._memory[-1] if self._held and self._memory else last):
            return self._hold_white(last)
        match = self._matcher.match(last, look)
        if match.blinded:
            return self._hold_white(last)
        if self._held:
            return self._emerge(match, last, look)
        return self._compare(match, last, look)

    def _hold(self, last: _Look) -> bool:
        if not self._held and not last.black:
            self._remember(last)
        self._held += 1
        return False

    def _hold_white(self, last: _Look) -> bool:
        if self._held < _FLASH:
            return self._hold(last)
        self._held = 0  # white that stays is no flash but a picture
        self._recent = []
        return True

    def _emerge(self, match: _Match, last: _Look, look: _Look) -> bool:
        if self._memory:
            return self._decide([], last, look)
        self._held = 0  # all was black so far: a fade in belongs to the shot that it opens
        return match.residual > _STILL

    def _compare(self, match: _Match, last: _Look, look: _Look) -> bool:
        self._steps += 1
        if self._steps >= _EVERY:
            self._remember(last)
        if not self._same(match):
            match = self._matcher.match_far(last, look)
        if not self._same(match):
            return self._decide([match], last, look)
        self._recent = [*self._recent, match.correlation][-_RECENT:]
        return False

    def _decide(self, matches: list[_Match], last: _Look, look: _Look) -> bool:
        matches += [self._matcher.match_far(before, look) for before in reversed(self._memory)]
        new = not any(self._same(match) for match in matches)
        if new and max(match.ablaze for match in matches) > _FIRE:
            return self._hold_white(last)
        self._held = 0
        self._recent = []
        return new

    def _remember(self, look: _Look) -> None:
        self._memory = [*self._memory, look][-_KEPT:]
        self._steps = 0

    def _same(self, match: _Match) -> bool:
        if match.evidence < _BLIND or (match.evidence < _FLAT and match.residual < _STILL):
            return True
        asked = min(max(_OF_RECENT * min(self._recent, default=1.0), _SAME_IN_MOTION), _SAME)
        return match.correlation >= asked


def begins_segment(length: int, *, cut: bool, least: int) -> bool:
    """Whether a new segment begins with a frame, ``length`` frames after the last one began.

    At the first cut at least ``least`` frames on, else after four times as many: that follows from the film
    alone, whoever splits it and however often.
    """
    return length >= (least if cut else 4 * least)


@dataclass(frozen=True, slots=True)
class _Match:
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

    @property
    def blinded(self) -> bool:
        """Whether what is not burnt out shows nothing."""
        return self.burnt > _BURNT and self.evidence < _BLIND


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A frame as the detector sees it, all (96, 96): its codes, their local mean and variance, its inside.

    ``inside`` is 1 where structure is the picture's own, 0 in black bars and where their edges reach.
    """

    picture: Picture
    values: Plane
    mean: Plane
    variance: Plane
    inside: Plane

    @classmethod
    def of(cls, picture: Picture) -> _Look:
        values = picture.astype(np.float32)
        mean, variance = _moments(values)
        return cls(picture, values, mean, variance, _inside(picture))

    @classmethod
    def read(cls, text: str) -> _Look:
        """Make it again from what ``written`` gave."""
        return cls.of(np.frombuffer(base64.b64decode(text), np.uint8).reshape(_SIDE, _SIDE))

    def written(self) -> str:
        """Its codes as base64; the rest follows from them."""
        return base64.b64encode(self.picture.tobytes()).decode("ascii")

    @property
    def texture(self) -> float:
        """Mean local contrast, in codes."""
        return float(np.sqrt(self.variance).mean())

    @property
    def black(self) -> bool:
        """Whether this is a black frame: flat, with nothing lit in it."""
        return float(self.mean.max()) < _BLACK and self.texture < _FLAT

    def resembles(self, picture: Picture) -> bool:
        """Whether hardly a code differs, so that there is nothing to decide."""
        return cv2.norm(self.picture, picture, cv2.NORM_L1) < _UNMOVED * picture.size

    def burnt_out_since(self, before: _Look) -> bool:
        """Whether this is a flat white frame, where there was a darker one."""
        level = float(self.mean.mean())
        return level > max(_WHITE, float(before.mean.mean()) + _FLASH_RISE) and self.texture < _FLAT


class _Matcher:
    """Finds one look's structure in another. Holds the flow's buffers, nothing else."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        x, y = np.meshgrid(np.arange(_SIDE, dtype=np.float32), np.arange(_SIDE, dtype=np.float32))
        self._here = np.dstack([x, y])
        self._around = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)

    def match(self, before: _Look, now: _Look, start: NDArray[np.float32] | None = None) -> _Match:
        """Match along the flow from ``now`` back to ``before``, which begins at ``start`` (96, 96, 2)."""
        begun = np.zeros_like(self._here) if start is None else start
        there = self._here + self._flow.calc(now.picture, before.picture, begun)
        moved = _warped(before.values, there)
        mean, variance = _moments(moved)
        covariance = cv2.boxFilter(moved * now.values, cv2.CV_32F, _BOX) - mean * now.mean
        correlation = covariance / np.sqrt((variance + _NOISE) * (now.variance + _NOISE))
        burnt = (now.variance < _NOISE) & (now.mean > np.maximum(_WHITE, before.mean + _FLASH_RISE))
        edge = cv2.dilate(burnt.astype(np.uint8), self._around)  # a fire's own outline is nobody's structure
        contrast = np.sqrt(variance + now.variance)
        weight = np.minimum(contrast, _STRONG) * now.inside
        weight[edge > 0] = 0.0
        total = float(weight.sum())
        difference = moved - now.values
        return _Match(
            correlation=float((correlation * weight).sum()) / max(total, 1e-6),
            evidence=total / weight.size,
            residual=float(np.abs(difference - difference.mean()).mean()),
            burnt=float(burnt.mean()),
            ablaze=float((burnt & (now.mean > _BLAZE)).mean()),
        )

    def match_far(self, before: _Look, now: _Look) -> _Match:
        """Match as ``match`` does, and also from one shift of the whole picture: a jump in the gate."""
        near = self.match(before, now)
        quarter = _SIDE // 4
        middle = now.picture[quarter:-quarter, quarter:-quarter]
        found = cv2.matchTemplate(before.picture, middle, cv2.TM_CCOEFF_NORMED)
        _, height, _, place = cv2.minMaxLoc(found)
        if height < _JUMP:
            return near
        start = np.empty((_SIDE, _SIDE, 2), np.float32)
        start[:] = place[0] - quarter, place[1] - quarter
        far = self.match(before, now, start)
        return far if far.correlation > near.correlation else near


def _picture(luma: Luma, depth: int) -> Picture:
    small = np.asarray(cv2.resize(luma, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA))
    return (small.astype(np.uint16) >> (depth - 8)).astype(np.uint8)


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
        if end < _SIDE:
            lines[end - _REACH :] = 0.0
    return inside
