"""Files that are still written: left alone until their size and times have stood still for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.batch.scan import Found, Item, State

#: A clock may be so much wrong (network file systems, a board without one): then only watching tells.
_AHEAD_S = 2.0


class Settling:
    """Tells, look by look, which files stand still for ``seconds``.

    One whose size and times have not changed between two looks so far apart does; and so does one that the
    file system says was last written so long ago, at the first look. ``clock``: monotonic seconds;
    ``now``: seconds since 1970, as the file system has them.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._now = now
        self._seen: dict[str, tuple[State, float]] = {}

    def look(self, found: Found) -> tuple[list[Item], list[str], list[str]]:
        """The items that stand still; the paths of what is still arriving; and of what is never finished.

        That is what nobody goes on with although its name, or a file beside it, says that it is not whole.
        """
        still: list[Item] = []
        arriving, unfinished = [], []
        states = {item.relative: item.state for item in found.items} | found.partial
        self._seen = {name: seen for name, seen in self._seen.items() if name in states}
        settled = {name for name, state in states.items() if self._is_still(name, state)}
        for item in found.items:
            if item.relative not in settled:
                arriving.append(item.relative)
            elif item.partial:
                unfinished.append(item.relative)
            else:
                still.append(item)
        for name in found.partial:
            (unfinished if name in settled else arriving).append(name)
        return still, arriving, unfinished

    def _is_still(self, name: str, state: State) -> bool:
        clock = self._clock()
        before = self._seen.get(name)
        if before is None or before[0] != state:
            self._seen[name] = (state, clock - self._age(state) if before is None else clock)
        return clock - self._seen[name][1] >= self._seconds

    def _age(self, state: State) -> float:
        """Seconds since a file was last written, 0 where that can't be known."""
        written = max(state.mtime_ns, state.ctime_ns) / 1e9
        age = self._now() - written
        return age - _AHEAD_S if age > _AHEAD_S else 0.0
