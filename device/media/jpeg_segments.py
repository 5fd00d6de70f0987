"""Segments of a JPEG file (ITU-T T.81, annex B; JFIF; Exif): put in without touching the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

APP0, APP1, APP2, APP13, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
#: Bytes that one segment holds: its length field counts itself.
LARGEST_BODY = 65_533

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"


def insert(jpeg: bytes, segments: Iterable[tuple[int, bytes]]) -> bytes:
    """Put (marker, body) segments into a JFIF file, behind its first header.

    Raises ValueError where it is no JFIF file or a body is longer than LARGEST_BODY.
    """
    if jpeg[:4] != bytes((0xFF, 0xD8, 0xFF, APP0)):
        raise ValueError("not a JFIF file")
    place = 4 + int.from_bytes(jpeg[4:6])
    return b"".join((jpeg[:place], *(_segment(*segment) for segment in segments), jpeg[place:]))


def _segment(marker: int, body: bytes) -> bytes:
    if len(body) > LARGEST_BODY:
        raise ValueError("too long for a JPEG segment")
    return b"".join((bytes((0xFF, marker)), (len(body) + 2).to_bytes(2), body))


def xmp_segment(packet: bytes) -> tuple[int, bytes]:
    """The segment that holds an XMP packet."""
    return APP1, _XMP + packet


def exif_segment(exif: bytes) -> tuple[int, bytes]:
    """The segment that holds Exif, given as a TIFF structure without a prefix."""
    return APP1, b"Exif\0\0" + exif


def icc_segments(profile: bytes) -> list[tuple[int, bytes]]:
    """The segments that hold an ICC profile: ICC.1, B.4."""
    step = LARGEST_BODY - len(_ICC) - 2
    parts = [profile[first : first + step] for first in range(0, len(profile), step)]
    return [(APP2, _ICC + bytes((number, len(parts))) + part) for number, part in enumerate(parts, 1)]


def iptc_segment(iim: bytes) -> tuple[int, bytes]:
    """The segment that holds IPTC-IIM records, as Photoshop's image resource 0x0404."""
    resource = b"8BIM\x04\x04\0\0" + len(iim).to_bytes(4) + iim + b"\0" * (len(iim) % 2)
    return APP13, b"Photoshop 3.0\0" + resource
