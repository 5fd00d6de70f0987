"""How well a JPEG was encoded: from its quantization table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The luma table of ITU-T T.81, annex K.1, as the Independent JPEG Group scales it by quality.
_STANDARD = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def estimate_quality(tables: Mapping[int, Sequence[int]] | None) -> int | None:
    """Quality, 1..100, whose luma table is nearest in sum to the first of ``tables``; None without tables."""
    first = None if not tables else tables.get(0)
    if first is None or len(first) != len(_STANDARD):
        return None
    total = sum(first)
    return min(range(100, 0, -1), key=lambda quality: abs(_total(quality) - total))


def _total(quality: int) -> int:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(max((value * scale + 50) // 100, 1), 255) for value in _STANDARD)
