"""Colour held steady in both directions: each frame has the mean of what was predicted before and after it.

What is known from before comes along the motion as in ``temporal``. Some frames are held back; through these
what was predicted for the later ones is brought back along the same motion, turned round, and both are laid
together, the nearer the more. Where the luma doesn't bear the motion out, in one direction or the other, that
side says nothing: what was covered a moment ago has its colour from what follows, what will be covered from
what was. So colour doesn't lag behind, flickers less than a mean over the past alone lets it, and between
frames that the network was asked about it passes from one to the next without a jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypedDict

import numpy as np

from device.colour.carry import filled
from device.colour.motion import Follower, codes, pulled, turned_round
from device.colour.paleness import as_strong, chroma_to
from device.colour.temporal import Steady, read_state, written_state

if TYPE_CHECKING:
    from fractions import Fraction

    from device.colour.motion import Codes, Floats, Way
    from device.colour.temporal import SteadyState
    from device.frames import Luma

#: At most so many frames are held, and of that so many seconds.
MOST_HELD: Final = 16
_SECONDS: Final = 0.5
#: So many times of what is held is gone back through for each frame that leaves, on the average.
_ROUNDS: Final = 4
#: As in ``temporal``; over so many frames colours disagree more than over those before alone.
_POWER: Final = 2.0
#: Votes from which a place counts as known; else it takes the colour of what is near and alike.
_KNOWN: Final = 0.01


class SmootherState(TypedDict):
    """What must be remembered to go on, in values that JSON holds.

    ``memory``: what is known at the last frame that came. ``held``: how many had not left.
    """

    memory: SteadyState | None
    held: int


@dataclass(frozen=True, slots=True, eq=False)
class Steadied:
    """The steady ``ab`` (h, w, 2) of a frame; ``way``: the motion to it from the frame before, if known."""

    ab: Floats
    way: Way | None


class Smoother(Protocol):
    """Holds the colour of a film's frames steady; takes them in order, and gives them on in order."""

    def step(self, small_luma: Luma, ab: Floats | None, *, cut: bool) -> list[Steadied]:
        """Take the next frame, as ``Steady.step`` does; give those that are done, the oldest first."""
        ...

    def flush(self) -> list[Steadied]:
        """Give all that were taken: a shot ends here, or the film."""
        ...

    def state(self) -> SmootherState:
        """What must be remembered to go on from here."""
        ...

    def restore(self, state: SmootherState | None) -> None:
        """Go on from ``state``, where what was held has gone out already; None: nothing is known."""
        ...


def held_for(rate: Fraction) -> int:
    """How many frames of a film of ``rate`` frames a second to hold: half a second, if not too many."""
    return max(2, min(MOST_HELD, int(rate * _SECONDS) + 1))


def smoother(strength: float, depth: int, held: int) -> Smoother:
    """One that holds up to ``held`` frames; with less than two, or no strength, each leaves as it comes."""
    return LookAhead(strength, held, depth) if held > 1 and strength else Causal(strength, depth)


