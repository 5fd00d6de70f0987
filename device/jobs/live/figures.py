"""How a live picture goes: counted as frames come and go, told as figures."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.frames import TintedFrame

#: Figures are of the last so many seconds.
_SPAN_S: Final = 3.0
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Of the last seconds: frames a second out, and how old their colour was, in milliseconds.

    Frames that went out grey, because there was no colour yet, have none that could be old.
    ``own_colour``: whether the newest passed in its own colour; None: there is none.
    """

    fps: float
    chroma_age_ms: float
    chroma_age_p95_ms: float
    own_colour: bool | None


class Meter:
    """Counts. Safe from any thread. ``clock``: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[tuple[float, int | None]] = deque(maxlen=_MOST)
        self._own_colour: bool | None = None
        #: Frames that went out, those of them in their own colour, and those that newer ones overtook.
        self.frames = self.passed = self.overtaken = 0

    def sent(self, tinted: TintedFrame) -> None:
        """A frame went out."""
        coloured = tinted.own_colour or tinted.ab.any()
        with self._lock:
            self._sent.append((self._clock(), tinted.chroma_age_ns if coloured else None))
            self._own_colour = tinted.own_colour
            self.frames += 1
            self.passed += tinted.own_colour

    def overtook(self) -> None:
        """A frame came before the one before it was taken: that one is gone."""
        with self._lock:
            self.overtaken += 1

    def pace(self) -> Pace:
        """How it goes now."""
        now = self._clock()
        with self._lock:
            while self._sent and now - self._sent[0][0] > _SPAN_S:
                self._sent.popleft()
            sent, own_colour = list(self._sent), self._own_colour
        if not sent:
            return Pace(0.0, 0.0, 0.0, own_colour)
        ages = sorted(age / 1e6 for _, age in sent if age is not None) or [0.0]
        span = max(now - sent[0][0], sent[-1][0] - sent[0][0], 1e-3)
        fps = (len(sent) - 1) / span if len(sent) > 1 else 1 / _SPAN_S
        return Pace(fps, sum(ages) / len(ages), ages[min(int(0.95 * len(ages)), len(ages) - 1)], own_colour)
