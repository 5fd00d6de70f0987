"""The stage between a source and a sink of which every frame counts: films, and folders of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from device.colour.lightness import lightness
from device.colour.measure.running import Running, RunningFigures, RunningState, ShotFigures
from device.colour.pace import Pace
from device.colour.temporal import NO_COLOUR, Steady, SteadyState
from device.frames import TintedFrame
from device.jobs.deciding import ByShot, Seen, decider_for
from device.jobs.looking import Looker, LookState, read_window, written_window
from device.jobs.predicting import Predictor, taste_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.config import ColourSettings
    from device.frames import Frame, Window
    from device.jobs.deciding import Decider, DeciderState, Shot
    from device.jobs.hinting import Hinting
    from device.media.segments import Boundaries
    from device.network import Network

#: Figures of so many shots are kept for who asks for them.
_UNASKED: Final = 64


class SeenState(LookState):
    """What is remembered of the frames that came, in values that JSON holds."""

    decider: DeciderState | None


class GivenState(TypedDict):
    """The same of the frames that went out. ``passed``: those so far whose own colour passed."""

    steady: SteadyState | None
    pace: int
    window: list[int] | None
    passed: int
    running: RunningState


class ColorizerState(TypedDict):
    """What a colorizer remembers between two frames: as the second of them came, and as it went out."""

    seen: SeenState
    given: GivenState


class Colorizer:
    """Gives frames their colour, one after the other, in order: what it remembers makes the colour steady.

    ``expected``: whether the first shot is in true colour, where that is in doubt. ``boundaries``: where
    segments of a film begin: ``state_before`` gives the state to go on from there. ``hinting``: what is said
    of the colours beforehand. ``every``: the network is asked about the first of so many frames of a shot,
    and between them colour is carried along. Used by one thread at a time.
    """

    def __init__(
        self,
        network: Network,
        colour: ColourSettings,
        *,
        every: int = 1,
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
        self._steady = Steady(self._steadiness, depth=8)
        self._pace = Pace(every)
        self._given_window: Window | None = None
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
            self._steady = Steady(self._steadiness, frame.depth)
            self._given_window = None
        self._next_index = frame.index + 1
        look = self._looker.step(frame, self._size)
        if not (self._boundaries and self._boundaries.begins(frame.index, cut=look.cut)):
            before = None
        seen = Seen(frame, look.small, look.window, look.cut, before)
        for decided, own_colour in self._decider.step(seen):
            yield self._tinted(decided, own_colour=own_colour)

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
        """What must be remembered to go on from here, where no frame waits."""
        return ColorizerState(seen=self._seen(), given=self._given())

    def state_before(self, index: int) -> ColorizerState | None:
        """The state from before frame ``index`` where a segment begins with it, once it is out; asked once.

        After ``flush`` also the state from behind the last frame.
        """
        return self._states.pop(index, None)

    def restore(self, state: ColorizerState) -> None:
        """Go on from ``state``: what follows is coloured as if there had been no break."""
        seen, given = state["seen"], state["given"]
        self._looker.restore(seen)
        self._decider.restore(seen["decider"])
        self._steady = Steady(self._steadiness, seen["depth"])
        self._steady.restore(given["steady"])
        self._pace.restore(given["pace"])
        self._given_window = read_window(given["window"])
        self._passed = given["passed"]
        self._running.restore(given["running"])

    def _seen(self) -> SeenState:
        return SeenState(**self._looker.state(), decider=self._decider.state())

    def _given(self) -> GivenState:
        return GivenState(
            steady=self._steady.state(),
            pace=self._pace.state(),
            window=written_window(self._given_window),
            passed=self._passed,
            running=self._running.state(),
        )

    def _flush(self) -> Iterator[TintedFrame]:
        for seen, own_colour in self._decider.flush():
            yield self._tinted(seen, own_colour=own_colour)

    def _end_shot(self, index: int) -> None:
        """The frame ``index`` is of another shot than those before it: all that says something of it goes."""
        figures = self._running.end_shot()
        self._steady.restore(None)
        if figures is not None:
            self._shots[index] = figures
            while len(self._shots) > _UNASKED:
                del self._shots[next(iter(self._shots))]

    def _tinted(self, seen: Seen, *, own_colour: bool) -> TintedFrame:
        """A frame on its way out, by which colour was decided for it."""
        frame = seen.frame
        if seen.cut:
            self._end_shot(frame.index)
        if seen.before is not None:
            self._states[frame.index] = ColorizerState(seen=seen.before, given=self._given())
        changed = self._given_window != seen.window
        self._given_window = seen.window
        if own_colour:
            self._passed += 1
            self._steady.restore(None)
            self._pace.restore(0)
            passed = TintedFrame(frame, seen.small, NO_COLOUR, seen.window, cut=seen.cut, own_colour=True)
            self._running.step(passed)
            return passed
        light = lightness(seen.small, frame.colour_space, frame.depth)
        anew = self._predictor.turned() or changed or seen.cut
        asked = self._pace.due(anew=anew)
        predicted = self._predictor.predict(light, frame, seen.window) if asked else None
        ab = self._steady.step(seen.small, predicted, cut=anew)
        tinted = TintedFrame(frame, seen.small, self._taste.apply(ab, light), seen.window, cut=seen.cut)
        self._running.step(tinted, self._steady.way, anew=anew)
        return tinted
