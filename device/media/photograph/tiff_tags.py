"""TIFF structures (TIFF 6.0): directories of tags, read from a file and laid out anew."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
#: Directories below a directory.
_BELOW = {EXIF, GPS, INTEROPERABILITY}
#: Those tags of a picture's first directory that describe it, and say nothing of how its samples are stored.
DESCRIBING = frozenset(
    {
        0x010D,  # DocumentName
        0x010E,  # ImageDescription
        0x010F,  # Make
        0x0110,  # Model
        0x0112,  # Orientation
        0x011A,  # XResolution
        0x011B,  # YResolution
        0x011D,  # PageName
        0x0128,  # ResolutionUnit
        0x0131,  # Software
        0x0132,  # DateTime
        0x013B,  # Artist
        0x013C,  # HostComputer
        0x4746,  # Rating
        0x4749,  # RatingPercent
        0x8298,  # Copyright
        EXIF,
        GPS,
        0x9C9B,  # XPTitle
        0x9C9C,  # XPComment
        0x9C9D,  # XPAuthor
        0x9C9E,  # XPKeywords
        0x9C9F,  # XPSubject
    }
)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
_MAX_ENTRIES = 1000
_LONGEST = 1 << 24


class Entry(NamedTuple):
    """A tag's type, how many values it has, and these in the structure's byte order; or a directory below."""

    kind: int
    number: int
    data: bytes
    below: Mapping[int, Entry] | None = None


Directory = dict[int, Entry]


def described(path: Path) -> bytes | None:
    """Those tags of a TIFF file that describe its first picture, as a structure of their own.

    None where there are none, or the file is none of the kind that is read here (BigTIFF).
    """
    order, directory = _first(path)
    kept = {tag: entry for tag, entry in directory.items() if tag in DESCRIBING}
    return lay_out(order, kept) if kept else None


def stored_bytes(path: Path, tag: int) -> bytes | None:
    """The bytes of a tag of a TIFF file's first picture, whatever type they are said to be of."""
    entry = _first(path)[1].get(tag)
    return None if entry is None else entry.data


def _first(path: Path) -> tuple[str, Directory]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return read_directory(data)
        except (ValueError, struct.error):
            return "<", {}


def read_directory(data: bytes | mmap.mmap) -> tuple[str, Directory]:
    """Byte order (``<`` or ``>``) and first directory of a structure, with those below it.

    What points nowhere is left out. Raises ValueError or struct.error where there is no such structure.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
    if order is None:
        raise ValueError("not a TIFF structure")
    return order, _read(data, order, struct.unpack_from(order + "I", data, 4)[0], set())


def _read(data: bytes | mmap.mmap, order: str, first: int, seen: set[int]) -> Directory:
    (count,) = struct.unpack_from(order + "H", data, first)
    if count > _MAX_ENTRIES or first in seen:
        raise ValueError("not a directory")
    seen.add(first)
    found: Directory = {}
    for place in range(first + 2, first + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, place)
        size = _SIZES.get(kind, 0) * number
        if not size or size > _LONGEST:
            continue
        at = place + 8 if size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        value = bytes(data[at : at + size])
        if len(value) < size:
            continue
        below = None
        if tag in _BELOW:
            try:
                below = _read(data, order, struct.unpack(order + "I", value)[0], seen)
            except (ValueError, struct.error):
                continue
        found[tag] = Entry(kind, number, value, below)
    return found


def lay_out(order: str, directory: Mapping[int, Entry]) -> bytes:
    """A structure that begins with its header and holds nothing but ``directory``."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + directory_bytes(order, directory, 8)


def directory_bytes(order: str, directory: Mapping[int, Entry], at: int) -> bytes:
    """A directory for the place ``at`` in its file, then its longer values, then the directories below it."""
    entries, values = [], bytearray()
    end = at + 2 + 12 * len(directory) + 4
    for tag, entry in sorted(directory.items()):
        kind, number, data = entry[:3]
        here = end + len(values)
        if entry.below is not None:
            values += directory_bytes(order, entry.below, here)
            kind, number, data = 4, 1, struct.pack(order + "I", here)
        elif len(data) > 4:
            values += data
            data = struct.pack(order + "I", here)
        values += b"\0" * (len(values) % 2)  # everything begins on a word
        entries.append(struct.pack(order + "HHI", tag, kind, number) + data.ljust(4, b"\0"))
    return b"".join((struct.pack(order + "H", len(entries)), *entries, bytes(4), values))
