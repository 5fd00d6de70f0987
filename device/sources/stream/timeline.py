"""A stream's time stamps as they may be: missing, jumping, with gaps where frames were lost."""

from __future__ import annotations

import statistics
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fractions import Fraction

#: Stamps further apart than this, or going back, are a clock that was set.
_JUMP_NS: Final = 10_000_000_000
#: Intervals that say what is usual, and so many times that is a gap.
_REMEMBERED: Final = 9
_GAP: Final = 1.6


class Timeline:
    """Gives each frame a ``pts`` in nanoseconds that only grows, and says how many are missing before it."""

    def __init__(self) -> None:
        self._usual: deque[int] = deque(maxlen=_REMEMBERED)
        self._stamp: int | None = None
        self._arrived = 0
        self.pts = -1

    def step(self, seconds: Fraction | None, arrived_ns: int) -> int:
        """Take the next frame's stamp (None: it has none) and time of arrival; give how many are missing.

        Without stamps, ``pts`` follows the arrival, and nothing is known to be missing.
        """
        stamp = None if seconds is None else round(seconds * 1_000_000_000)
        apart = None if stamp is None or self._stamp is None else stamp - self._stamp
        waited, self._stamp, self._arrived = arrived_ns - self._arrived, stamp, arrived_ns
        if self.pts < 0:
            self.pts = 0
            return 0
        if apart is None or not 0 < apart < _JUMP_NS:
            self._usual.clear()
            self.pts += max(1, waited)
            return 0
        self.pts += apart
        missing = 0
        if len(self._usual) == _REMEMBERED:
            usual = statistics.median(self._usual)
            missing = round(apart / usual) - 1 if apart > _GAP * usual else 0
        self._usual.append(apart)
        return missing
