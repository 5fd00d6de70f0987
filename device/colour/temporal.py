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

from device.colour.motion import GRID, Follower, codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Floats = NDArray[np.float32]
    Codes = NDArray[np.uint8]

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
        self._follower = Follower()
        self._memory: _Memory | None = None

    def step(self, small_luma: Luma, ab: Floats, *, cut: bool, confidence: Floats | None = None) -> Floats:
        """Give the steady ab (h, w, 2) of the next frame, whose prediction is ``ab`` (Lab units).

        ``small_luma``: luma codes of the same picture, of any size. ``cut``: whether a shot begins with this
        frame, or the window that both show has changed: all before is forgotten. ``confidence``: of the
        prediction, of any size; where it is low, the past counts for more.
        """
        if not self._most_votes:
            return ab
        luma = codes(small_luma, self._depth)
        votes = _votes(ab, confidence)
        steady = ab
        memory = self._memory
        if memory is not None and not cut and memory.ab.shape == ab.shape:
            way = self._follower.way(memory.luma, luma, (ab.shape[0], ab.shape[1]))
            past, kept = way.pull(memory.ab), way.pull(memory.votes) * way.trust
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
            np.frombuffer(base64.b64decode(state["luma"]), np.uint8).reshape(GRID, GRID),
            _read_floats(state["ab"]).reshape(rows, columns, 2),
            _read_floats(state["votes"]).reshape(rows, columns),
        )


def _votes(ab: Floats, confidence: Floats | None) -> Floats:
    rows, columns = ab.shape[:2]
    if confidence is None:
        return np.ones((rows, columns), np.float32)
    fitted = np.asarray(cv2.resize(confidence, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(fitted / max(float(fitted.mean()), 1e-6), _LEAST_VOTE, _MOST_VOTE), np.float32)


def _written(array: NDArray[np.uint8] | Floats) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _read_floats(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
