"""Photographs as JPEG: straight from their samples, metadata in the segments that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

from device.errors import UnwritablePicture
from device.media import jpeg_segments

if TYPE_CHECKING:
    from typing import IO

    from device.media.photograph.outgoing import Outgoing

_LONGEST_SIDE = 65_500  # libjpeg's own limit
_FULL_CHROMA = 90  # from this quality up chroma keeps every sample


def write_jpeg(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write to ``file``; return what could not be kept, a line each. Raises UnwritablePicture."""
    if max(outgoing.pixels.shape[:2]) > _LONGEST_SIDE:
        raise UnwritablePicture(
            f"JPEG holds at most {_LONGEST_SIDE:,} pixels a side", hint="PNG and TIFF hold more"
        )
    subsampling = "444" if outgoing.quality >= _FULL_CHROMA else "420"
    pixels = np.ascontiguousarray(outgoing.pixels)
    jpeg = simplejpeg.encode_jpeg(pixels, outgoing.quality, "RGB", subsampling)
    segments, notes = _segments(outgoing)
    file.write(_with_density(jpeg_segments.insert(jpeg, segments), outgoing.carried.dpi))
    return notes


def _segments(outgoing: Outgoing) -> tuple[list[tuple[int, bytes]], list[str]]:
    """Segments for all there is, and a line for each that a JPEG can't hold."""
    carried, notes = outgoing.carried, []
    wanted = []
    for name, packet, instead, segment in (
        ("Exif", carried.exif, None, jpeg_segments.exif_segment),
        ("XMP", outgoing.xmp, outgoing.own_xmp, jpeg_segments.xmp_segment),
        ("IPTC", carried.iptc, None, jpeg_segments.iptc_segment),
    ):
        if packet is not None and len(segment(packet)[1]) > jpeg_segments.LARGEST_BODY:
            notes.append(f"its {name} was left out: longer than a JPEG holds")
            packet = instead  # noqa: PLW2901  # the next best
        if packet is not None:
            wanted.append(segment(packet))
    wanted += jpeg_segments.icc_segments(outgoing.icc)
    comment = carried.comment or dict(carried.text).get("Comment", "").encode()
    if 0 < len(comment) <= jpeg_segments.LARGEST_BODY:
        wanted.append((jpeg_segments.COM, comment))
    return wanted, notes


def _with_density(jpeg: bytes, dpi: tuple[float, float] | None) -> bytes:
    """Put the resolution into the JFIF header: unit, across, down, at bytes 13 to 17."""
    if dpi is None:
        return jpeg
    across, down = (min(max(round(value), 1), 65_535).to_bytes(2) for value in dpi)
    return b"".join((jpeg[:13], b"\1", across, down, jpeg[18:]))
