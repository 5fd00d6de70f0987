"""Colour of 16 bits a channel, of which Pillow gives only 8: read by OpenCV, and PPM by hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from device.errors import UnreadablePicture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from device.frames import Luma


def read_deep(path: Path, picture: ImageFile) -> tuple[Luma, Luma | None] | None:
    """Samples of 16 bits and several channels, of which Pillow gives 8; None where it is no such file."""
    if picture.format == "PPM":
        return _deep_ppm(path, picture)
    channels = _deep_channels(path, picture)
    if not channels:
        return None
    if picture.format == "PNG":
        with Image.open(path, formats=["PNG"]) as checked:
            checked.verify()  # or libpng has its say on the terminal
    with quiet_opencv():
        # By its bytes: OpenCV takes no name that is not UTF-8.
        stored = cv2.imdecode(np.memmap(path, np.uint8, "r"), cv2.IMREAD_UNCHANGED)
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
    return full_scale(stored.reshape(height, width, 3), int(args[-1])), None


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def full_scale(values: NDArray[np.integer], largest: int) -> Luma:
    """Codes 0..``largest`` as uint16 over its whole range."""
    if largest == 65_535:
        return values.astype(np.uint16)
    return np.asarray(np.rint(np.minimum(values, largest) * (65_535 / largest)), np.uint16)
