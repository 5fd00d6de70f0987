"""When a board is too warm to go on, and when it has cooled down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.engine import Board

#: A pause lasts so long at least, in seconds: a board's own flags have no hysteresis.
LEAST_S = 60.0
_SOFT_LIMIT = "soft temperature limit"
_THROTTLED = "throttled"
_WEAK = "under-voltage"


class Heat:
    """Pauses at ``hot_c`` degrees, or where the board holds itself back for heat; goes on at ``cool_c``."""

    def __init__(self, hot_c: float, cool_c: float) -> None:
        self._hot_c = hot_c
        self._cool_c = cool_c
        self._since = 0.0
        self._why: str | None = None

    def look(self, board: Board, now: float) -> str | None:
        """Why it pauses now, None: it goes on. ``now``: monotonic seconds."""
        degrees, flag = board.temperature_c, _flag(board)
        hot = flag is not None or (degrees is not None and degrees >= self._hot_c)
        if hot and self._why is None:
            self._since, self._why = now, self._reason(degrees, flag)
        elif not hot and self._cooled(degrees, now):
            self._why = None
        return self._why

    def _reason(self, degrees: float | None, flag: str | None) -> str:
        """One for the whole of a pause: nobody wants to hear of each degree."""
        how = ", ".join(filter(None, (flag, None if degrees is None else f"{degrees:.0f} degrees")))
        until = "" if degrees is None else f", goes on at {self._cool_c:g}"
        return f"the board is hot ({how}){until}"

    def _cooled(self, degrees: float | None, now: float) -> bool:
        """A board that tells no degrees, or no longer, has its least pause."""
        if degrees is not None and degrees > self._cool_c:
            return False
        return now - self._since >= LEAST_S


def _flag(board: Board) -> str | None:
    """How the board holds itself back for heat. One on a weak supply is throttled, too, and no warmer."""
    flags = board.throttled or ()
    if _SOFT_LIMIT in flags:
        return _SOFT_LIMIT
    return _THROTTLED if _THROTTLED in flags and _WEAK not in flags else None
