"""Colour held steady: what the network predicts for one frame, averaged with what it predicted before.

A network that sees one frame at a time changes its mind from frame to frame. Here the colour so far is
carried along the motion of the luma, and each new prediction is one more vote: a running mean, place by
place, whose memory is bounded, so that colour follows what changes within a few frames. Where the luma does
not confirm the motion (something appears, is uncovered or changes) the memory is lost, and the new prediction
stands alone: what moves leaves no ghost behind. Frames that the network is not asked about carry on what is
known. A mean of colours that disagree is paler than they are: what the whole picture loses by that is given
back to it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

import cv2
import numpy as np

from device.colour.carry import filled
from device.colour.motion import GRID, Follower, codes, pulled
from device.colour.paleness import as_strong, chroma_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.colour.motion import Codes, Floats, Way
    from device.frames import Luma

#: What goes out as long as nothing is known.
NO_COLOUR: Final = np.zeros((1, 1, 2), np.float32)

#: The least and the most that one prediction counts, by its confidence against the frame's mean confidence.
_LEAST_VOTE = 0.25
_MOST_VOTE = 4.0
#: Paleness is told by this power of chroma: the mean (1) leaves films paler, the mean square (2) makes up for
#: more than colours that disagree have lost.
_POWER = 1.5


class SteadyState(TypedDict):
    """What must be remembered to go on, in values that JSON holds: arrays as base64 of their bytes.

    ``luma``: (112, 112) uint8. ``colour``: (*size, 3), as in memory, and ``votes``: (*size), float32, little
    endian.
    """

    size: tuple[int, int]
    luma: str
    colour: str
    votes: str


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """Of the last frame.

    ``luma``: (112, 112). ``colour``: (h, w, 3), running means of a, b, and a power of chroma. ``votes``:
    (h, w), how many are behind them.
    """

    luma: Codes
    colour: Floats
    votes: Floats

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of its colour."""
        return self.votes.shape[0], self.votes.shape[1]

    def shown(self) -> Floats:
        """The mean ab (h, w, 2), as strong over the whole picture as its predictions were."""
        return as_strong(self.colour, _POWER)


class Steady:
    """Holds the colour of a film's frames steady, shot by shot; give it every frame, in order.

    ``strength``: share of the past in the colour of what has long been seen, from 0 (off) to below 1; of a
    change of colour that luma doesn't show, 1 - ``strength`` is made up for with each prediction. ``depth``:
    bits of the luma.
    """

    def __init__(self, strength: float, depth: int = 8) -> None:
        if not 0 <= strength < 1:
            raise ValueError(f"strength is {strength}, but must be from 0 to below 1")
        self._most_votes = np.float32(strength / (1 - strength))
        self._depth = depth
        self._follower = Follower()
        self._memory: _Memory | None = None
        self._way: Way | None = None

    @property
    def way(self) -> Way | None:
        """The motion to the last frame from that before, on the grid of its colour; None: not looked for."""
        return self._way

    def step(
        self, small_luma: Luma, ab: Floats | None, *, cut: bool, confidence: Floats | None = None
    ) -> Floats:
        """Give the steady ab (h, w, 2) of the next frame, whose prediction is ``ab`` (Lab units).

        ``small_luma``: luma codes of the same picture, of any size. ``ab`` None: the network was not asked
        about this frame; what is known is carried on, and where nothing is, there is no colour. ``cut``:
        whether a shot begins with this frame, or its window has changed: all before is forgotten.
        ``confidence``: of the prediction, of any size; where it is low, the past counts for more.
        """
        memory, self._way = None if cut else self._memory, None
        luma = codes(small_luma, self._depth)
        if ab is None:
            self._memory = None if memory is None else self._carried_on(memory, luma)
            return NO_COLOUR if self._memory is None else self._memory.shown()
        colour = np.dstack([ab, chroma_to(_POWER, ab)])
        votes = _votes(ab, confidence)
        if memory is None or memory.size != votes.shape or not self._most_votes:
            self._memory = _Memory(luma, colour, np.minimum(votes, self._most_votes))
            return ab
        self._memory = self._averaged(memory, luma, colour, votes)
        return self._memory.shown()

    def state(self) -> SteadyState | None:
        """Return what must be remembered to go on from here; None where nothing is."""
        memory = self._memory
        if memory is None:
            return None
        return written_state(memory.luma, memory.colour, memory.votes)

    def restore(self, state: SteadyState | None) -> None:
        """Go on from ``state``: what follows is, bit for bit, as if there had been no break."""
        self._memory = None if state is None else _Memory(*read_state(state))

    def _averaged(self, memory: _Memory, luma: Codes, colour: Floats, votes: Floats) -> _Memory:
        """With one more prediction: the votes of before count as far as the luma bears their way out."""
        self._way = way = self._follower.way(memory.luma, luma, memory.size)
        past, kept = way.pull(memory.colour), pulled(memory.votes, way.back) * way.trust
        share = np.asarray(votes / (votes + kept), np.float32)
        mean = past + (colour - past) * share[..., None]
        return _Memory(luma, mean, np.minimum(votes + kept, self._most_votes))

    def _carried_on(self, memory: _Memory, luma: Codes) -> _Memory:
        """Without a prediction."""
        self._way = way = self._follower.way(memory.luma, luma, memory.size)
        votes = pulled(memory.votes, way.back) * way.trust
        return _Memory(luma, filled(way.pull(memory.colour), way.trust, luma), votes)


def _votes(ab: Floats, confidence: Floats | None) -> Floats:
    rows, columns = ab.shape[:2]
    if confidence is None:
        return np.ones((rows, columns), np.float32)
    fitted = np.asarray(cv2.resize(confidence, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(fitted / max(float(fitted.mean()), 1e-6), _LEAST_VOTE, _MOST_VOTE), np.float32)


def written_state(luma: Codes, colour: Floats, votes: Floats) -> SteadyState:
    """A memory as JSON holds it."""
    rows, columns = votes.shape
    return SteadyState(
        size=(rows, columns),
        luma=_written(luma),
        colour=_written(colour.astype("<f4")),
        votes=_written(votes.astype("<f4")),
    )


def read_state(state: SteadyState) -> tuple[Codes, Floats, Floats]:
    """What ``written_state`` wrote: luma, colour and votes."""
    rows, columns = state["size"]
    return (
        np.frombuffer(base64.b64decode(state["luma"]), np.uint8).reshape(GRID, GRID),
        _read_floats(state["colour"]).reshape(rows, columns, 3),
        _read_floats(state["votes"]).reshape(rows, columns),
    )


def _written(array: NDArray[np.uint8] | Floats) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _read_floats(text: str) -> Floats:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
