"""A stream's verdict from moment to moment: night is believed soon, day only after several seconds.

What passes through the picture is not seen: each place counts by its median over time, so that headlights,
bright and coloured as they are, leave a night what it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np

from device.colour.greyness.measure import Chroma, is_colour

#: Seconds: night is what lasted so long; day is what lasted so long, in every look back over so long.
_NIGHT_S = 0.5
_DAY_S = 3.0
_LOOK_S = 3.0
#: Seconds between two frames that are measured, and between two that the look back remembers.
_EVERY_S = 0.1
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    seconds: float
    chroma: Chroma


class StreamJudge:
    """Decides whether a stream is in true colour now; its first frame that is not black decides at once."""

    def __init__(self) -> None:
        self._own_colour: bool | None = None
        self._short: deque[_Look] = deque()
        self._long: deque[_Look] = deque()
        self._day_since: float | None = None

    @property
    def own_colour(self) -> bool:
        """Whether the stream is in true colour now; not before anything was seen of it."""
        return bool(self._own_colour)

    def wants(self, seconds: float) -> bool:
        """Whether a frame at ``seconds`` (of a clock that runs on) need be measured and given to ``step``."""
        return not self._short or not 0 <= seconds - self._short[-1].seconds < _EVERY_S

    def step(self, chroma: Chroma | None, seconds: float) -> bool:
        """Take the chroma (None: black) of the frame at ``seconds``; give ``own_colour``."""
        if chroma is None:
            return self.own_colour
        if self._short and not 0 <= seconds - self._short[-1].seconds < _LOOK_S:
            self._forget()
        look = _Look(seconds, chroma)
        _push(self._short, look, _NIGHT_S)
        if not self._long or seconds - self._long[-1].seconds >= _LOOK_EVERY_S:
            _push(self._long, look, _LOOK_S)
        if self._own_colour is None:
            self._own_colour = is_colour(chroma.spread)
        elif self._own_colour:
            self._own_colour = self._short_is_young(seconds) or is_colour(_lasting(self._short), before=True)
        else:
            self._own_colour = self._day(seconds)
        return self.own_colour

    def _forget(self) -> None:
        """After a gap, what was seen before says nothing of how long something lasted."""
        self._short.clear()
        self._long.clear()
        self._day_since = None

    def _short_is_young(self, seconds: float) -> bool:
        return seconds - self._short[0].seconds < _NIGHT_S - _EVERY_S

    def _day(self, seconds: float) -> bool:
        if not is_colour(_lasting(self._long), before=False):
            self._day_since = None
            return False
        if self._day_since is None:
            self._day_since = seconds
        if seconds - self._day_since < _DAY_S:
            return False
        self._day_since = None
        return True


def _push(looks: deque[_Look], look: _Look, seconds: float) -> None:
    looks.append(look)
    while looks[0].seconds < look.seconds - seconds:
        looks.popleft()


def _lasting(looks: deque[_Look]) -> float:
    """Spread of what lasted: of each place's median over time."""
    rest = np.median([look.chroma.rest for look in looks], axis=0).astype(np.float32)
    return Chroma(rest, median(look.chroma.bend for look in looks)).spread
