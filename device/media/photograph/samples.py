"""Samples of a picture as they are stored, whatever its mode: not yet upright, not yet sRGB."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import simplejpeg
from PIL import Image, TiffImagePlugin

from device.errors import UnreadablePicture
from device.media.photograph.deep import full_scale, read_deep
from device.media.photograph.icc import to_rgb
from device.media.photograph.opening import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from device.frames import Luma

_BAND = 1 << 22  # bytes or so that are converted at a time
_ANIMATED = {
    "AVIF": "frame",
    "GIF": "frame",
    "MPO": "picture",
    "PNG": "frame",
    "TIFF": "page",
    "WEBP": "frame",
}


#: Pillow's names of JPEG: with one picture, and with several.
JPEG = {"JPEG", "MPO"}


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """``pixels`` (H, W) or (H, W, 3), ``alpha`` (H, W) or None, uint8 or uint16 at full scale, as stored.

    ``icc``: the profile that still has to be applied. ``upright``: whether Exif's orientation has been undone
    already, as Pillow does to a TIFF.
    """

    pixels: Luma
    alpha: Luma | None
    icc: bytes | None
    notes: tuple[str, ...] = ()
    upright: bool = False


def read_samples(path: Path, picture: ImageFile) -> Samples:
    """Decode the first picture of a file that is ``opened``. Raises UnreadablePicture, or as decoders do."""
    notes = _note_frames(picture)
    icc = picture.info.get("icc_profile") or None
    complaint: tuple[str, ...] = ()
    if picture.format in JPEG and picture.mode in {"L", "RGB"}:
        jpeg, complaint = _jpeg(path)
        if jpeg is not None:
            return Samples(jpeg, None, icc, notes + complaint)
    if (deep := read_deep(path, picture)) is not None:
        pixels, alpha = deep
        return Samples(pixels, _transparent(pixels, picture) if alpha is None else alpha, icc, notes)
    pixels, alpha, note = _plain(picture, icc)
    if pixels.itemsize == 1 and _is_deep_tiff(picture):
        notes += ("read with 8 bits of its 16: CMYK, or alpha that is multiplied in",)
    return Samples(
        pixels,
        alpha,
        None if picture.mode in {"CMYK", "LAB"} else icc,
        notes + complaint + ((note,) if note else ()),
        upright=isinstance(picture, TiffImagePlugin.TiffImageFile),
    )


def _is_deep_tiff(picture: ImageFile) -> bool:
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return False
    return 16 in picture.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, ())


def _note_frames(picture: ImageFile) -> tuple[str, ...]:
    """A line where there is more in the file than its first picture."""
    thing = _ANIMATED.get(picture.format or "")
    if thing is None:
        return ()
    with quiet():
        try:
            count = int(getattr(picture, "n_frames", 1))
        except (EOFError, OSError, SyntaxError, ValueError):  # what is behind the first is broken: not ours
            count = 1
        picture.seek(0)
    return (f"the first of {count} {thing}s",) if count > 1 else ()


def _jpeg(path: Path) -> tuple[Luma | None, tuple[str, ...]]:
    """Samples of a JPEG, straight from libjpeg-turbo, and a line on what is wrong with the file.

    None where that is more than a missing end: Pillow is to decide whether it is a picture at all.
    """
    data = path.read_bytes()
    try:
        return _decoded(data), ()
    except ValueError as error:
        complaint = str(error).partition("\n")[0]
    if complaint == "Premature end of JPEG file":
        with contextlib.suppress(ValueError):
            return _decoded(data + b"\xff\xd9"), ("its end marker is missing, nothing else",)
    harmless = "extraneous bytes" in complaint  # cameras leave such
    damaged = f"damaged, parts of it may look wrong: {complaint[:1].lower()}{complaint[1:]}"
    return None, () if harmless else (damaged,)


def _decoded(data: bytes) -> Luma:
    """(H, W) or (H, W, 3) uint8 of a JPEG's bytes. Raises ValueError for the slightest fault."""
    _, _, colours, _ = simplejpeg.decode_jpeg_header(data)
    if colours == "Gray":
        return np.asarray(simplejpeg.decode_jpeg(data, "GRAY")[..., 0], np.uint8)
    return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), np.uint8)


