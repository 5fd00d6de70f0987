"""Colour at the network's pace: the newest frame goes in, the newest colour there is can be had."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

from device.colour.lightness import lightness
from device.colour.tint import shrink
from device.engine import POLL_S, Slot
from device.errors import TintcastError
from device.jobs.looking import stored_size
from device.jobs.predicting import Predictor

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from device.engine import Lease, Stop
    from device.frames import Frame
    from device.jobs.hinting import Hinting
    from device.jobs.looking import Look
    from device.network import Network

_log = logging.getLogger(__name__)

#: Predictions that the time of one is the mean of.
_RECENT: Final = 30
#: How long one prediction, or loading a network, may take before it counts as stuck, in seconds.
PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame that wants colour: the ``number``-th that came; ``shot``: the number of its shot."""

    frame: Frame
    look: Look
    number: int
    shot: int

    @property
    def captured_ns(self) -> int:
        """When it was captured; a source that does not say so has no clock: then all are of one time."""
        return self.frame.captured_ns or 0


@dataclass(frozen=True, slots=True, eq=False)
class Colour:
    """``ab`` (h, w, 2) float32, Lab units, before taste; and the frame that it was predicted for.

    ``scene``: colours of different ones have nothing to do with each other: another shot or window, another
    network, or something else is said of the colours beforehand.
    """

    seen: Seen
    ab: NDArray[np.float32]
    scene: int


class Colouring:
    """Runs a network on the newest frame; used by two threads, that of ``run`` and that which wants colour.

    ``load`` opens a network by its name, at once the one of this ``name``; ``hinting``: what is said of the
    colours beforehand. ``refused``: told which network stays in use where another can't be, and why it can't.
    Raises as ``load``.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[str], Network],
        *,
        hinting: Hinting | None,
        stop: Stop,
        refused: Callable[[str, TintcastError], None],
    ) -> None:
        self._load, self._hinting = load, hinting
        self._stop, self._refused = stop, refused
        self._network = load(name)
        self._name = name
        self._wanted = name
        self._predictor = Predictor(self._network, hinting)
        self._scene = 0
        self._last: Seen | None = None
        self._wishes = Slot[Seen]()
        self._times: deque[float] = deque(maxlen=_RECENT)
        self._found = threading.Condition()
        self._newest: Colour | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that the network wants, upright."""
        return self._network.size

    @property
    def last(self) -> Seen | None:
        """The frame that was coloured last."""
        return self._last

    @property
    def network(self) -> Network:
        """The network in use."""
        return self._network

    @property
    def network_ms(self) -> float:
        """Mean time of a prediction lately, in milliseconds."""
        times = list(self._times)
        return 1000 * fmean(times) if times else 0.0

    def use(self, name: str) -> None:
        """Go on with another network; returns at once. Until that has some, the colour there is stays."""
        self._wanted = name

    def want(self, seen: Seen) -> None:
        """Have this frame coloured, unless a newer one comes before its turn."""
        self._wishes.put(seen)

    def newest(self, seen: Seen, patience_s: float) -> Colour | None:
        """The newest colour of the shot of ``seen``, waiting ``patience_s`` for its own; None: none yet.

        The stop ends the wait.
        """
        deadline = time.monotonic() + patience_s
        with self._found:
            while (newest := self._newest) is None or newest.seen.number < seen.number:
                left = deadline - time.monotonic()
                if left <= 0 or self._stop.is_set():
                    break
                self._found.wait(min(left, POLL_S))
        return newest if newest is not None and newest.seen.shot == seen.shot else None

    def run(self, lease: Lease) -> None:
        """Colour frames until the stop."""
        while not self._stop.is_set():
            if self._wanted != self._name:
                lease.waiting("another network", PATIENCE_S)
                self._change()
            seen = self._wishes.take(POLL_S)
            lease.beat()
            if seen is not None:
                self._colour(seen)
        self._network.close()

    def _colour(self, seen: Seen) -> None:
        frame, look, last = seen.frame, seen.look, self._last
        small = look.small
        if small.shape != (size := stored_size(self._network.size, frame.rotation)):
            small = shrink(frame.luma, look.window, size)
        anew = last is None or last.shot != seen.shot or last.look.window != look.window
        if self._predictor.turned() or anew:
            self._scene += 1
        light = lightness(small, frame.colour_space, frame.depth)
        began = time.perf_counter()
        predicted = self._predictor.predict(light, frame, look.window)
        self._times.append(time.perf_counter() - began)
        self._last = seen
        with self._found:
            self._newest = Colour(seen, predicted, self._scene)
            self._found.notify_all()

    def _change(self) -> None:
        wanted = self._wanted
        try:
            network = self._load(wanted)
        except TintcastError as error:
            if self._wanted != wanted:
                _log.warning("%s", error)  # who asked for it wants something else by now
                return
            self._wanted = self._name
            self._refused(self._name, error)
            return
        self._network, before = network, self._network
        before.close()
        self._name = wanted
        self._predictor = Predictor(network, self._hinting)
        self._scene += 1
        self._times.clear()
