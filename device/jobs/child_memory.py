"""The bounds of a child's memory: one that its parent watches, one that the kernel does not let it jump."""

from __future__ import annotations

import os

from device.engine import POLL_S
from device.engine.memory import own_mb, usage

#: What a child may have of data beyond its ceiling before the kernel refuses it more (MB): stacks of
#: threads, of which there are more with more cores, and buffers that are never touched. Twice what a film of
#: 2160p has.
_UNTOUCHED_MB, _UNTOUCHED_BY_A_CORE_MB = 1024, 32
#: A child that fails with so much of what it may have was refused more, whatever it says.
_NEARLY = 0.9


class MemoryExceeded(Exception):
    """A child needed more memory than it may have, or than there was; ``reason`` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def data_bound(most_mb: int) -> int:
    """What a child whose own memory may be ``most_mb`` may have of data, touched or not (MB); 0: no bound."""
    cores = os.cpu_count() or 1
    return most_mb and most_mb + _UNTOUCHED_MB + cores * _UNTOUCHED_BY_A_CORE_MB


class Meter:
    """Looks at the memory of the child ``pid``, of which ``most_mb`` may be its own; 0: no bound.

    ``nearly_full``: whether it has had nearly all of the data that it may have.
    """

    def __init__(self, pid: int, most_mb: int) -> None:
        self.nearly_full = False
        self._pid = pid
        self._most_mb = most_mb
        self._looked = 0.0

    def look(self, now: float) -> None:
        """Look, unless that was just done; ``now``: monotonic seconds. Raises MemoryExceeded."""
        if not self._most_mb or now - self._looked < POLL_S:
            return
        self._looked = now
        used = usage(self._pid)
        self.nearly_full |= used.data_mb > _NEARLY * data_bound(self._most_mb)
        if used.resident_mb > self._most_mb and (own := own_mb(self._pid)) > self._most_mb:
            raise MemoryExceeded(f"had {own:.0f} MB of memory, more than the {self._most_mb} it may have")
