"""Whose colour each frame goes out with, its own or what the network predicts: shot by shot, or live.

A shot of a film is decided from its first twelve frames that aren't black; until then its frames wait. At
most ``MOST_WAITING`` wait, whatever the film is: black ones that the shot begins with leave before that as
they are, there being nothing in them to give colour to; a shot that flickers between black and picture is
decided by what was seen of it so far. What is decided follows from the film alone, wherever a run began.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict

from device.colour.greyness import ShotJudge, StreamJudge, frame_chroma, is_colour

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from device.colour.greyness import ShotState
    from device.frames import Frame, Luma, Window
    from device.jobs.colorizer import SeenState

#: Twelve frames to decide a shot by, and some black ones before or between them.
MOST_WAITING = 16
#: Once a shot is decided, one of so many frames is measured.
_EVERY = 4
#: Shots whose rest disagrees are remembered up to so many; more are only counted.
_NAMED = 50


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame on its way, and what was seen of it when it came.

    ``small``, ``window``, ``cut``: as in a ``TintedFrame``. ``before``: what was known before it came, where
    that is wanted.
    """

    frame: Frame
    small: Luma
    window: Window | None
    cut: bool
    before: SeenState | None = None

    @property
    def seconds(self) -> float:
        """When it was captured, or where it stands in its film."""
        captured = self.frame.captured_ns
        return float(self.frame.pts * self.frame.time_base) if captured is None else captured / 1e9


Decided = tuple[Seen, bool]


def decider_for(when: str, expected: bool | None = None) -> Decider:  # noqa: FBT001 - a verdict, not a flag
    """How frames of films and folders are decided, ``when`` of the configuration being so."""
    return ByShot(expected) if when == "auto" else Always(own_colour=when == "never")


def in_colour(frames: Iterable[Frame]) -> list[bool]:
    """Whether each of ``frames`` is in true colour, black ones left out."""
    return [is_colour(each.spread) for each in map(frame_chroma, frames) if each is not None]


def mostly(verdicts: list[bool]) -> bool | None:
    """Whether at least half of ``verdicts`` are true; None where there are none."""
    return 2 * sum(verdicts) >= len(verdicts) if verdicts else None


def mostly_colour(frames: Iterable[Frame]) -> bool | None:
    """Whether at least half of ``frames`` are in true colour, black ones left out; None: all are black."""
    return mostly(in_colour(frames))


class Shot(TypedDict):
    """A shot so far: the verdict on it, and number and seconds of its first and its last frame."""

    own_colour: bool | None
    first: int
    begins: float
    last: int
    ends: float


class DeciderState(TypedDict):
    """What must be remembered to go on, in values that JSON holds.

    ``waiting``: of each frame that waits, whether anything was to be seen in it. ``odd``: the shots before
    this one whose rest disagreed, the first of them; ``odd_count``: all of them.
    """

    judge: ShotState
    shot: Shot | None
    waiting: list[bool]
    odd: list[Shot]
    odd_count: int


class Decider(Protocol):
    """Takes frames in order, and gives them on in order, each with whether its own colour passes."""

    def step(self, seen: Seen) -> Iterator[Decided]:
        """Take the next frame; give those that are decided now, none or several. To be exhausted."""
        ...

    def flush(self) -> Iterator[Decided]:
        """Decide what still waits: a shot ends here. To be exhausted."""
        ...

    def state(self) -> DeciderState | None:
        """What must be remembered to go on from here; None: nothing."""
        ...

    def restore(self, state: DeciderState | None) -> None:
        """Go on from ``state``, where what waited then has gone out already."""
        ...


class Always:
    """Nothing to decide: ``own_colour`` of every frame passes, or of none."""

    def __init__(self, *, own_colour: bool) -> None:
        self._own_colour = own_colour

    def step(self, seen: Seen) -> Iterator[Decided]:
        """Give the frame on."""
        yield seen, self._own_colour

    def flush(self) -> Iterator[Decided]:
        """Nothing waits."""
        return iter(())

    def state(self) -> None:
        """Nothing is remembered."""

    def restore(self, state: DeciderState | None) -> None:
        """Nothing was remembered."""


class AsDecided:
    """Nothing to decide: it was before. ``changes``: from which frame on its own colour passes, or not."""

    def __init__(self, changes: Sequence[tuple[int, bool]]) -> None:
        self._changes = changes

    def step(self, seen: Seen) -> Iterator[Decided]:
        """Give the frame on."""
        yield seen, next(own for at, own in reversed(self._changes) if at <= seen.frame.index)

    def flush(self) -> Iterator[Decided]:
        """Nothing waits."""
        return iter(())

    def state(self) -> None:
        """Nothing is remembered."""

    def restore(self, state: DeciderState | None) -> None:
        """Nothing was remembered."""


