"""Which picture goes where: a pure matter of names, and the walk that finds them.

Nothing here opens a picture or writes anything.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, InputError, MissingInput, TintcastError, from_os_error
from device.media.order import natural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    #: The name that a picture has once it is in colour: its own where that kind of file holds colour.
    Namer = Callable[[str], str]

#: What a comparison's name ends with.
COMPARE = ".compare.jpg"


@dataclass(frozen=True, slots=True)
class Place:
    """Where what becomes of one picture goes.

    ``result``: the picture in its new colour; ``kept``: the picture as it is, where its own colour passes;
    the two differ where its kind of file holds no colour. ``compare``: before and after, side by side.
    """

    source: Path
    result: Path
    kept: Path
    compare: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done, in natural order.

    ``others``: files that are no pictures, ``links``: folders that are links, all passed over; ``unread``:
    folders that can't be read.
    """

    places: tuple[Place, ...]
    others: int = 0
    links: int = 0
    unread: tuple[TintcastError, ...] = ()


@dataclass(slots=True)
class _Found:
    """What the walk met; pictures by their path below the folder."""

    pictures: list[PurePath] = field(default_factory=list)
    others: int = 0
    links: int = 0
    unread: list[TintcastError] = field(default_factory=list)


def plan(source: Path, out: str, *, is_picture: Callable[[str], bool], namer: Namer) -> Plan:
    """What ``tintcast photo SOURCE OUT`` has to do.

    A picture goes to the file ``out``, or under its name into the folder ``out`` (one that is there, or whose
    name ends with a slash). A folder goes to the folder ``out``, with all below it: hidden files, and folders
    that are links, are passed over; so is ``out`` where it lies in ``source``.

    Raises MissingInput and InputError for a ``source`` that can't be, ConfigurationError for such an ``out``.
    """
    if not source.exists():
        raise MissingInput("no such file or folder", where=source)
    if source.is_dir():
        return _plan_folder(source, Path(out), is_picture, namer)
    if not source.is_file():
        raise InputError("is neither a picture nor a folder", where=source)
    place = _place_of_file(source, out, namer)
    check_target(place.result, source)
    return Plan((place,))


def _place_of_file(source: Path, out: str, namer: Namer) -> Place:
    folder = Path(out)
    if folder.is_dir() or out.endswith("/"):
        (names,) = name_all([PurePath(source.name)], namer)
        return Place(source, *(folder / name for name in names))
    if not folder.parent.is_dir():
        raise ConfigurationError("its folder does not exist", where=out)
    return Place(source, folder, folder, folder.with_name(folder.stem + COMPARE))


def check_target(target: Path, source: Path) -> None:
    """Refuse a file to write that is a folder, or the picture that is read, whatever it is called."""
    if target.is_dir():
        raise ConfigurationError("is a folder", where=target, hint="name a file for the result")
    if target.exists() and target.samefile(source):
        raise ConfigurationError(
            "is the picture that is read: it would be overwritten", where=target, hint="name another file"
        )


def _plan_folder(source: Path, out: Path, is_picture: Callable[[str], bool], namer: Namer) -> Plan:
    if out.exists() and not out.is_dir():
        raise ConfigurationError("is a file", where=out, hint=f"{source} is a folder: name one for OUT")
    if out.is_dir() and out.samefile(source):
        raise ConfigurationError(
            "is the folder that is read", where=out, hint="name another one for the results"
        )
    found = _walk(source, out, is_picture)
    if not found.pictures and not found.unread:
        raise InputError("no pictures in this folder", where=source)
    found.pictures.sort(key=natural)
    places = tuple(
        Place(source / picture, *(out / name for name in names))
        for picture, names in zip(found.pictures, name_all(found.pictures, namer), strict=True)
    )
    _check_tree(places, source, out)
    return Plan(places, found.others, found.links, tuple(found.unread))


def _walk(source: Path, out: Path, is_picture: Callable[[str], bool]) -> _Found:
    """Find the pictures below ``source``, but for what lies in ``out``."""
    found = _Found()

    def note(error: OSError) -> None:
        found.unread.append(from_os_error(error, where=error.filename, doing="can't be read as a folder"))

    for folder, below, names in os.walk(source, onerror=note):
        here = Path(folder)
        below[:] = [name for name in below if not name.startswith(".") and not _is_same(here / name, out)]
        found.links += sum((here / name).is_symlink() for name in below)
        for path in (here / name for name in names if not name.startswith(".")):
            # A link that leads nowhere is a picture that can't be read; a pipe or a device is none.
            if is_picture(path.name) and (path.is_file() or not path.exists()):
                found.pictures.append(path.relative_to(source))
            else:
                found.others += 1
    return found


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _check_tree(places: Sequence[Place], source: Path, out: Path) -> None:
    """Refuse results that would land among the pictures that are read, through whatever links."""
    among, beside = source.resolve(), out.resolve()
    real: dict[Path, Path] = {}
    for place in places:
        parent = place.result.parent
        if parent not in real:
            real[parent] = parent.resolve()
            if real[parent].is_relative_to(among) and not (
                beside.is_relative_to(among) and real[parent].is_relative_to(beside)
            ):
                raise ConfigurationError(
                    f"{place.result} would lie among the pictures that are read", where=out,
                    hint="name a folder of its own for the results",
                )  # fmt: skip
        for target in {place.result, place.kept, place.compare}:
            if target.exists() and target.samefile(place.source):
                raise ConfigurationError(
                    "is the picture that is read, by another name", where=target,
                    hint="name a folder of its own for the results",
                )  # fmt: skip


def name_all(pictures: Sequence[PurePath], namer: Namer) -> list[tuple[PurePath, PurePath, PurePath]]:
    """Name result, kept picture and comparison of each of ``pictures``, so that no two share a name.

    A picture keeps its name. One that must change it, and every comparison, has the short name (``a.ppm`` for
    ``a.pgm``), or where that is taken the long one (``a.pgm.ppm``), or a number beside it.
    """
    taken = set(pictures)
    named = []
    for picture in pictures:
        wanted = namer(picture.name)
        result = picture
        if wanted != picture.name:
            suffix = PurePath(wanted).suffix
            result = _free(picture, [wanted, picture.name + suffix], suffix, taken)
        short = [picture.stem + COMPARE, picture.name + COMPARE]
        named.append((result, picture, _free(picture, short, COMPARE, taken)))
    return named


def _free(picture: PurePath, names: Iterable[str], suffix: str, taken: set[PurePath]) -> PurePath:
    numbered = (f"{picture.name}-{number}{suffix}" for number in itertools.count(2))
    free = next(
        path for name in itertools.chain(names, numbered) if (path := picture.with_name(name)) not in taken
    )
    taken.add(free)
    return free
