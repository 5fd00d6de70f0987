"""The stage between any source and any sink: a frame goes in, the same frame with its colour comes out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from device.colour.crop import BarFinder, BarState
from device.colour.lightness import lightness
from device.colour.shots import CutDetector, CutState
from device.colour.taste import Tame, Taste
from device.colour.temporal import Steady, SteadyState
from device.colour.tint import shrink
from device.frames import TintedFrame, Window
from device.jobs.deciding import Always, ByShot, Live, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.config import ColourSettings
    from device.frames import Frame
    from device.jobs.deciding import Decider, DeciderState, Shot
    from device.media.segments import Boundaries
    from device.network import Network

    Floats = NDArray[np.float32]

#: Of a frame whose own colour passes: no colour is made for it.
_NO_COLOUR = np.zeros((1, 1, 2), np.float32)


class SeenState(TypedDict):
    """What is remembered of the frames that came, in values that JSON holds; ``size``: rows and columns."""

    depth: int
    size: list[int] | None
    cuts: CutState
    bars: BarState
    window: list[int] | None
    decider: DeciderState | None


class GivenState(TypedDict):
    """The same of the frames that went out. ``passed``: those so far whose own colour passed."""

    steady: SteadyState | None
    window: list[int] | None
    passed: int


class ColorizerState(TypedDict):
    """What a colorizer remembers between two frames: as the second of them came, and as it went out."""

    seen: SeenState
    given: GivenState


@dataclass(slots=True)
class _Memory:
    """What carries over between frames with luma of ``depth`` bits and one ``size`` (None: any).

    ``window``: of the last frame that came; ``given``: of the last that went out.
    """

    depth: int
    size: tuple[int, ...] | None
    cuts: CutDetector
    bars: BarFinder
    steady: Steady
    window: Window | None = None
    given: Window | None = None


class Colorizer:
    """Gives frames their colour, one after the other, in order: what it remembers makes the colour steady.

    ``live``: frames are of a stream, of which none may wait. ``expected``: whether the first shot is in true
    colour, where that is in doubt. ``boundaries``: where segments of a film begin: ``state_before`` gives the
    state to go on from there. Used by one thread at a time.
    """

    def __init__(
        self,
        network: Network,
        colour: ColourSettings,
        *,
        live: bool = False,
        expected: bool | None = None,
        boundaries: Boundaries | None = None,
    ) -> None:
        self._network = network
        self._taste = Taste(
            saturation=colour.saturation,
            shadow_chroma=colour.shadow_chroma,
            tame=tuple(Tame(hue.start, hue.end, hue.keep) for hue in colour.tame),
        )
        self._steadiness = colour.steadiness
        self._decider = _decider(colour, live=live, expected=expected)
        self._boundaries = boundaries
        self._states: dict[int, ColorizerState] = {}
        self._memory = self._nothing_yet(depth=8)
        self._next_index = 0
        self._predictions = 0
        self._network_s = 0.0
        self._passed = 0

    def step(self, frame: Frame) -> Iterator[TintedFrame]:
        """Take the next frame; give those whose colour is known now: none, or several in order.

        To be exhausted before the next step.
        """
        before = self._seen() if self._boundaries and self._boundaries.possible(frame.index) else None
        if (frame.depth, frame.luma.shape) != (self._memory.depth, self._memory.size or frame.luma.shape):
            yield from self._flush()
            self._memory = self._nothing_yet(frame.depth)
        memory = self._memory
        memory.size = frame.luma.shape
        self._next_index = frame.index + 1
        size = self._network.size if frame.rotation % 180 == 0 else self._network.size[::-1]
        small = shrink(frame.luma, None, size)
        cut = memory.cuts.update(small)
        memory.window = memory.bars.step(frame.luma, cut=cut)
        if memory.window is not None:
            small = shrink(frame.luma, memory.window, size)
        if not (self._boundaries and self._boundaries.begins(frame.index, cut=cut)):
            before = None
        for seen, own_colour in self._decider.step(Seen(frame, small, memory.window, cut, before)):
            yield self._tinted(seen, own_colour=own_colour)

    def flush(self) -> Iterator[TintedFrame]:
        """Give the frames that still wait: no more comes. To be exhausted."""
        yield from self._flush()
        if self._boundaries:
            self._states[self._next_index] = self.state()

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a frame that it coloured so far, in milliseconds."""
        return 1000 * self._network_s / max(self._predictions, 1)

    @property
    def passed(self) -> int:
        """Frames so far whose own colour passed, those before a restore included."""
        return self._passed

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
        self._memory = memory = self._nothing_yet(seen["depth"])
        memory.size = None if seen["size"] is None else tuple(seen["size"])
        memory.cuts.restore(seen["cuts"])
        memory.bars.restore(seen["bars"])
        memory.window = _read_window(seen["window"])
        self._decider.restore(seen["decider"])
        memory.steady.restore(given["steady"])
        memory.given = _read_window(given["window"])
        self._passed = given["passed"]

    def _nothing_yet(self, depth: int) -> _Memory:
        return _Memory(depth, None, CutDetector(depth), BarFinder(depth), Steady(self._steadiness, depth))

    def _seen(self) -> SeenState:
        memory = self._memory
        return SeenState(
            depth=memory.depth,
            size=None if memory.size is None else list(memory.size),
            cuts=memory.cuts.state(),
            bars=memory.bars.state(),
            window=_written_window(memory.window),
            decider=self._decider.state(),
        )

    def _given(self) -> GivenState:
        memory = self._memory
        return GivenState(
            steady=memory.steady.state(), window=_written_window(memory.given), passed=self._passed
        )

    def _flush(self) -> Iterator[TintedFrame]:
        for seen, own_colour in self._decider.flush():
            yield self._tinted(seen, own_colour=own_colour)

    def _tinted(self, seen: Seen, *, own_colour: bool) -> TintedFrame:
        """A frame on its way out, by which colour was decided for it."""
        memory, frame = self._memory, seen.frame
        if seen.before is not None:
            self._states[frame.index] = ColorizerState(seen=seen.before, given=self._given())
        changed = memory.given != seen.window
        memory.given = seen.window
        if own_colour:
            self._passed += 1
            memory.steady.restore(None)
            return TintedFrame(frame, seen.small, _NO_COLOUR, seen.window, cut=seen.cut, own_colour=True)
        light = lightness(seen.small, frame.colour_space, frame.depth)
        predicted = self._predict(light, frame.rotation)
        ab = memory.steady.step(seen.small, predicted, cut=seen.cut or changed)
        return TintedFrame(frame, seen.small, self._taste.apply(ab, light), seen.window, cut=seen.cut)

    def _predict(self, light: Floats, rotation: int) -> Floats:
        """Ab of ``light``, both as stored; between them the picture is turned upright, by ``rotation``."""
        quarters = rotation // 90
        upright = np.ascontiguousarray(np.rot90(light, -quarters))
        began = time.perf_counter()
        ab = self._network.predict(upright).ab
        self._network_s += time.perf_counter() - began
        self._predictions += 1
        return np.ascontiguousarray(np.rot90(ab, quarters))


def _decider(colour: ColourSettings, *, live: bool, expected: bool | None) -> Decider:
    if colour.when == "auto":
        return Live() if live else ByShot(expected)
    return Always(own_colour=colour.when == "never")


def _written_window(window: Window | None) -> list[int] | None:
    return None if window is None else [window.x, window.y, window.width, window.height]


def _read_window(values: list[int] | None) -> Window | None:
    return None if values is None else Window(*values)
