"""Samples of a picture as they are stored, whatever its mode: not yet upright, not yet sRGB."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import simplejpeg
from PIL import Image, TiffImagePlugin

from device.errors import UnreadablePicture
from device.media.photograph.icc import to_rgb
from device.media.photograph.opening import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
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
    if picture.format in JPEG and picture.mode in {"L", "RGB"} and (jpeg := _jpeg(path)) is not None:
        return Samples(jpeg, None, icc, notes)
    if (deep := _deep(path, picture)) is not None:
        pixels, alpha = deep
        return Samples(pixels, _transparent(pixels, picture) if alpha is None else alpha, icc, notes)
    pixels, alpha, note = _plain(picture, icc)
    return Samples(
        pixels,
        alpha,
        None if picture.mode in {"CMYK", "LAB"} else icc,
        (*notes, note) if note else notes,
        upright=isinstance(picture, TiffImagePlugin.TiffImageFile),
    )


def _note_frames(picture: ImageFile) -> tuple[str, ...]:
    """A line where there is more in the file than its first picture."""
    thing = _ANIMATED.get(picture.format or "")
    if thing is None:
        return ()
    try:
        with quiet():
            count = int(getattr(picture, "n_frames", 1))
    except (EOFError, OSError, SyntaxError, ValueError):  # what comes behind the first is broken: not ours
        count = 1
    finally:
        picture.seek(0)
    return (f"the first of {count} {thing}s",) if count > 1 else ()


def _jpeg(path: Path) -> Luma | None:
    """Samples of a JPEG, straight from libjpeg-turbo; None where it has something to say against the file."""
    data = path.read_bytes()
    try:
        _, _, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours == "Gray":
            return jpeg_luma(path)
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB"), np.uint8)
    except ValueError:
        return None


def jpeg_luma(path: Path) -> Luma | None:
    """Luma of a JPEG as it lies in the file; None as ``_jpeg``."""
    try:
        return np.asarray(simplejpeg.decode_jpeg(path.read_bytes(), "GRAY")[..., 0], np.uint8)
    except ValueError:
        return None


def _deep(path: Path, picture: ImageFile) -> tuple[Luma, Luma | None] | None:
    """Samples of 16 bits and several channels, of which Pillow gives 8; None where it is no such file."""
    if picture.format == "PPM":
        return _deep_ppm(path, picture)
    channels = _deep_channels(path, picture)
    if not channels:
        return None
    with quiet_opencv():
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        raise UnreadablePicture("not a picture, or a broken one")
    if stored.ndim == 2:
        return np.asarray(stored, np.uint16), None
    alpha = None
    if stored.shape[2] == 4 and channels in {2, 4}:
        alpha = np.ascontiguousarray(stored[..., 3], np.uint16)
    if channels <= 2:
        return np.ascontiguousarray(stored[..., 0], np.uint16), alpha
    turn = cv2.COLOR_BGRA2RGB if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(stored, turn), np.uint16), alpha


@contextlib.contextmanager
def quiet_opencv() -> Iterator[None]:
    """No words from OpenCV: what is wrong with a picture we say ourselves."""
    # Its two major versions have it in different places.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    before = set_level(0)
    try:
        yield
    finally:
        set_level(before)


def _deep_channels(path: Path, picture: ImageFile) -> int:
    """How many channels of 16 bits there are, grey alone not counted: 0 where there are none."""
    if picture.format == "PNG":
        with path.open("rb") as file:
            header = file.read(26)  # a PNG has its depth and its kind of colour in its first chunk
        return {2: 3, 4: 2, 6: 4}.get(header[25], 0) if header[24] == 16 else 0
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        tags = picture.tag_v2
        bits = tags.get(TiffImagePlugin.BITSPERSAMPLE, ())
        premultiplied = 1 in tags.get(TiffImagePlugin.EXTRASAMPLES, ())
        fitting = (
            len(bits) in {2, 3, 4} and set(bits) == {16} and picture.mode in {"LA", "RGB", "RGBA", "RGBX"}
        )
        return (len(bits) if picture.mode != "RGB" else 3) if fitting and not premultiplied else 0
    if picture.format == "JPEG2000" and picture.mode in {"RGB", "RGBA"}:
        with path.open("rb") as file:
            head = file.read(1 << 16)
        size = head.find(b"\xff\x4f\xff\x51")  # ITU-T T.800, A.5.1: each component's depth, less one
        depths = head[size + 42 :: 3][: len(picture.mode)] if size >= 0 else b""
        return len(picture.mode) if set(depths) == {15} else 0
    return 0


def _deep_ppm(path: Path, picture: ImageFile) -> tuple[Luma, None] | None:
    """Samples of a binary PPM of more than 8 bits: the larger byte first, whatever its largest value."""
    _, _, offset, args = picture.tile[0]
    if picture.mode != "RGB" or not isinstance(args, tuple) or args[-1] <= 255 or _first(path, 2) != b"P6":
        return None
    width, height = picture.size
    stored = np.fromfile(path, ">u2", 3 * width * height, offset=offset)
    if stored.size < 3 * width * height:
        raise UnreadablePicture("the file is cut short")
    return _full_scale(stored.reshape(height, width, 3), int(args[-1])), None


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _full_scale(values: NDArray[np.integer], largest: int) -> Luma:
    """Codes 0..``largest`` as uint16 over its whole range."""
    if largest == 65_535:
        return values.astype(np.uint16)
    return np.asarray(np.rint(np.minimum(values, largest) * (65_535 / largest)), np.uint16)


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
    picture.load()
    width, height = picture.size
    out = np.empty((height, width, len(target)), np.uint8)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        band = picture.crop((0, top, width, min(top + step, height)))
        out[top : top + step] = np.asarray(convert(band)).reshape(-1, width, len(target))
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
    wide: NDArray[np.integer] = np.asarray(picture)
    if picture.mode == "F" or wide.min() < 0 or wide.max() > 65_535:
        raise UnreadablePicture(
            "pictures of more than 16 bits are not read", hint="save it with 16 bits a channel"
        )
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        if picture.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE) == (12,):
            wide = _full_scale(wide, 4095)
        if picture.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0:  # white is zero
            wide = 65_535 - wide
    return wide.astype(np.uint16)


def _transparent(pixels: Luma, picture: ImageFile) -> Luma | None:
    """Alpha of a picture in which one colour stands for transparent; None where none does."""
    colour = picture.info.get("transparency")
    if picture.mode in {"P", "PA"} or not isinstance(colour, int | tuple):
        return None
    seen = pixels != np.asarray(colour)
    if pixels.ndim == 3:
        seen = seen.any(axis=-1)
    return cast("Luma", seen * pixels.dtype.type(np.iinfo(pixels.dtype).max))
