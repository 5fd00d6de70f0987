"""The hours of a night, by the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when it may work once, in seconds since 1970."""

    opens: float
    closes: float

    def holds(self, now: float) -> bool:
        """Whether ``now`` lies in it."""
        return self.opens <= now < self.closes


@dataclass(frozen=True, slots=True)
class Hours:
    """From ``begin`` to ``end``, in minutes of the local day; over midnight where the end is not the later.

    Where the local clock is set forward, what it leaves out begins and ends when it is set; where it is set
    back, a time that comes twice counts when it first comes. So a night is one piece, however long.
    """

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Hours | None:
        """Hours as the configuration has them, ``22:00-07:00``; None for the empty text: always."""
        if not text:
            return None
        begin, end = (_minutes(part) for part in text.split("-"))
        return cls(begin % _DAY, end)

    def window(self, now: float) -> Window:
        """The window that holds ``now``, else the next one that is not left out whole."""
        today = datetime.fromtimestamp(now).date()  # noqa: DTZ006 - the clock on the wall is meant
        windows = (self._of(today + timedelta(days=days)) for days in (-1, 0, 1, 2))
        return next(window for window in windows if max(now, window.opens) < window.closes)

    def _of(self, day: date) -> Window:
        ends = self.end if self.end > self.begin else self.end + _DAY
        return Window(_first_shown(day, self.begin), _first_shown(day, ends))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _first_shown(day: date, minutes: int) -> float:
    """When a local clock first shows that many minutes of ``day``, or later; in seconds since 1970."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
    if first <= second:
        return first
    # The clock is set past it: between the two, at a full minute.
    while datetime.fromtimestamp(second) < wall:  # noqa: DTZ006 - as above
        second += 60
    return second
