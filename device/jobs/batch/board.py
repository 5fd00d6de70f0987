"""How much of a board's time others take, while something is measured on it."""

from __future__ import annotations

import os
import resource
from pathlib import Path


class Board:
    """The board since this was made."""

    def __init__(self) -> None:
        self._all, self._idle = _ticks()
        self._own = _own_seconds()

    def others(self) -> float:
        """Share of its time, 0..1, that neither this process and its children took nor nobody.

        Children count once they have ended. 0 where the kernel does not tell.
        """
        whole, idle = _ticks()
        if whole <= self._all:
            return 0.0
        own = (_own_seconds() - self._own) * os.sysconf("SC_CLK_TCK")
        busy = whole - self._all - (idle - self._idle)
        return min(max((busy - own) / (whole - self._all), 0.0), 1.0)


def _ticks() -> tuple[int, int]:
    """Of all processors together, in all and idle: proc(5)."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return 0, 0
    user, nice, system, idle, waiting, *rest = (int(word) for word in words[1:9])
    return user + nice + system + idle + waiting + sum(rest), idle + waiting


def _own_seconds() -> float:
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, who))
