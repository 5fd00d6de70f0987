"""A folder of pictures, numbered or not, as the frames of a film: luma alone, as deep as it is stored."""

from __future__ import annotations

import io
import re
import warnings
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin, TiffImagePlugin

from device.errors import InputError, MissingInput, UnreadablePicture, from_os_error
from device.frames import JPEG_COLOUR, Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from device.frames import Luma

#: Files with other names are passed over.
SUFFIXES = frozenset(
    {".bmp", ".jpe", ".jpeg", ".jpg", ".jp2", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)

_ORIENTATION = 0x0112  # the EXIF tag
#: EXIF orientation: whether it is mirrored left to right, then how far it is turned clockwise.
_ORIENTATIONS = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 180),
    4: (True, 180),
    5: (True, 270),
    6: (False, 90),
    7: (True, 90),
    8: (False, 270),
}


class PictureFolder:
    """The pictures in ``folder`` in natural order (``2.png`` before ``10.png``), ``rate`` of them a second.

    Raises MissingInput, or InputError where there is no picture in it.
    """

    def __init__(self, folder: Path, rate: Fraction | int = 24) -> None:
        self._rate = Fraction(rate)
        self._closed = False
        self.paths = find_pictures(folder)

    def frames(self) -> Iterator[Frame]:
        """Yield one frame for each of ``paths``. Raises UnreadablePicture at the first that is broken."""
        for index, path in enumerate(self.paths):
            if self._closed:
                return
            luma, depth, rotation = read_luma(path)
            yield Frame(
                luma=luma,
                colour_space=JPEG_COLOUR,
                index=index,
                pts=index,
                time_base=1 / self._rate,
                depth=depth,
                rotation=rotation,
            )

    def close(self) -> None:
        """End ``frames`` after the present one."""
        self._closed = True

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def find_pictures(folder: Path) -> tuple[Path, ...]:
    """Paths of the pictures in ``folder`` (not below it, no hidden ones), in natural order."""
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        ]
    except FileNotFoundError as error:
        raise MissingInput("no such folder", where=folder) from error
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't be read as a folder") from error
    if not found:
        raise InputError("no pictures in this folder", where=folder)
    return tuple(sorted(found, key=_natural))


def _natural(path: Path) -> tuple[list[str | int], str]:
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [int(part) if number % 2 else part for number, part in enumerate(parts)], path.name


def read_luma(path: Path) -> tuple[Luma, int, int]:
    """Luma (H, W) of one picture as it is stored, its depth in bits, and the rotation that turns it upright.

    Grey pictures keep their codes, 8 or 16 bits; of colour it is the BT.601 full-range luma, a JPEG's own
    where it is one; alpha is left out; of several pages or frames it is the first. A mirrored orientation in
    EXIF is undone here, a turned one is what the rotation says. Raises UnreadablePicture, MissingInput.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingInput("no such picture", where=path) from error
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from error
    try:
        luma, mirrored, rotation = _decode(data)
    except UnreadablePicture as error:
        raise UnreadablePicture(error.what, where=path) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePicture("more pixels than a picture may have", where=path) from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file leads them to
        raise UnreadablePicture("not a picture, or a broken one", where=path) from error
    if mirrored:
        luma = luma[:, ::-1].copy()
    return luma, 8 * luma.itemsize, rotation


def _decode(data: bytes) -> tuple[Luma, bool, int]:
    """Luma of a file's bytes, and its orientation: mirrored, then turned."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # odd metadata: the picture is what counts
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data)) as picture:
            mirrored, rotation = _ORIENTATIONS.get(picture.getexif().get(_ORIENTATION, 1), (False, 0))
            return _deep_luma(data) if _is_deep_colour(data, picture) else _luma(picture), mirrored, rotation


def _luma(picture: Image.Image) -> Luma:
    """Luma of any mode that Pillow has."""
    if isinstance(picture, JpegImagePlugin.JpegImageFile) and not _stores_rgb(picture):
        picture.draft("YCbCr", picture.size)
    if picture.mode == "YCbCr":
        return np.array(picture.getchannel("Y"), np.uint8)
    if picture.mode in {"1", "L", "LA", "La"}:
        return np.array(picture.convert("L"), np.uint8)
    if picture.mode.startswith(("I", "F")):
        wide = np.array(picture)
        if picture.mode == "F" or wide.min() < 0 or wide.max() > 65_535:
            raise UnreadablePicture("pictures of more than 16 bits are not read")
        return wide.astype(np.uint16)
    return np.asarray(cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2GRAY), np.uint8)


def _stores_rgb(picture: JpegImagePlugin.JpegImageFile) -> bool:
    """Whether a colour JPEG holds RGB instead of YCbCr: Adobe's marker or the components' names say so."""
    return picture.info.get("adobe_transform") == 0 or picture.layer[0][0] == ord("R")


def _is_deep_colour(data: bytes, picture: Image.Image) -> bool:
    """Whether it is 16-bit colour, of which Pillow gives only 8."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        bits = picture.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, ())
        return len(bits) > 1 and max(bits) == 16
    # A PNG has its depth and its kind of colour (2: RGB, 6: RGBA) in its first chunk.
    return picture.format == "PNG" and data[24] == 16 and data[25] in {2, 6}


def _deep_luma(data: bytes) -> Luma:
    """BT.601 luma of a 16-bit colour picture, (H, W) uint16."""
    # OpenCV 5 and 4 have it in different places. What is wrong with the picture we say ourselves.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    before = set_level(0)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        set_level(before)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise UnreadablePicture("not a picture, or a broken one")
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_BGR2GRAY), np.uint16)
