"""Photographs in the formats that Pillow writes, and PPM."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from device.errors import UnwritablePicture
from device.media.photograph.outgoing import pillow_picture

if TYPE_CHECKING:
    from typing import IO

    from device.media.photograph.outgoing import Outgoing

_WEBP_SIDE = 16_383
_TGA_SIDE = 65_535
#: Boxes of JPEG 2000 that hold Exif and XMP: their universal identifiers.
_EXIF_BOX = b"JpgTiffExif->JP2"
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def write_webp(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write WebP to ``file``: without loss where the picture came so. Raises UnwritablePicture."""
    _check_side(outgoing, "WebP", _WEBP_SIDE)
    settings = {"lossless": True, "quality": 50} if outgoing.quality == 100 else {"quality": outgoing.quality}
    _save(file, "WEBP", outgoing, method=2, **settings, **_metadata(outgoing))
    return []


def write_avif(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write AVIF to ``file``. Raises UnwritablePicture where this Pillow can't."""
    if "AVIF" not in _can_save():
        raise UnwritablePicture("this installation writes no AVIF", hint="choose WebP, JPEG, PNG or TIFF")
    _save(file, "AVIF", outgoing, quality=outgoing.quality, speed=8, **_metadata(outgoing))
    return []


def _can_save() -> dict[str, Any]:
    Image.init()
    return Image.SAVE


def _metadata(outgoing: Outgoing) -> dict[str, bytes]:
    found = {"icc_profile": outgoing.icc, "exif": outgoing.carried.exif, "xmp": outgoing.xmp}
    return {name: packet for name, packet in found.items() if packet is not None}


def write_jpeg2000(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write JPEG 2000 to ``file``, without loss."""
    whole = io.BytesIO()  # by a file's name Pillow might choose the bare code stream
    _save(whole, "JPEG2000", outgoing)
    file.write(whole.getvalue())
    for kind, packet in ((_EXIF_BOX, outgoing.carried.exif), (_XMP_BOX, outgoing.xmp)):
        if packet is not None:
            file.write(b"".join(((len(packet) + 24).to_bytes(4), b"uuid", kind, packet)))
    return []


def write_bmp(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write BMP to ``file``."""
    dpi = {} if outgoing.carried.dpi is None else {"dpi": outgoing.carried.dpi}
    _save(file, "BMP", outgoing, **dpi)
    return _says_nothing("BMP", outgoing)


def write_tga(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write TGA to ``file``. Raises UnwritablePicture."""
    _check_side(outgoing, "TGA", _TGA_SIDE)
    _save(file, "TGA", outgoing)
    return _says_nothing("TGA", outgoing)


def _says_nothing(form: str, outgoing: Outgoing) -> list[str]:
    if outgoing.said is None:
        return []
    return [f"{form} holds no metadata: nothing in it says that its colour was made by a machine"]


def write_ppm(file: IO[bytes], outgoing: Outgoing) -> list[str]:
    """Write a binary PPM to ``file``, its comment saying who made the colour."""
    height, width = outgoing.pixels.shape[:2]
    said = "" if outgoing.said is None else f"# {outgoing.said}\n"
    file.write(f"P6\n{said}{width} {height}\n{(1 << outgoing.bits) - 1}\n".encode("ascii", "replace"))
    big_endian = outgoing.pixels.dtype.newbyteorder(">")
    file.write(np.ascontiguousarray(outgoing.pixels, big_endian).data)
    return []


def _save(file: IO[bytes], form: str, outgoing: Outgoing, **settings: Any) -> None:
    pillow_picture(outgoing.stacked()).save(file, form, **settings)


def _check_side(outgoing: Outgoing, form: str, longest: int) -> None:
    if max(outgoing.pixels.shape[:2]) > longest:
        raise UnwritablePicture(
            f"{form} holds at most {longest:,} pixels a side", hint="PNG and TIFF hold more"
        )
