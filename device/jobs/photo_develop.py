"""One photograph from its file to its file: read, coloured or passed on, written, shown before and after."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from device.errors import InputError
from device.media.contact import BeforeAfter
from device.media.durable import copy_file, writable
from device.media.photograph import read_photograph, write_photograph
from device.media.photograph.opening import opened
from device.media.picture_names import WRITTEN
from device.media.side_by_side import shown, write_side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.frames import Luma
    from device.jobs.photo_plan import Place
    from device.jobs.photo_tint import PhotoTinter
    from device.media.made_by import MadeBy
    from device.media.photograph import Photograph

#: A result that is older than its picture by more than this was made of another one; file systems keep times
#: to two seconds at worst.
_OLDER_NS = 2_000_000_000
_ON_SHEET = 840  # pixels: twice what a contact sheet shows


class Outcome(Enum):
    """What became of a picture."""

    COLOURED = "coloured"
    PASSED = "passed as it was"
    THERE = "there already"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class Developed:
    """What became of a picture; ``pair``: before and after, where they are wanted."""

    outcome: Outcome
    pair: BeforeAfter | None = None


class Developer:
    """Develops photographs; several threads may share one.

    ``overwrite``: replace what is there; ``compare``: write before and after side by side, too; ``quality``:
    1..100 of files that lose something, None for what suits the picture; ``note(file, text)`` takes what the
    user should know of one.
    """

    def __init__(
        self,
        tinter: PhotoTinter,
        made_by: MadeBy,
        *,
        overwrite: bool,
        compare: bool,
        quality: int | None,
        note: Callable[[Path, str], None],
    ) -> None:
        self._tinter = tinter
        self._made_by = made_by
        self._overwrite = overwrite
        self._compare = compare
        self._quality = quality
        self._note = note

    def cost(self, place: Place, *, pair: bool) -> int:
        """How many pixels ``develop`` will have to do with; none where it can't be known."""
        if not self._overwrite and _there(place) and not pair and not self._wants_compare(place):
            return 0
        with suppress(InputError), opened(place.source) as picture:
            return picture.width * picture.height
        return 0

    def _wants_compare(self, place: Place) -> bool:
        return self._compare and (self._overwrite or not os.path.lexists(place.compare))

    def develop(self, place: Place, *, pair: bool) -> Developed:
        """Do all that is wanted of a picture and not there yet; ``pair``: give before and after.

        Raises every error of ``read_photograph`` and ``write_photograph``, and InputError for a picture that
        has changed since what is there was made of it.
        """
        there = None if self._overwrite else _there(place)
        compares = self._wants_compare(place)
        if there is not None:
            _check_age(place.source, there)
            if not compares:
                return Developed(Outcome.THERE, _pair_of_files(place.source, there) if pair else None)
        photograph = read_photograph(place.source)
        for note in photograph.notes:
            self._note(place.source, note)
        rgb = self._tinter.tint(photograph.pixels)
        if rgb is None:
            if there is None:
                self._keep(place, photograph)
        else:
            if compares:
                _make_folder(place.compare.parent)
                write_side_by_side(place.compare, photograph.pixels, rgb, self._made_by)
            if there is None:
                self._write(place, photograph, rgb)
        outcome = Outcome.PASSED if rgb is None else Outcome.COLOURED
        return Developed(
            outcome if there is None else Outcome.THERE,
            _pair(photograph.pixels, rgb, place.source.name) if pair else None,
        )

    def _keep(self, place: Place, photograph: Photograph) -> None:
        """Write a picture as it is: byte for byte, or in the kind of file that its new name asks for."""
        _make_folder(place.kept.parent)
        if _kind(place.kept) == _kind(place.source):
            copy_file(place.source, place.kept)
        else:
            pixels = photograph.pixels
            rgb = pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)
            self._encode(place.kept, rgb, photograph, None)
        _keep_time(place.source, place.kept)

    def _write(self, place: Place, photograph: Photograph, rgb: Luma) -> None:
        _make_folder(place.result.parent)
        self._encode(place.result, rgb, photograph, self._made_by)
        _keep_time(place.source, place.result)

    def _encode(self, path: Path, rgb: Luma, photograph: Photograph, made_by: MadeBy | None) -> None:
        notes = write_photograph(
            path, rgb, photograph, made_by, overwrite=self._overwrite, quality=self._quality
        )
        for note in notes:
            self._note(path, note)


def _there(place: Place) -> Path | None:
    """What there is already of a picture."""
    return next((path for path in (place.result, place.kept) if os.path.lexists(path)), None)


def _check_age(source: Path, result: Path) -> None:
    with suppress(OSError):
        if result.stat().st_mtime_ns < source.stat().st_mtime_ns - _OLDER_NS:
            raise InputError(
                "has changed since its result was made", where=source, hint="--overwrite makes that anew"
            )


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return WRITTEN.get(suffix, suffix)


def _keep_time(source: Path, result: Path) -> None:
    """Give a result the time of its picture: so both are sorted alike, and one that changes later is seen."""
    with suppress(OSError):
        stat = source.stat()
        os.utime(result, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _make_folder(folder: Path) -> None:
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _pair(before: Luma, after: Luma | None, name: str) -> BeforeAfter:
    left = shown(before, _ON_SHEET)
    if after is None:
        return BeforeAfter.of_rgb(left, left, f"{name}: as it was")
    return BeforeAfter.of_rgb(left, shown(after, _ON_SHEET), name)


def _pair_of_files(source: Path, result: Path) -> BeforeAfter:
    """Before and after of a picture that an earlier run has done; nothing where they no longer fit."""
    before, after = read_photograph(source).pixels, read_photograph(result).pixels
    if before.shape[:2] != after.shape[:2]:
        return BeforeAfter.nothing(f"{source.name}: its result is of another size")
    return _pair(before, after, source.name)
