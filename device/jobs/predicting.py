"""The network's part in a frame's colour: lightness upright in, ab as stored out, and how long that takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from device.colour.taste import Tame, Taste
from device.jobs.guided import predict_guided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.config import ColourSettings
    from device.frames import Frame, Window
    from device.jobs.hinting import Hinting
    from device.network import Network

    Floats = NDArray[np.float32]


class Predictor:
    """Asks ``network``; ``hinting``: what is said of the colours beforehand. Used by one thread at a time."""

    def __init__(self, network: Network, hinting: Hinting | None = None) -> None:
        self._network = network
        self._hinting = hinting
        self._version = 0 if hinting is None else hinting.version
        self._predictions = 0
        self._seconds = 0.0

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a prediction so far, in milliseconds."""
        return 1000 * self._seconds / max(self._predictions, 1)

    def turned(self) -> bool:
        """Whether something else is said of the colours than when this was last asked: those are outdated."""
        if self._hinting is None or self._hinting.version == self._version:
            return False
        self._version = self._hinting.version
        return True

    def predict(self, light: Floats, frame: Frame, window: Window | None) -> Floats:
        """Ab (h, w, 2) of ``window`` of ``frame``, whose lightness, made small, is ``light``; both as stored.

        Between them the picture is turned upright, by the frame's rotation.
        """
        quarters = frame.rotation // 90
        upright = np.ascontiguousarray(np.rot90(light, -quarters))
        began = time.perf_counter()
        if self._hinting is None:
            ab = self._network.predict(upright).ab
        else:
            hints = self._hinting.hints(window, frame.rotation, (frame.height, frame.width))
            ab = predict_guided(self._network, upright, self._network.heard(hints))
        self._seconds += time.perf_counter() - began
        self._predictions += 1
        return np.ascontiguousarray(np.rot90(ab, quarters))


def taste_of(colour: ColourSettings) -> Taste:
    """The taste that is configured."""
    return Taste(
        saturation=colour.saturation,
        shadow_chroma=colour.shadow_chroma,
        tame=tuple(Tame(hue.start, hue.end, hue.keep) for hue in colour.tame),
    )
