"""Exif (CIPA DC-008), a TIFF structure: what of it must change with the picture is changed in its place.

Nothing is moved, so that makers' notes, which point into the structure by themselves, stay readable.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_ORIENTATION, _EXIF, _COLOUR_SPACE, _WIDTH, _HEIGHT = 0x0112, 0x8769, 0xA001, 0xA002, 0xA003
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_SHORT, _LONG = 3, 4
_SRGB = 1
_MAX_ENTRIES = 1000


class _Entry(NamedTuple):
    """A tag, the type of its values and how many there are, and where the value, or its place, stands."""

    tag: int
    kind: int
    length: int
    at: int


def orientation(exif: bytes) -> int:
    """The orientation that it tells, 1..8; 1 where it tells none that is sound."""
    try:
        order, first = _header(exif)
        for entry in _entries(exif, order, first):
            if entry.tag == _ORIENTATION and entry.kind == _SHORT and entry.length == 1:
                (value,) = struct.unpack_from(order + "H", exif, entry.at)
                return value if 1 <= value <= 8 else 1
    except (ValueError, struct.error):
        pass
    return 1


def upright(exif: bytes, width: int, height: int) -> bytes:
    """The same of a picture that is upright now, of this size and in sRGB, without its small old preview.

    Raises ValueError where it is no sound structure.
    """
    out = bytearray(exif)
    try:
        order, first = _header(exif)
        for entry in _entries(exif, order, first):
            if entry.tag == _ORIENTATION:
                _put(out, order, entry, 1)
            elif entry.tag == _EXIF and entry.kind == _LONG:
                (below,) = struct.unpack_from(order + "I", exif, entry.at)
                _update(out, order, below, width, height)
        (entries,) = struct.unpack_from(order + "H", exif, first)
        struct.pack_into(order + "I", out, first + 2 + 12 * entries, 0)  # no second directory: the preview's
    except struct.error as error:
        raise ValueError("Exif that is cut short") from error
    return bytes(out)


def _update(out: bytearray, order: str, first: int, width: int, height: int) -> None:
    changed = {_COLOUR_SPACE: _SRGB, _WIDTH: width, _HEIGHT: height}
    for entry in _entries(out, order, first):
        if entry.tag in changed:
            _put(out, order, entry, changed[entry.tag])


def _put(out: bytearray, order: str, entry: _Entry, value: int) -> None:
    if entry.length == 1 and entry.kind in {_SHORT, _LONG}:
        struct.pack_into(order + ("H" if entry.kind == _SHORT else "I"), out, entry.at, value)


def _header(exif: bytes) -> tuple[str, int]:
    """Byte order, and where the first directory is."""
    order = _ORDERS.get(bytes(exif[:4]))
    if order is None:
        raise ValueError("not Exif")
    return order, int(struct.unpack_from(order + "I", exif, 4)[0])


def _entries(exif: bytes | bytearray, order: str, first: int) -> list[_Entry]:
    (count,) = struct.unpack_from(order + "H", exif, first)
    if count > _MAX_ENTRIES:
        raise ValueError("more entries than a directory has")
    places = [first + 2 + 12 * number for number in range(count)]
    heads = [struct.unpack_from(order + "HHI", exif, place) for place in places]
    return [
        _Entry(tag, kind, length, place + 8) for place, (tag, kind, length) in zip(places, heads, strict=True)
    ]
