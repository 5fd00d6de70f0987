"""A folder of pictures, numbered or not, as the frames of a film, as deep as they are stored."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Self

from device.errors import InputError, MissingInput, from_os_error
from device.frames import JPEG_COLOUR, Frame
from device.media.order import natural
from device.media.photograph.planes import read_planes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

#: Files with other names are passed over.
SUFFIXES = frozenset(
    {".bmp", ".jpe", ".jpeg", ".jpg", ".jp2", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


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
            luma, cb, cr, rotation = read_planes(path)
            yield Frame(
                luma=luma,
                cb=cb,
                cr=cr,
                colour_space=JPEG_COLOUR,
                index=index,
                pts=index,
                time_base=1 / self._rate,
                depth=8 * luma.itemsize,
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
    return tuple(sorted(found, key=natural))
