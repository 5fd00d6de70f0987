"""The stage between any source and any sink: a frame goes in, the same frame with its colour comes out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from device.colour.lightness import lightness
from device.colour.shots import CutDetector, CutState
from device.colour.taste import Tame, Taste
from device.colour.tint import shrink
from device.frames import TintedFrame

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
        self._depth = 8
        self._cuts = CutDetector(self._depth)
        self._predictions = 0
        self._network_s = 0.0

    def step(self, frame: Frame) -> TintedFrame:
        """Colour the next frame."""
        if frame.depth != self._depth:
            self._begin(frame.depth)
        size = self._network.size if frame.rotation % 180 == 0 else self._network.size[::-1]
        small = shrink(frame.luma, None, size)
        cut = self._cuts.update(small)
        light = lightness(small, frame.colour_space, frame.depth)
        ab = self._taste.apply(self._predict(light, frame.rotation), light)
        return TintedFrame(frame, small, ab, cut=cut)

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a frame so far, in milliseconds."""
        return 1000 * self._network_s / max(self._predictions, 1)

    def state(self) -> ColorizerState:
        """What must be remembered to go on from here."""
        return ColorizerState(depth=self._depth, cuts=self._cuts.state())

    def restore(self, state: ColorizerState) -> None:
        """Go on from ``state``: what follows is coloured as if there had been no break."""
        self._begin(state["depth"])
        self._cuts.restore(state["cuts"])

    def _begin(self, depth: int) -> None:
        self._depth = depth
        self._cuts = CutDetector(depth)

    def _predict(self, light: Floats, rotation: int) -> Floats:
        """Ab of ``light``, both as stored; between them the picture is turned upright, by ``rotation``."""
        quarters = rotation // 90
        upright = np.ascontiguousarray(np.rot90(light, -quarters))
        began = time.perf_counter()
        ab = self._network.predict(upright).ab
        self._network_s += time.perf_counter() - began
        self._predictions += 1
        return np.ascontiguousarray(np.rot90(ab, quarters))
