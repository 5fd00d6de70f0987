"""Photographs as PNG (ISO/IEC 15948): 8 or 16 bits, metadata in the chunks that belong to it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from device.media.photograph.outgoing import pillow_picture
from device.media.photograph.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from device.frames import Luma
    from device.media.photograph.outgoing import Outgoing

_LEVEL = 2  # of zlib: two thirds of the time of the default, 10 % larger
_HEADER_END = 33  # signature and first chunk
_INCH = 0.0254
_PART_BYTES = 1 << 20


def write_png(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write to ``file``; return what could not be kept, a line each."""
    samples = outgoing.stacked()
    if outgoing.bits == 8:
        whole = io.BytesIO()
        pillow_picture(samples).save(whole, "PNG", compress_level=_LEVEL)
        file.write(whole.getbuffer()[:_HEADER_END])
        _write_chunks(file, _metadata(outgoing))
        file.write(whole.getbuffer()[_HEADER_END:])
    else:  # Pillow has no 16-bit colour
        height, width, channels = samples.shape
        kind = {3: 2, 4: 6}[channels]  # R'G'B', and with alpha
        file.write(b"\x89PNG\r\n\x1a\n")
        _write_chunks(file, [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))])
        _write_chunks(file, _metadata(outgoing))
        _write_chunks(file, ((b"IDAT", part) for part in _deflated(samples)))
        _write_chunks(file, [(b"IEND", b"")])
    return []


def _write_chunks(file: IO[bytes], chunks: Iterable[tuple[bytes, bytes]]) -> None:
    for name, body in chunks:
        file.write(b"".join((len(body).to_bytes(4), name, body, zlib.crc32(name + body).to_bytes(4))))


def _deflated(samples: Luma) -> Iterator[bytes]:
    """The parts of one zlib stream (RFC 1950) of all rows; each part is compressed by itself."""
    rows = max(1, _PART_BYTES // samples[0].nbytes)
    check = 1
    yield b"\x78\x01"
    for filtered, part in in_order(
        lambda first: _part(samples[first : first + rows]), range(0, len(samples), rows)
    ):
        check = zlib.adler32(filtered, check)
        yield part
    yield b"\x03\x00" + check.to_bytes(4)  # an empty last block


def _part(samples: Luma) -> tuple[bytes, bytes]:
    """Rows filtered by the sample to their left, and the same as raw deflate that ends on a byte."""
    stored = samples.astype(">u2").view(np.uint8).reshape(len(samples), -1)
    step = samples.shape[2] * samples.itemsize
    filtered = np.empty((len(samples), 1 + stored.shape[1]), np.uint8)
    filtered[:, 0] = 1
    filtered[:, 1 : 1 + step] = stored[:, :step]
    np.subtract(stored[:, step:], stored[:, :-step], out=filtered[:, 1 + step :])
    raw = filtered.tobytes()
    coder = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    return raw, coder.compress(raw) + coder.flush(zlib.Z_FULL_FLUSH)


def _metadata(outgoing: Outgoing) -> list[tuple[bytes, bytes]]:
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