class Live:
    """Decides a stream, in which nothing waits: by what was seen in the last seconds."""

    def __init__(self) -> None:
        self._judge = StreamJudge()

    def step(self, seen: Seen) -> Iterator[Decided]:
        """Give the frame on."""
        if self._judge.wants(seen.seconds):
            self._judge.step(frame_chroma(seen.frame, seen.window), seen.seconds)
        yield seen, self._judge.own_colour

    def flush(self) -> Iterator[Decided]:
        """Nothing waits."""
        return iter(())

    def state(self) -> None:
        """No stream is gone on from."""

    def restore(self, state: DeciderState | None) -> None:
        """It begins anew, whatever was."""
        del state
        self._judge = StreamJudge()


class ByShot:
    """Decides shot by shot, for films and folders of pictures.

    ``odd``: shots whose rest disagreed with the verdict on them, the first of them; ``odd_count``: all.
    ``expected``: what the first shot is in doubt.
    """

    def __init__(self, expected: bool | None = None) -> None:  # noqa: FBT001 - a verdict, not a flag
        self.odd: list[Shot] = []
        self.odd_count = 0
        self._judge = ShotJudge(expected)
        self._shot: Shot | None = None
        self._waiting: deque[tuple[Seen | None, bool]] = deque()  # None: went out before a restore

    def step(self, seen: Seen) -> Iterator[Decided]:
        """Take the next frame; give those that are decided now."""
        if seen.cut:
            yield from self.flush()
            self._judge.begin()
        shot = self._entered(seen)
        if shot["own_colour"] is None:
            self._wait(seen, shot)
        else:
            self._look_after(seen, shot)
        yield from self._decided(shot)
        if len(self._waiting) > MOST_WAITING:  # a black one is first
            yield from self._leave(own_colour=True)

    def flush(self) -> Iterator[Decided]:
        """Decide what still waits by what was seen of it, black alone to be as it is: its shot ends here."""
        shot, self._shot = self._shot, None
        if shot is None:
            return
        if shot["own_colour"] is None:
            nothing_seen = not any(lit for _, lit in self._waiting)
            shot["own_colour"] = nothing_seen or self._judge.conclude()
        if self._judge.disagrees:
            self.odd_count += 1
            self.odd = [*self.odd, shot][:_NAMED]
        yield from self._decided(shot)

    def state(self) -> DeciderState:
        """What must be remembered to go on from here."""
        return DeciderState(
            judge=self._judge.state(),
            shot=None if self._shot is None else self._shot.copy(),
            waiting=[lit for _, lit in self._waiting],
            odd=list(self.odd),
            odd_count=self.odd_count,
        )

    def restore(self, state: DeciderState | None) -> None:
        """Go on from ``state``; what waited then keeps its place, and is not given on again."""
        if state is None:
            raise ValueError("the state of another way to decide")
        self._judge.restore(state["judge"])
        self._shot = None if state["shot"] is None else state["shot"].copy()
        self._waiting = deque((None, lit) for lit in state["waiting"])
        self.odd = list(state["odd"])
        self.odd_count = state["odd_count"]

    def _wait(self, seen: Seen, shot: Shot) -> None:
        """A frame of a shot that is not decided yet, or is by this frame."""
        chroma = frame_chroma(seen.frame, seen.window)
        self._waiting.append((seen, chroma is not None))
        shot["own_colour"] = self._judge.step(chroma)
        if shot["own_colour"] is None and len(self._waiting) > MOST_WAITING and self._waiting[0][1]:
            shot["own_colour"] = self._judge.conclude()

    def _look_after(self, seen: Seen, shot: Shot) -> None:
        """A frame of a shot that is decided: one in so many is measured, and stands for all of them."""
        self._waiting.append((seen, True))
        if (seen.frame.index - shot["first"]) % _EVERY == 0:
            chroma = frame_chroma(seen.frame, seen.window)
            for _ in range(_EVERY):
                self._judge.step(chroma)

    def _entered(self, seen: Seen) -> Shot:
        """The shot that this frame belongs to, with the frame in it."""
        index, seconds = seen.frame.index, seen.seconds
        if self._shot is None:
            self._shot = Shot(own_colour=None, first=index, begins=seconds, last=index, ends=seconds)
        self._shot["last"], self._shot["ends"] = index, seconds
        return self._shot

    def _decided(self, shot: Shot) -> Iterator[Decided]:
        while self._waiting and shot["own_colour"] is not None:
            yield from self._leave(own_colour=shot["own_colour"])

    def _leave(self, *, own_colour: bool) -> Iterator[Decided]:
        seen, _ = self._waiting.popleft()
        if seen is not None:
            yield seen, own_colour
