"""What a picture says of itself: Exif, XMP, IPTC, resolution, text. What is broken is left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import TiffImagePlugin

from device.media.photograph import exif as exif_room
from device.media.photograph.quality import estimate_quality
from device.media.photograph.tiff_tags import described, stored_bytes
from device.media.photograph.values import Carried
from device.media.xmp import BrokenXmp, Name, merge

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFile import ImageFile

_IPTC_RESOURCE = 0x0404
_IPTC_TAG = 33_723
_TIFF_NS, _EXIF_NS = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_PHOTOSHOP_NS = "http://ns.adobe.com/photoshop/1.0/"
_NOTE_NS = "http://ns.adobe.com/xmp/note/"
#: XMP that would tell of the old samples.
_STALE = (
    Name(_TIFF_NS, "tiff", "Orientation"),
    Name(_TIFF_NS, "tiff", "ImageWidth"),
    Name(_TIFF_NS, "tiff", "ImageLength"),
    Name(_TIFF_NS, "tiff", "SamplesPerPixel"),
    Name(_TIFF_NS, "tiff", "PhotometricInterpretation"),
    Name(_TIFF_NS, "tiff", "BitsPerSample"),
    Name(_TIFF_NS, "tiff", "Compression"),
    Name(_EXIF_NS, "exif", "PixelXDimension"),
    Name(_EXIF_NS, "exif", "PixelYDimension"),
    Name(_EXIF_NS, "exif", "ColorSpace"),
    Name(_PHOTOSHOP_NS, "photoshop", "ColorMode"),
    Name(_PHOTOSHOP_NS, "photoshop", "ICCProfile"),
    Name("http://ns.adobe.com/xap/1.0/", "xmp", "Thumbnails"),
    Name(_NOTE_NS, "xmpNote", "HasExtendedXMP"),
    # Where a second picture, the first one's brighter parts, would be in the same file.
    Name("http://ns.google.com/photos/1.0/container/", "Container", "Directory"),
    Name("http://ns.adobe.com/hdr-gain-map/1.0/", "hdrgm", "Version"),
)
_LONGEST_TEXT = 1 << 16
#: PNG's text that stands for something else, which goes over by itself.
_NOT_TEXT = ("XML:com.adobe.xmp", "Raw profile type", "icc:", "exif:")


def read_carried(path: Path, picture: ImageFile, width: int, height: int) -> tuple[Carried, tuple[str, ...]]:
    """Everything that goes over into what is written, and notes on what does not.

    ``width``, ``height``: of the picture once it is upright.
    """
    notes = []
    info = picture.info
    exif = xmp = None
    if stored := raw_exif(path, picture):
        try:
            exif = exif_room.upright(stored, width, height)
        except ValueError:
            notes.append("its Exif is broken and was left out")
    if stored := _raw_xmp(info):
        try:
            xmp = merge(stored, drop=_STALE)
        except BrokenXmp:
            notes.append("its XMP is broken and was left out")
    carried = Carried(
        exif=exif,
        xmp=xmp,
        iptc=_iptc(path, picture),
        comment=comment if isinstance(comment := info.get("comment"), bytes) and comment else None,
        text=_text(picture),
        dpi=_dpi(picture),
        quality=estimate_quality(getattr(picture, "quantization", None)),
        lossless=_loses_nothing(path, picture),
    )
    return carried, tuple(notes)


def raw_exif(path: Path, picture: ImageFile) -> bytes | None:
    """Exif as it is stored, without a prefix; of a TIFF, a structure of those tags that describe it."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return described(path)
    stored = picture.info.get("exif") or _from_hexadecimals(picture.info.get("Raw profile type exif"))
    return stored.removeprefix(b"Exif\0\0") or None if isinstance(stored, bytes) else None


def _raw_xmp(info: dict[Any, Any]) -> bytes | None:
    stored = info.get("xmp") or info.get("XML:com.adobe.xmp")
    if stored is None:
        stored = _from_hexadecimals(info.get("Raw profile type xmp"))
    if isinstance(stored, str):
        return stored.encode("utf-8", "surrogateescape")
    return stored if isinstance(stored, bytes) else None


def _iptc(path: Path, picture: ImageFile) -> bytes | None:
    """IPTC-IIM: of a JPEG in Photoshop's resources, of a TIFF in a tag, of a PNG as hexadecimals."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        stored = stored_bytes(path, _IPTC_TAG)
        if stored is not None and stored[3:4] == b"\x1c":  # told as numbers, and so turned around by some
            stored = b"".join(stored[at : at + 4][::-1] for at in range(0, len(stored), 4))
    elif picture.format == "PNG":
        stored = _from_hexadecimals(picture.info.get("Raw profile type iptc"))
        if stored is not None and (at := stored.find(b"8BIM\x04\x04")) >= 0:
            stored = stored[at + 12 :]
    else:
        resources = picture.info.get("photoshop")
        stored = resources.get(_IPTC_RESOURCE) if isinstance(resources, dict) else None
    return stored if isinstance(stored, bytes) and stored[:1] == b"\x1c" else None


def _from_hexadecimals(text: object) -> bytes | None:
    """What ImageMagick, and others after it, put into a PNG's text: a name, a length, hexadecimals."""
    if not isinstance(text, str):
        return None
    try:
        return bytes.fromhex("".join(text.split()[2:]))
    except ValueError:
        return None


def _text(picture: ImageFile) -> tuple[tuple[str, str], ...]:
    found = getattr(picture, "text", None)
    if picture.format != "PNG" or not isinstance(found, dict):
        return ()
    return tuple(
        (key, str(value))
        for key, value in found.items()
        if not key.startswith(_NOT_TEXT) and len(value) <= _LONGEST_TEXT
    )


def _dpi(picture: ImageFile) -> tuple[float, float] | None:
    try:
        across, down = (round(float(value), 2) for value in picture.info["dpi"])  # 299.9994 of a PNG is 300
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    sound = all(math.isfinite(value) and 1 < value <= 60_000 for value in (across, down))
    return (across, down) if sound else None


def _loses_nothing(path: Path, picture: ImageFile) -> bool:
    if picture.format == "WEBP":
        with path.open("rb") as file:
            return b"VP8L" in file.read(4096)
    return picture.format not in {"JPEG", "MPO", "AVIF"}
