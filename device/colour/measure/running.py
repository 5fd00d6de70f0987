"""Figures of a film while it is made: cheap ones, taken from what goes out, shot by shot and whole.

Nothing is looked at but the small luma and the small colour of each frame; the motion is what holding the
colour steady has found anyway.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, TypedDict

import cv2
import numpy as np

from device.colour.lab import lab_to_rgb
from device.colour.lightness import lightness
from device.colour.measure.pictures import colourfulness
from device.colour.motion import GRID, Follower, codes, pulled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.colour.motion import Codes, Way
    from device.frames import TintedFrame

    Floats = NDArray[np.float32]
    Halves = NDArray[np.float16]

#: Colourfulness is measured at this size at most, of the first of so many frames of a shot.
_SIDE: Final = 56
_EVERY: Final = 4


class ShotFigures(TypedDict):
    """What is told of a shot: of its tinted frames; None where there are none.

    ``flicker``: mean distance in ab of what the luma shows to be the same, from each frame to the next.
    ``colourfulness``: mean over one in four frames, after Hasler and Suesstrunk (2003).
    """

    flicker: float | None
    colourfulness: float | None


class RunningFigures(ShotFigures):
    """The same of a whole film so far; and its shots of which something was tinted, and the others."""

    shots_tinted: int
    shots_in_colour: int


class BeforeState(TypedDict):
    """The frame before: base64 of its luma, (112, 112) uint8, and its ab, float16, little endian."""

    size: list[int]
    luma: str
    ab: str


class RunningState(TypedDict):
    """What must be remembered to go on, in values that JSON holds: sums of the shot, of all shots before."""

    shot: dict[str, float]
    shots: dict[str, float]
    tinted: int
    in_colour: int
    before: BeforeState | None


@dataclass(slots=True)
class _Sums:
    """``flicker`` over ``pairs`` of frames, ``colourful`` over those ``measured`` of ``tinted`` ones."""

    flicker: float = 0.0
    pairs: int = 0
    colourful: float = 0.0
    measured: int = 0
    tinted: int = 0
    frames: int = 0

    def plus(self, other: _Sums) -> _Sums:
        return _Sums(
            self.flicker + other.flicker,
            self.pairs + other.pairs,
            self.colourful + other.colourful,
            self.measured + other.measured,
            self.tinted + other.tinted,
            self.frames + other.frames,
        )

    def figures(self) -> ShotFigures:
        return ShotFigures(
            flicker=round(self.flicker / self.pairs, 4) if self.pairs else None,
            colourfulness=round(self.colourful / self.measured, 3) if self.measured else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    luma: Codes
    ab: Halves


class Running:
    """Measures a film as it goes out; give it every frame, in order. Used by one thread at a time."""

    def __init__(self) -> None:
        self._shot = _Sums()
        self._shots = _Sums()
        self._tinted = self._in_colour = 0
        self._before: _Before | None = None
        self._follower = Follower()

    def step(self, tinted: TintedFrame, way: Way | None = None, *, anew: bool = False) -> None:
        """Measure the next frame; a cut ends the shot before it.

        ``way``: the motion since the frame before, on the grid of the frame's ab, where it is known; else it
        is found. ``anew``: what was before is no measure for this one although its shot goes on.
        """
        if tinted.cut:
            self.end_shot()
        self._shot.frames += 1
        if tinted.own_colour:
            self._before = None
            return
        before = None if anew else self._before
        depth = tinted.frame.depth
        self._before = now = _Before(codes(tinted.small, depth), tinted.ab.astype(np.float16))
        if self._shot.tinted % _EVERY == 0:
            light = lightness(tinted.small, tinted.frame.colour_space, depth)
            self._shot.colourful += _colourful(light, tinted.ab)
            self._shot.measured += 1
        self._shot.tinted += 1
        if before is None or before.ab.shape != now.ab.shape:
            return
        rows, columns = now.ab.shape[:2]
        if way is None or way.trust.shape != (rows, columns):
            way = self._follower.way(before.luma, now.luma, (rows, columns))
        self._shot.flicker += _flicker(before.ab.astype(np.float32), now.ab.astype(np.float32), way)
        self._shot.pairs += 1

    def end_shot(self) -> ShotFigures | None:
        """End the shot that goes on, if one does, and give its figures."""
        shot, self._shot, self._before = self._shot, _Sums(), None
        if not shot.frames:
            return None
        self._shots = self._shots.plus(shot)
        self._tinted += shot.tinted > 0
        self._in_colour += shot.tinted == 0
        return shot.figures()

    def figures(self) -> RunningFigures:
        """Of all that was measured so far, the shot that goes on included."""
        shot = self._shot
        return RunningFigures(
            **self._shots.plus(shot).figures(),
            shots_tinted=self._tinted + (shot.tinted > 0),
            shots_in_colour=self._in_colour + (shot.frames > 0 and not shot.tinted),
        )

    def state(self) -> RunningState:
        """What must be remembered to go on from here."""
        before = self._before
        return RunningState(
            shot=asdict(self._shot),
            shots=asdict(self._shots),
            tinted=self._tinted,
            in_colour=self._in_colour,
            before=None
            if before is None
            else BeforeState(
                size=list(before.ab.shape[:2]),
                luma=_written(before.luma.tobytes()),
                ab=_written(before.ab.astype("<f2").tobytes()),
            ),
        )

    def restore(self, state: RunningState) -> None:
        """Go on from ``state``: the figures are, bit for bit, as if there had been no break."""
        self._shot = _sums(state["shot"])
        self._shots = _sums(state["shots"])
        self._tinted, self._in_colour = state["tinted"], state["in_colour"]
        before, self._before = state["before"], None
        if before is not None:
            luma = np.frombuffer(base64.b64decode(before["luma"]), np.uint8).reshape(GRID, GRID)
            ab = np.frombuffer(base64.b64decode(before["ab"]), "<f2").astype(np.float16)
            self._before = _Before(luma, ab.reshape(*before["size"], 2))


def _colourful(light: Floats, ab: Floats) -> float:
    """Colourfulness of L (H, W) and ab (h, w, 2), at ab's size."""
    rows, columns = (min(side, _SIDE) for side in ab.shape[:2])
    small = np.asarray(cv2.resize(light, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    if ab.shape[:2] != (rows, columns):
        ab = np.asarray(cv2.resize(ab, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    return colourfulness(np.clip(lab_to_rgb(small, ab) * np.float32(255), 0, 255))


def _flicker(before: Floats, now: Floats, way: Way) -> float:
    """Mean distance in ab (h, w, 2) along the motion, by how far the luma bears that out."""
    away = np.square(now - pulled(before, way.back))
    # Not cv2.magnitude, whose last bit depends on where in memory the planes lie.
    distance = np.sqrt(away[..., 0] + away[..., 1])
    return float((distance * way.trust).sum(dtype=np.float64)) / max(float(way.trust.sum()), 1.0)


def _sums(state: dict[str, float]) -> _Sums:
    return _Sums(
        flicker=float(state["flicker"]),
        pairs=int(state["pairs"]),
        colourful=float(state["colourful"]),
        measured=int(state["measured"]),
        tinted=int(state["tinted"]),
        frames=int(state["frames"]),
    )


def _written(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