class Causal:
    """Smooths by what was before alone: every frame leaves as it comes."""

    def __init__(self, strength: float, depth: int) -> None:
        self._steady = Steady(strength, depth)

    def step(self, small_luma: Luma, ab: Floats | None, *, cut: bool) -> list[Steadied]:
        """Give the frame's colour."""
        return [Steadied(self._steady.step(small_luma, ab, cut=cut), self._steady.way)]

    def flush(self) -> list[Steadied]:
        """Nothing is held; what follows has nothing to do with what was before."""
        self._steady.restore(None)
        return []

    def state(self) -> SmootherState:
        """What must be remembered to go on from here."""
        return SmootherState(memory=self._steady.state(), held=0)

    def restore(self, state: SmootherState | None) -> None:
        """Go on from ``state``."""
        self._steady.restore(None if state is None else state["memory"])


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that has not left.

    ``luma``: (112, 112). ``past``: (h, w, 4), sums over it and the frames before, brought here: of a, b, a
    power of chroma, each by its votes, and of the votes. ``own``: the same of its own prediction, if it has
    one. ``way``: the motion from the frame before to it; ``ahead``: that from the frame after.
    """

    luma: Codes
    past: Floats
    own: Floats | None
    way: Way | None
    ahead: Way | None = None


class LookAhead:
    """Smooths by what comes before and after; never over a cut.

    ``strength``: as of ``Steady``: share of what is behind that is kept with each prediction; with the frames
    between it goes half as fast. ``held``: the most frames held, two at least. Each leaves with at least
    three quarters of them after it, but at the end of its shot. ``depth``: bits of the luma.
    """

    def __init__(self, strength: float, held: int, depth: int = 8) -> None:
        if held < 2:
            raise ValueError(f"{held} frames held, but must be at least two")
        self._most = held
        self._leaving = max(1, held // _ROUNDS)
        self._asked, self._carried = np.float32(strength), np.float32(strength**0.5)
        self._depth = depth
        self._follower = Follower()
        self._memory: tuple[Codes, Floats] | None = None  # luma and sums of the last frame
        self._held: list[_Held | None] = []  # None: went out before a restore

    def step(self, small_luma: Luma, ab: Floats | None, *, cut: bool) -> list[Steadied]:
        """Take the next frame, as ``Steady.step`` does; give those that are done, the oldest first.

        Raises ValueError where nothing is known of a shot's first frame.
        """
        before, own = self._memory, None if ab is None else _sums(ab)
        done: list[Steadied] = []
        if cut or before is None or (own is not None and own.shape != before[1].shape):
            done, before = self.flush(), None
        luma = codes(small_luma, self._depth)
        frame = _begun(luma, own) if before is None else self._following(before, luma, own)
        self._memory = luma, frame.past
        self._held.append(frame)
        return done + self._leave(self._leaving) if len(self._held) >= self._most else done

    def flush(self) -> list[Steadied]:
        """Give all that are held; what follows has nothing to do with them."""
        self._memory = None
        return self._leave(len(self._held))

    def state(self) -> SmootherState:
        """What must be remembered to go on from here."""
        if self._memory is None:
            return SmootherState(memory=None, held=0)
        luma, past = self._memory
        return SmootherState(memory=written_state(luma, past[..., :3], past[..., 3]), held=len(self._held))

    def restore(self, state: SmootherState | None) -> None:
        """Go on from ``state``: what follows is, bit for bit, as if there had been no break."""
        self._memory, self._held = None, []
        if state is not None and state["memory"] is not None:
            luma, colour, votes = read_state(state["memory"])
            self._memory = luma, np.dstack([colour, votes])
            self._held = [None] * state["held"]

    def _following(self, before: tuple[Codes, Floats], luma: Codes, own: Floats | None) -> _Held:
        """A frame that goes on with what is known at the one ``before``, and shows that the way back."""
        luma_before, known = before
        size = known.shape[0], known.shape[1]
        back = self._follower.back(luma_before, luma)
        way = self._follower.way(luma_before, luma, size, back)
        if self._held and self._held[-1] is not None:
            self._held[-1].ahead = self._follower.way(luma, luma_before, size, turned_round(back))
        past = _faded(way.pull(known), way) * (self._asked if own is not None else self._carried)
        return _Held(luma, past if own is None else past + own, own, way)

    def _leave(self, count: int) -> list[Steadied]:
        """Let the ``count`` oldest go, through all that are held from the newest back."""
        done: list[Steadied] = []
        coming: Floats | None = None  # sums over the frames after, as ``past``
        farther: Floats | None = None  # the same, each times how many frames away it is
        for place in reversed(range(len(self._held))):
            frame = self._held[place]
            if frame is None:
                break
            if coming is not None and frame.ahead is not None:
                coming, farther = (
                    _faded(pulled(sums, frame.ahead.back), frame.ahead)
                    for sums in (coming, coming if farther is None else farther + coming)
                )
            if place < count:
                sums = frame.past
                if coming is not None and farther is not None:
                    # What comes counts the less the farther it is, down to nothing where none is held.
                    sums = sums + coming - farther / np.float32(self._most)
                done.append(Steadied(_shown(sums, frame.luma), frame.way))
            if frame.own is not None:
                coming = frame.own if coming is None else coming + frame.own
        del self._held[:count]
        return done[::-1]


def _sums(ab: Floats) -> Floats:
    """A prediction, as one vote."""
    return np.dstack([ab, chroma_to(_POWER, ab), np.ones(ab.shape[:2], np.float32)])


def _begun(luma: Codes, own: Floats | None) -> _Held:
    if own is None:
        raise ValueError("a shot begins without a prediction")
    return _Held(luma, own, own, None)


def _faded(sums: Floats, way: Way) -> Floats:
    """What has come along ``way``, as far as the luma bears that out."""
    return np.asarray(sums * way.trust[..., None], np.float32)


def _shown(sums: Floats, luma: Codes) -> Floats:
    """The mean ab (h, w, 2)."""
    votes = sums[..., 3]
    colour = np.asarray(sums[..., :3] / np.maximum(votes, np.float32(1e-9))[..., None], np.float32)
    known = np.minimum(votes / np.float32(_KNOWN), np.float32(1))
    return as_strong(colour if known.min() >= 1 else filled(colour, known, luma), _POWER)
