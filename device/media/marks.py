"""By what a frame of a film is known again: its time stamp, and some rows of its luma."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from device.frames import Luma

#: A frame must have had so many before it that were known again: more than any codec's frames refer back to.
ENOUGH = 24
#: So many rows of a frame are looked at, spread over it.
_ROWS = 64


def fingerprint(luma: Luma) -> int:
    """A checksum of 64 rows or more of a frame's luma: damage to it spreads over whole blocks of rows."""
    rows = luma[:: max(1, len(luma) // _ROWS)]
    return zlib.crc32(rows.tobytes())


@dataclass(frozen=True, slots=True)
class Marks:
    """What an earlier run saw of a film's first frames.

    ``stamps``: time stamps of frames 0, 1, ..., as ``FilmSource`` gives them; ``prints``: ``fingerprint`` of
    some of them, by their number.
    """

    stamps: Sequence[int] = ()
    prints: Mapping[int, int] = field(default_factory=dict)

    def enough(self, start: int) -> bool:
        """Whether frame ``start`` can be found by what was before it."""
        before = range(start - ENOUGH, start)
        return before.start > 0 and len(self.stamps) >= start and all(n in self.prints for n in before)
