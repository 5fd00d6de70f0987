"""What tells a sample that we made from a file that somebody else put there: words in it. Needs no codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.media.regular import read_regular

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE: Final = "tintcast sample"
_HEAD: Final = 1 << 16


def is_sample(path: Path) -> bool:
    """Whether the file at ``path`` is one of ours. Raises OSError where it can't be read."""
    return SAMPLE.encode() in read_regular(path, _HEAD)
