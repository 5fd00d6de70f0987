"""The stage between a source and a sink of which every frame counts: films, and folders of pictures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from device.colour.lightness import lightness
from device.colour.lookahead import held_for, smoother
from device.colour.measure.running import Running, RunningFigures, RunningState, ShotFigures
from device.colour.pace import Pace
from device.colour.temporal import NO_COLOUR
from device.frames import TintedFrame
from device.jobs.deciding import ByShot, Seen, decider_for
from device.jobs.looking import Looker, LookState, read_window, written_window
from device.jobs.predicting import Predictor, taste_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from device.colour.lookahead import SmootherState, Steadied
    from device.config import ColourSettings, FilmSettings
    from device.frames import Frame, Window
    from device.jobs.deciding import Decider, DeciderState, Shot
    from device.jobs.hinting import Hinting
    from device.media.segments import Boundaries
    from device.network import Network

    Floats = NDArray[np.float32]

#: Figures of so many shots are kept for who asks for them.
_UNASKED: Final = 64


class SeenState(LookState):
    """What is remembered of the frames that came, in values that JSON holds."""

    decider: DeciderState | None


class EnteredState(TypedDict):
    """The same of the frames for which was decided whose colour they go out with."""

    smoother: SmootherState
    pace: int
    window: list[int] | None


class LeftState(TypedDict):
    """The same of the frames that went out. ``passed``: those so far whose own colour passed."""

    passed: int
    running: RunningState


class ColorizerState(TypedDict):
    """What a colorizer remembers between two frames: as the second came, was decided, and went out."""

    seen: SeenState
    entered: EnteredState
    left: LeftState


@dataclass(frozen=True, slots=True, eq=False)
class _Inside:
    """A frame that is decided and has not gone out.

    ``entered``: as of before it was decided, where that is wanted. ``light``: its lightness, made small,
    where it is tinted. ``anew``: whether nothing of before counts for its colour.
    """

    seen: Seen
    entered: EnteredState | None
    light: Floats | None = None
    anew: bool = False


def held_of(settings: FilmSettings, rate: Fraction) -> int:
    """How many frames of a film, of ``rate`` frames a second, a ``Colorizer`` is to hold."""
    return held_for(rate) if settings.look_ahead else 0


class Colorizer:
    """Gives frames their colour, one after the other, in order: what it remembers makes the colour steady.

    ``expected``: whether the first shot is in true colour, where that is in doubt. ``boundaries``: where
    segments of a film begin: ``state_before`` gives the state to go on from there. ``hinting``: what is said
    of the colours beforehand. ``every``: the network is asked about the first of so many frames of a shot,
    and between them colour is carried along. ``held``: so many tinted frames are held, and their colour is
    smoothed in both directions; 0: in the film's direction alone. Used by one thread at a time.
    """

    def __init__(
        self,
        network: Network,
        colour: ColourSettings,
        *,
        every: int = 1,
        held: int = 0,
        expected: bool | None = None,
        boundaries: Boundaries | None = None,
        hinting: Hinting | None = None,
        looker: Looker | None = None,
        decider: Decider | None = None,
    ) -> None:
        self._size = network.size
        self._predictor = Predictor(network, hinting)
        self._taste = taste_of(colour)
        self._steadiness = colour.steadiness
        self._decider = decider or decider_for(colour.when, expected)
        self._boundaries = boundaries
        self._states: dict[int, ColorizerState] = {}
        self._looker = looker or Looker()
        self._held = held
        self._smoother = smoother(self._steadiness, 8, held)
        self._inside: deque[_Inside] = deque()
        self._pace = Pace(every)
        self._window: Window | None = None
        self._next_index = 0
        self._passed = 0
        self._running = Running()
        self._shots: dict[int, ShotFigures] = {}

    def step(self, frame: Frame) -> Iterator[TintedFrame]:
        """Take the next frame; give those whose colour is known now: none, or several in order.

        To be exhausted before the next step.
        """
        before = self._seen() if self._boundaries and self._boundaries.possible(frame.index) else None
        if not self._looker.knows(frame):
            yield from self._flush()
            self._smoother = smoother(self._steadiness, frame.depth, self._held)
            self._window = None
        self._next_index = frame.index + 1
        look = self._looker.step(frame, self._size)
        if not (self._boundaries and self._boundaries.begins(frame.index, cut=look.cut)):
            before = None
        if look.cut:
            yield from self._flush()
        seen = Seen(frame, look.small, look.window, look.cut, before)
        for decided, own_colour in self._decider.step(seen):
            yield from self._enter(decided, own_colour=own_colour)

    def flush(self) -> Iterator[TintedFrame]:
        """Give the frames that still wait: no more comes. To be exhausted."""
        yield from self._flush()
        self._end_shot(self._next_index)
        if self._boundaries:
            self._states[self._next_index] = self.state()

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a frame that it coloured so far, in milliseconds."""
        return self._predictor.network_ms

    @property
    def passed(self) -> int:
        """Frames so far whose own colour passed, those before a restore included."""
        return self._passed

    @property
    def figures(self) -> RunningFigures:
        """Figures of all that went out so far, what went out before a restore included."""
        return self._running.figures()

    def figures_before(self, index: int) -> ShotFigures | None:
        """Figures of the shot that ended before frame ``index``, once that is out; asked once.

        After ``flush`` also of the last shot, which ended before the frame behind the last one.
        """
        return self._shots.pop(index, None)

    @property
    def odd_shots(self) -> tuple[int, list[Shot]]:
        """How many shots so far had a rest that disagreed with the verdict on them, and the first of them."""
        decider = self._decider
        return (decider.odd_count, decider.odd) if isinstance(decider, ByShot) else (0, [])

    def state(self) -> ColorizerState:
        """What must be remembered to go on from here, where no frame waits to be decided."""
        return ColorizerState(seen=self._seen(), entered=self._entered(), left=self._left())

    def state_before(self, index: int) -> ColorizerState | None:
        """The state from before frame ``index`` where a segment begins with it, once it is out; asked once.

        After ``flush`` also the state from behind the last frame.
        """
        return self._states.pop(index, None)

    def restore(self, state: ColorizerState) -> None:
        """Go on from ``state``: what follows is coloured as if there had been no break."""
        seen, entered, left = state["seen"], state["entered"], state["left"]
        self._looker.restore(seen)
        self._decider.restore(seen["decider"])
        self._smoother = smoother(self._steadiness, seen["depth"], self._held)
        self._smoother.restore(entered["smoother"])
        self._pace.restore(entered["pace"])
        self._window = read_window(entered["window"])
        self._passed = left["passed"]
        self._running.restore(left["running"])

    def _seen(self) -> SeenState:
        return SeenState(**self._looker.state(), decider=self._decider.state())

    def _entered(self) -> EnteredState:
        return EnteredState(
            smoother=self._smoother.state(),
            pace=self._pace.state(),
            window=written_window(self._window),
        )

    def _left(self) -> LeftState:
        return LeftState(passed=self._passed, running=self._running.state())

    def _flush(self) -> Iterator[TintedFrame]:
        """All that waits goes, for its colour to be decided or smoothed."""
        for seen, own_colour in self._decider.flush():
            yield from self._enter(seen, own_colour=own_colour)
        yield from self._steadied(self._smoother.flush())

    def _enter(self, seen: Seen, *, own_colour: bool) -> Iterator[TintedFrame]:
        """A frame that is decided: whose colour it goes out with. Gives those whose colour is known now."""
        entered = None if seen.before is None else self._entered()
        changed = self._window != seen.window
        self._window = seen.window
        if own_colour:
            yield from self._steadied(self._smoother.flush())
            self._pace.restore(0)
            yield self._passing(_Inside(seen, entered))
            return
        light = lightness(seen.small, seen.frame.colour_space, seen.frame.depth)
        anew = self._predictor.turned() or changed or seen.cut
        asked = self._pace.due(anew=anew)
        predicted = self._predictor.predict(light, seen.frame, seen.window) if asked else None
        self._inside.append(_Inside(seen, entered, light, anew))
        yield from self._steadied(self._smoother.step(seen.small, predicted, cut=anew))

    def _steadied(self, done: list[Steadied]) -> Iterator[TintedFrame]:
        for steadied in done:
            inside = self._inside.popleft()
            self._leaving(inside)
            seen, light = inside.seen, inside.light
            ab = steadied.ab if light is None else self._taste.apply(steadied.ab, light)
            tinted = TintedFrame(seen.frame, seen.small, ab, seen.window, cut=seen.cut)
            self._running.step(tinted, steadied.way, anew=inside.anew)
            yield tinted

    def _passing(self, inside: _Inside) -> TintedFrame:
        seen = inside.seen
        self._leaving(inside)
        self._passed += 1
        passed = TintedFrame(seen.frame, seen.small, NO_COLOUR, seen.window, cut=seen.cut, own_colour=True)
        self._running.step(passed)
        return passed

    def _leaving(self, inside: _Inside) -> None:
        """What must be noted before a frame goes out: that a shot ends, that a segment begins."""
        seen, entered = inside.seen, inside.entered
        index = seen.frame.index
        if seen.cut:
            self._end_shot(index)
        if seen.before is not None and entered is not None:
            self._states[index] = ColorizerState(seen=seen.before, entered=entered, left=self._left())

    def _end_shot(self, index: int) -> None:
        """The frame ``index`` is of another shot than those that went out before it."""
        figures = self._running.end_shot()
        if figures is not None:
            self._shots[index] = figures
            while len(self._shots) > _UNASKED:
                del self._shots[next(iter(self._shots))]
