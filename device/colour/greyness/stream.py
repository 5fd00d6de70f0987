"""A stream's verdict from moment to moment: night is believed soon, day only after several seconds.

What passes through the picture is not seen: each place counts by its median over the last seconds, so that
headlights, bright and coloured as they are, leave a night what it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from device.colour.greyness.measure import Chroma, is_colour

#: Seconds: night is what lasted so long. Day is what each look back over so many found, for so many more.
_NIGHT_S = 0.5
_LOOK_S = 6.0
_DAY_S = 3.0
#: Seconds between two frames that are measured, and between two that the look back remembers: not in step
#: with what comes by every other second.
_EVERY_S = 0.1
_LOOK_EVERY_S = 0.43


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
        if not chroma.there:
            self._forget()
            self._own_colour = False
            return False
        if self._short and not 0 <= seconds - self._short[-1].seconds < _LOOK_S:
            self._forget()
        look = _Look(seconds, chroma)
        _push(self._short, look, _NIGHT_S)
        new = not self._long or seconds - self._long[-1].seconds >= _LOOK_EVERY_S
        if new:
            _push(self._long, look, _LOOK_S)
        if self._own_colour is None:
            self._own_colour = is_colour(chroma.spread)
        elif self._own_colour:
            self._own_colour = self._still_day(chroma, seconds)
            if not self._own_colour:
                self._long.clear()
        elif new:
            self._own_colour = self._now_day(seconds)
        return self.own_colour

    def _forget(self) -> None:
        """After a gap, what was seen before says nothing of how long something lasted."""
        self._short.clear()
        self._long.clear()
        self._day_since = None

    def _still_day(self, chroma: Chroma, seconds: float) -> bool:
        young = seconds - self._short[0].seconds < _NIGHT_S - _EVERY_S
        return young or is_colour(chroma.spread, before=True) or is_colour(_lasting(self._short), before=True)

    def _now_day(self, seconds: float) -> bool:
        seen = seconds - self._long[0].seconds
        if seen < _LOOK_S / 2 or not is_colour(_lasting(self._long), before=False):
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
    """Spread of each place's median over time."""
    samples = np.stack([look.chroma.samples for look in looks])
    middle = len(looks) // 2
    return Chroma(np.partition(samples, middle, axis=0)[middle]).spread
