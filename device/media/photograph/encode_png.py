"""Photographs as PNG (ISO/IEC 15948): 8 or 16 bits, metadata in the chunks that belong to it."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from typing import IO

    from device.media.photograph.outgoing import Outgoing

_LEVEL = 2  # of zlib: two thirds of the time of the default, 10 % larger
_HEADER_END = 33  # signature and first chunk
_INCH = 0.0254


def write_png(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write to ``file``; return what could not be kept, a line each."""
    png = _encoded(outgoing)
    file.write(png[:_HEADER_END])
    for name, body in _chunks(outgoing):
        file.write(b"".join((len(body).to_bytes(4), name, body, zlib.crc32(name + body).to_bytes(4))))
    file.write(memoryview(png)[_HEADER_END:])
    return []


def _encoded(outgoing: Outgoing) -> bytes:
    if outgoing.bits == 8:
        png = io.BytesIO()
        Image.fromarray(outgoing.stacked()).save(png, "PNG", compress_level=_LEVEL)
        return png.getvalue()
    if outgoing.alpha is None:
        stored = cv2.cvtColor(outgoing.pixels, cv2.COLOR_RGB2BGR)
    else:
        stored = cv2.cvtColor(outgoing.stacked(), cv2.COLOR_RGBA2BGRA)
    _, coded = cv2.imencode(".png", stored)  # Pillow has no 16-bit colour
    return np.asarray(coded, np.uint8).tobytes()


def _chunks(outgoing: Outgoing) -> list[tuple[bytes, bytes]]:
    carried = outgoing.carried
    chunks = [(b"iCCP", b"sRGB\0\0" + zlib.compress(outgoing.icc))]
    if carried.dpi is not None:
        across, down = (round(value / _INCH).to_bytes(4) for value in carried.dpi)
        chunks.append((b"pHYs", across + down + b"\1"))
    if carried.exif is not None:
        chunks.append((b"eXIf", carried.exif))
    if outgoing.xmp is not None:
        chunks.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + outgoing.xmp))
    if carried.iptc is not None:
        chunks.append((b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(_hexadecimals(carried.iptc))))
    text = dict(carried.text)
    if carried.comment is not None:
        text.setdefault("Comment", carried.comment.decode("utf-8", "replace"))
    chunks += [chunk for key, value in text.items() if (chunk := _text(key, value)) is not None]
    return chunks


def _hexadecimals(iptc: bytes) -> bytes:
    """The form that is usual for IPTC in PNG: a name, a length, and rows of hexadecimals."""
    block = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4) + iptc + b"\0" * (len(iptc) % 2)
    rows = (block[first : first + 36].hex() for first in range(0, len(block), 36))
    return "\n".join(("\niptc", f"{len(block):8}", *rows, "")).encode("ascii")


def _text(key: str, value: str) -> tuple[bytes, bytes] | None:
    """A text chunk: Latin-1 where that is enough, else UTF-8."""
    try:
        name = key.encode("latin-1")
    except UnicodeEncodeError:
        return None
    if not 1 <= len(name) <= 79 or b"\0" in name:
        return None
    value = value.replace("\0", "")
    try:
        return b"tEXt", name + b"\0" + value.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", name + b"\0\0\0\0\0" + value.encode("utf-8", "replace")