def jpeg_luma(path: Path) -> Luma | None:
    """Luma of a colour JPEG as it lies in the file; None where the file has a fault."""
    try:
        return np.asarray(simplejpeg.decode_jpeg(path.read_bytes(), "GRAY")[..., 0], np.uint8)
    except ValueError:
        return None


def _plain(picture: ImageFile, icc: bytes | None) -> tuple[Luma, Luma | None, str | None]:
    """Samples of any mode that Pillow has, its alpha, and a note."""
    if picture.mode.startswith(("I", "F")):
        grey = _wide(picture)
        return grey, _transparent(grey, picture), None
    note = None
    if picture.mode in {"CMYK", "LAB"}:
        convert, note = to_rgb(picture.mode, icc)
        target = "RGB"
    else:
        target = _target(picture)
        convert = partial(Image.Image.convert, mode=target)
    _load(picture)
    out = np.empty((picture.height, picture.width, len(target)), np.uint8)
    for rows, band in _bands(picture):
        out[rows] = np.asarray(convert(band)).reshape(-1, picture.width, len(target))
    if target == "L":
        return out[..., 0], _transparent(out[..., 0], picture), note
    if target == "RGB":
        return out, _transparent(out, picture), note
    pixels = out[..., 0] if target == "LA" else out[..., :3]
    return np.ascontiguousarray(pixels), np.ascontiguousarray(out[..., -1]), note


def _target(picture: ImageFile) -> str:
    """The plain mode that holds all that this picture's mode does."""
    if picture.mode in {"1", "L"}:
        return "L"
    if picture.mode in {"LA", "La"}:
        return "LA"
    if picture.mode in {"RGBA", "RGBa", "PA"} or (picture.mode == "P" and "transparency" in picture.info):
        return "RGBA"
    return "RGB"


def _wide(picture: ImageFile) -> Luma:
    """Grey of more than 8 bits, as uint16 at full scale."""
    if picture.mode.startswith("F"):
        raise _too_wide()
    largest, inverted = 65_535, False
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        tags = picture.tag_v2
        largest = 4095 if tags.get(TiffImagePlugin.BITSPERSAMPLE) == (12,) else largest
        inverted = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0  # white is zero
    _load(picture)
    out = np.empty(picture.size[::-1], np.uint16)
    for rows, band in _bands(picture):
        wide = np.asarray(band)
        if wide.min() < 0 or wide.max() > 65_535:
            raise _too_wide()
        out[rows] = 65_535 - full_scale(wide, largest) if inverted else full_scale(wide, largest)
    return out


def _load(picture: ImageFile) -> None:
    """Decode it. Pillow warns of more than 89 million pixels here, too: such are decoded one at a time."""
    large = picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or 0)
    with quiet() if large else contextlib.nullcontext():
        picture.load()


def _too_wide() -> UnreadablePicture:
    return UnreadablePicture(
        "floating point, or more than 16 bits, is not read", hint="save it with 16 bits a channel"
    )


def _bands(picture: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Rows, and these of the picture: so that Pillow's way to arrays, which copies twice, stays small."""
    width, height = picture.size
    step = max(1, _BAND // width)
    if step >= height:
        yield slice(None), picture
        return
    for top in range(0, height, step):
        bottom = min(top + step, height)
        yield slice(top, bottom), picture.crop((0, top, width, bottom))


def _transparent(pixels: Luma, picture: ImageFile) -> Luma | None:
    """Alpha of a picture in which one colour stands for transparent; None where none does."""
    colour = picture.info.get("transparency")
    if picture.mode in {"P", "PA"} or not isinstance(colour, int | tuple):
        return None
    seen = pixels != np.asarray(colour)
    if pixels.ndim == 3:
        seen = seen.any(axis=-1)
    return cast("Luma", seen * pixels.dtype.type(np.iinfo(pixels.dtype).max))
