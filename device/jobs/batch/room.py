"""How much room a film needs on the disk, how much there is, and how much of that is left for others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from device.errors import SpaceError

if TYPE_CHECKING:
    from pathlib import Path

_MB = 10**6
#: A film's segments and the film joined of them lie on the disk together for a moment; and an estimate errs.
_TIMES = 2
_ERRS = 1.1


def needed(film_bytes: int, there: int = 0) -> int:
    """Bytes that a film of ``film_bytes`` takes until it is done.

    ``there``: bytes of its segments that lie there already.
    """
    return max(0, int(_TIMES * _ERRS * film_bytes) - there)


def free_bytes(folder: Path) -> int | None:
    """What may still be written into ``folder``, or the nearest above it that is there; None: not told."""
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        try:
            status = os.statvfs(place)
        except OSError:
            continue
        # A file system without a number of files has no bound on them.
        full = status.f_files > 0 and status.f_favail == 0
        return 0 if full else status.f_bavail * status.f_frsize
    return None


class Room:
    """The disk of ``folder``, on which ``keep_free_mb`` stay free."""

    def __init__(self, folder: Path, keep_free_mb: int) -> None:
        self._folder = folder
        self._keep = keep_free_mb * _MB

    def check(self, film_bytes: int, there: int = 0) -> None:
        """Raise SpaceError where a film of about ``film_bytes`` does not fit; ``there``: as in ``needed``."""
        free, wanted = self._free(), needed(film_bytes, there)
        if free is not None and free - wanted < self._keep:
            raise SpaceError(
                f"does not fit: it needs about {_size(wanted)}, {_size(max(0, free - self._keep))} are free"
                f" beside the {_size(self._keep)} that stay so",
                hint="free some space and run it again",
            )

    def short(self) -> str | None:
        """Why nothing more may be written now; None: there is room."""
        free = self._free()
        if free is None or free >= self._keep:
            return None
        return f"the disk has {_size(free)} left, {_size(self._keep)} stay free"

    def _free(self) -> int | None:
        return free_bytes(self._folder)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
