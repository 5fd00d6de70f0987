"""Opening pictures: what can go wrong with a file is said here, once, in one line."""

from __future__ import annotations

import contextlib
import logging
import stat
import threading
import warnings
from typing import TYPE_CHECKING

from PIL import Image, TiffImagePlugin, TiffTags, UnidentifiedImageError

from device.errors import MissingInput, TintcastError, UnreadablePicture, from_os_error
from device.media.picture_names import RAW, UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from PIL.ImageFile import ImageFile

#: What Pillow may take a file for. Left out: what starts other programs (EPS), drawings without pixels (WMF),
#: and scientific containers that it only recognises.
_FORMATS = (
    "AVIF", "BMP", "CUR", "DCX", "DDS", "DIB", "GIF", "ICNS", "ICO", "IM", "JPEG", "JPEG2000", "MPO",
    "MSP", "PCX", "PNG", "PPM", "PSD", "QOI", "SGI", "SUN", "TGA", "TIFF", "WEBP", "XBM", "XPM",
)  # fmt: skip
_ORIENTATION = 0x0112
_TIFF = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}
_BROKEN = "not a picture, or a broken one"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[ImageFile]:
    """Open a picture with Pillow; nothing of its samples is decoded before they are asked for.

    Whatever goes wrong inside the block is an UnreadablePicture with its reason, a MissingInput, or, where
    the file can't be read at all, an InputError. More pixels than Pillow thinks safe (179 million) are
    refused before any memory is taken for them: larger than any camera's sensor, and 1.6 GB to colour.
    """
    with _named(path), _file(path) as file:
        if not file.read(1):
            raise UnreadablePicture("an empty file")
        if path.suffix.lower() in RAW:
            raise UnreadablePicture(
                "a camera's raw file, which holds only a preview as a picture",
                hint="develop it first, to TIFF",
            )
        file.seek(0)
        with quiet():
            picture = _identified(file)
            if isinstance(picture, TiffImagePlugin.TiffImageFile):
                _read_directories(picture)
        with picture:
            yield picture


def _file(path: Path) -> IO[bytes]:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a pipe would be waited for
        raise UnreadablePicture("not a file")
    return path.open("rb")


def _read_directories(picture: TiffImagePlugin.TiffImageFile) -> None:
    """Read a TIFF's directories ahead: Pillow would read them, and complain of them, while it decodes."""
    exif = picture.getexif()
    exif.get(_ORIENTATION)
    for tag in TiffTags.TAGS_V2_GROUPS:
        if tag in exif:
            exif.get_ifd(tag)


def _identified(file: IO[bytes]) -> ImageFile:
    """Let Pillow say what it is: first those formats that it has at hand, then all that it can load."""
    for load in (Image.preinit, Image.init):
        load()
        with contextlib.suppress(UnidentifiedImageError):
            return Image.open(file, formats=[form for form in _FORMATS if form in Image.OPEN])
    raise UnidentifiedImageError


#: Warnings and Pillow's log are switched off for the whole process: one thread at a time.
_QUIET = threading.Lock()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings while headers are read: odd metadata is no complaint, and bombs are told by an error."""
    log = logging.getLogger("PIL")
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = log.level
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(before)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn whatever a broken file leads decoders to raise into an error with its reason."""
    try:
        yield
    except UnreadablePicture as error:
        raise UnreadablePicture(error.what, where=path, hint=error.hint) from error
    except TintcastError:
        raise
    except OSError as error:
        raise _from_system(error, path) from error
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise _from_decoder(error, path) from error


def _from_system(error: OSError, path: Path) -> TintcastError:
    if isinstance(error, FileNotFoundError):
        return MissingInput("no such picture", where=path)
    if isinstance(error, IsADirectoryError):
        return UnreadablePicture("a folder, not a picture", where=path)
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(path)
    if error.errno is not None:
        return from_os_error(error, where=path, doing="can't be read")
    return _from_decoder(error, path)


def _from_decoder(error: Exception, path: Path) -> UnreadablePicture:
    if isinstance(error, Image.DecompressionBombError):
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return UnreadablePicture(
            f"more than the {most:,} pixels that a picture may have", where=path, hint="scale it down first"
        )
    if isinstance(error, MemoryError):
        return UnreadablePicture("too large for this machine's memory", where=path)
    text = str(error).partition("\n")[0].strip()
    return UnreadablePicture(f"{_BROKEN}: {text}" if text else _BROKEN, where=path)


def _unidentified(path: Path) -> UnreadablePicture:
    suffix = path.suffix.lower()
    if suffix in UNREAD:
        return UnreadablePicture(
            f"{suffix[1:].upper()} is not read", where=path, hint="save it as JPEG, PNG or TIFF first"
        )
    with path.open("rb") as file:
        start = file.read(4)
    if start in _TIFF:
        return UnreadablePicture(
            f"{_BROKEN}, or a kind of TIFF that is not read",
            where=path,
            hint="save it as grey or RGB of 8 or 16 bits",
        )
    return UnreadablePicture(_BROKEN, where=path)
