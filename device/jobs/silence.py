"""How long a child has shown no progress, when that was its own doing."""

from __future__ import annotations

from device.engine.processes import waited_s

#: So much at most counts for one look: we may have been the ones who slept (seconds).
_MOST_AT_ONCE_S = 1.0
#: One that stands back may be kept from the processor for so many times its patience; then it is given up.
_LONGEST = 20


class Silence:
    """The silence of the child ``pid``: too long after ``stall_s`` seconds in which it could have worked.

    While others keep it from the processor it can't: a good guest on a busy board is slow, not stuck.
    """

    def __init__(self, pid: int, stall_s: float, now: float) -> None:
        self._pid = pid
        self._stall_s = stall_s
        self._looked = self._heard = now
        self._silent = 0.0
        self._waited = 0.0

    def ends(self, now: float) -> None:
        """It shows progress, or none is expected. ``now``: monotonic seconds."""
        self._looked = self._heard = now
        self._silent = 0.0

    def too_long(self, now: float) -> bool:
        """Whether it lasts too long now."""
        elapsed, self._looked = now - self._looked, now
        before, self._waited = self._waited, waited_s(self._pid)
        kept = max(0.0, self._waited - before) if before else 0.0
        self._silent += max(0.0, min(elapsed, _MOST_AT_ONCE_S) - kept)
        return self._silent > self._stall_s or now - self._heard > _LONGEST * self._stall_s
