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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.config import ColourSettings
    from device.frames import Frame
    from device.network import Network

    Floats = NDArray[np.float32]


class ColorizerState(TypedDict):
    """What a colorizer remembers between two frames, in values that JSON holds."""

    depth: int
    cuts: CutState
    bars: BarState
    window: list[int] | None
    steady: SteadyState | None


@dataclass(slots=True)
class _Memory:
    """What carries over from frame to frame, for luma of ``depth`` bits. ``window``: of the last frame."""

    depth: int
    cuts: CutDetector
    bars: BarFinder
    steady: Steady
    window: Window | None = None


class Colorizer:
    """Gives frames their colour, one after the other, in order: what it remembers makes the colour steady.

    Used by one thread at a time.
    """

    def __init__(self, network: Network, colour: ColourSettings) -> None:
        self._network = network
        self._taste = Taste(
            saturation=colour.saturation,
            shadow_chroma=colour.shadow_chroma,
            tame=tuple(Tame(hue.start, hue.end, hue.keep) for hue in colour.tame),
        )
        self._steadiness = colour.steadiness
        self._memory = self._nothing_yet(depth=8)
        self._predictions = 0
        self._network_s = 0.0

    def step(self, frame: Frame) -> TintedFrame:
        """Colour the next frame."""
        if frame.depth != self._memory.depth:
            self._memory = self._nothing_yet(frame.depth)
        memory = self._memory
        size = self._network.size if frame.rotation % 180 == 0 else self._network.size[::-1]
        whole = shrink(frame.luma, None, size)
        cut = memory.cuts.update(whole)
        before, memory.window = memory.window, memory.bars.step(frame.luma, cut=cut)
        small = whole if memory.window is None else shrink(frame.luma, memory.window, size)
        light = lightness(small, frame.colour_space, frame.depth)
        predicted = self._predict(light, frame.rotation)
        ab = memory.steady.step(small, predicted, cut=cut or memory.window != before)
        return TintedFrame(frame, small, self._taste.apply(ab, light), memory.window, cut=cut)

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a frame so far, in milliseconds."""
        return 1000 * self._network_s / max(self._predictions, 1)

    def state(self) -> ColorizerState:
        """What must be remembered to go on from here."""
        memory, window = self._memory, self._memory.window
        return ColorizerState(
            depth=memory.depth,
            cuts=memory.cuts.state(),
            bars=memory.bars.state(),
            window=None if window is None else [window.x, window.y, window.width, window.height],
            steady=memory.steady.state(),
        )

    def restore(self, state: ColorizerState) -> None:
        """Go on from ``state``: what follows is coloured as if there had been no break."""
        self._memory = memory = self._nothing_yet(state["depth"])
        memory.cuts.restore(state["cuts"])
        memory.bars.restore(state["bars"])
        memory.window = None if state["window"] is None else Window(*state["window"])
        memory.steady.restore(state["steady"])

    def _nothing_yet(self, depth: int) -> _Memory:
        return _Memory(depth, CutDetector(depth), BarFinder(depth), Steady(self._steadiness, depth))

    def _predict(self, light: Floats, rotation: int) -> Floats:
        """Ab of ``light``, both as stored; between them the picture is turned upright, by ``rotation``."""
        quarters = rotation // 90
        upright = np.ascontiguousarray(np.rot90(light, -quarters))
        began = time.perf_counter()
        ab = self._network.predict(upright).ab
        self._network_s += time.perf_counter() - began
        self._predictions += 1
        return np.ascontiguousarray(np.rot90(ab, quarters))
