"""Colour held steady: what the network predicts for one frame, averaged with what it predicted before.

A network that sees one frame at a time changes its mind from frame to frame. Here the colour so far is
carried along the motion of the luma, and each new prediction is one more vote: a running mean, place by
place, whose memory is bounded, so that colour follows what changes within a few frames. Where the luma does
not confirm the motion (something appears, is uncovered or changes) the memory is lost, and the new prediction
stands alone: what moves leaves no ghost behind.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import cv2
import numpy as np

from device.colour.structure import reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Floats = NDArray[np.float32]
    Codes = NDArray[np.uint8]

#: Side of the grid that the motion is found on.
_GRID = 112
#: Difference along the motion (8-bit codes, flicker taken off) at which half of the memory is lost.
_DOUBT = 10.0
#: Flicker is measured at every so many samples of the grid, and changes contrast at most by this factor.
_SPARSE = 3
_FLICKER = 2.0
#: The least and the most that one prediction counts, by its confidence against the frame's mean confidence.
_LEAST_VOTE = 0.25
_MOST_VOTE = 4.0


class SteadyState(TypedDict):
    """What must be remembered to go on, in values that JSON holds: arrays as base64 of their bytes.

    ``luma``: (112, 112) uint8. ``ab``: (*size, 2) and ``votes``: (*size), float32, little endian.
    """

    size: tuple[int, int]
    luma: str
    ab: str
    votes: str


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """Of the last frame: ``luma`` (112, 112), the steady ``ab`` (h, w, 2), the ``votes`` (h, w) behind it."""

    luma: Codes
    ab: Floats
    votes: Floats


class Steady:
    """Holds the colour of a film's frames steady, shot by shot; give it every frame, in order.

    ``strength``: share of the past in the colour of what has long been seen, from 0 (off) to below 1; of a
    change of colour that luma doesn't show, 1 - ``strength`` is made up for with each frame. ``depth``: bits
    of the luma.
    """

    def __init__(self, strength: float, depth: int = 8) -> None:
        if not 0 <= strength < 1:
            raise ValueError(f"strength is {strength}, but must be from 0 to below 1")
        self._most_votes = np.float32(strength / (1 - strength))
        self._depth = depth
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._memory: _Memory | None = None

    def step(self, small_luma: Luma, ab: Floats, *, cut: bool, confidence: Floats | None = None) -> Floats:
        """Give the steady ab (h, w, 2) of the next frame, whose prediction is ``ab`` (Lab units).

        ``small_luma``: luma codes of the same picture, of any size. ``cut``: whether a shot begins with this
        frame, or the window that both show has changed: all before is forgotten. ``confidence``: of the
        prediction, of any size; where it is low, the past counts for more.
        """
        if not self._most_votes:
            return ab
        luma = reduced(small_luma, self._depth, _GRID)
        votes = _votes(ab, confidence)
        steady = ab
        memory = self._memory
        if memory is not None and not cut and memory.ab.shape == ab.shape:
            past, kept = self._carried(memory, luma)
            votes = votes + kept
            steady = past + (ab - past) * (1 - kept / votes)[..., None]
        self._memory = _Memory(luma, steady, np.minimum(votes, self._most_votes))
        return steady

    def state(self) -> SteadyState | None:
        """Return what must be remembered to go on from here; None before the first frame, or when off."""
        memory = self._memory
        if memory is None:
            return None
        rows, columns = memory.votes.shape
        return SteadyState(
            size=(rows, columns),
            luma=_written(memory.luma),
            ab=_written(memory.ab.astype("<f4")),
            votes=_written(memory.votes.astype("<f4")),
        )

    def restore(self, state: SteadyState | None) -> None:
        """Go on from ``state``: what follows is, bit for bit, as if there had been no break."""
        if state is None:
            self._memory = None
            return
        rows, columns = state["size"]
        self._memory = _Memory(
            np.frombuffer(base64.b64decode(state["luma"]), np.uint8).reshape(_GRID, _GRID),
            _read_floats(state["ab"]).reshape(rows, columns, 2),
            _read_floats(state["votes"]).reshape(rows, columns),
        )

    def _carried(self, memory: _Memory, luma: Codes) -> tuple[Floats, Floats]:
        """Bring ab and votes along the motion to this frame, with only the votes that its luma confirms."""
        columns, rows = size = memory.votes.shape[::-1]
        unknown = np.zeros((_GRID, _GRID, 2), np.float32)
        back = np.asarray(self._flow.calc(luma, memory.luma, unknown), np.float32)
        unlike = _unlike(_pulled(memory.luma.astype(np.float32), back), luma.astype(np.float32))
        trust = np.exp2(-np.square(cv2.blur(unlike, (3, 3)) / np.float32(_DOUBT)))
        trust = cv2.erode(cv2.resize(trust, size, interpolation=cv2.INTER_AREA), np.ones((3, 3), np.uint8))
        step = np.array([columns / _GRID, rows / _GRID], np.float32)
        back = np.asarray(cv2.resize(back, size, interpolation=cv2.INTER_AREA), np.float32) * step
        return _pulled(memory.ab, back), _pulled(memory.votes, back) * np.asarray(trust, np.float32)


def _votes(ab: Floats, confidence: Floats | None) -> Floats:
    rows, columns = ab.shape[:2]
    if confidence is None:
        return np.ones((rows, columns), np.float32)
    fitted = np.asarray(cv2.resize(confidence, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(fitted / max(float(fitted.mean()), 1e-6), _LEAST_VOTE, _MOST_VOTE), np.float32)


def _pulled(plane: Floats, back: Floats) -> Floats:
    """Bring the frame before onto this one; ``back``: where each sample came from, as a way in x and y."""
    rows, columns = back.shape[:2]
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    pulled = cv2.remap(
        plane, x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(pulled, np.float32)


def _unlike(moved: Floats, now: Floats) -> Floats:
    """How far two lumas are apart in codes, a change of level and contrast of the whole picture aside.

    Both are estimated by medians, which things that move or appear don't sway.
    """
    few_moved, few_now = moved[::_SPARSE, ::_SPARSE], now[::_SPARSE, ::_SPARSE]
    level_moved, level_now = np.median(few_moved), np.median(few_now)
    contrast = np.median(np.abs(few_now - level_now)) / max(np.median(np.abs(few_moved - level_moved)), 1.0)
    contrast = np.clip(contrast, 1 / _FLICKER, _FLICKER)
    return np.asarray(np.abs((now - level_now) - contrast * (moved - level_moved)), np.float32)


def _written(array: NDArray[np.uint8] | Floats) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _read_floats(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
