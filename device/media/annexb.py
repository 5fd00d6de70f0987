"""H.264 as a byte stream with start codes: what a board's encoder gives, parameter sets among the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = b"\0\0\0\1"
#: ITU-T H.264, table 7-1: slices of a picture, then what a decoder must know of all of them.
_SLICES, _PARAMETERS = range(1, 6), (7, 8)


def shows_picture(data: bytes) -> bool:
    """Whether any part of a picture is in ``data``."""
    return any(_kind(unit) in _SLICES for unit in _units(data))


def parameter_sets(data: bytes) -> bytes:
    """The sequence and picture parameter sets in ``data``, each with a start code."""
    return b"".join(_START + unit for unit in _units(data) if _kind(unit) in _PARAMETERS)


def _units(data: bytes) -> Iterator[bytes]:
    # What is before the first start code is none; zeros before the next one belong to its start code.
    for unit in data.split(_START[1:])[1:]:
        if stripped := unit.rstrip(b"\0"):
            yield stripped


def _kind(unit: bytes) -> int:
    return unit[0] & 31
