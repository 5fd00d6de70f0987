"""What lies under IN: films, pictures and numbered sequences, by their names alone."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from device.errors import TintcastError, from_os_error
from device.media.order import natural
from device.media.picture_names import is_photograph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from device.jobs.batch.records import Kind

#: What films' names end with. Whether it is one, its process finds out.
_FILMS: Final = frozenset({
    ".3g2", ".3gp", ".amv", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gxf", ".h264", ".h265", ".hevc",
    ".ivf", ".m1v", ".m2p", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mjpeg", ".mjpg", ".mkv", ".mod",
    ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nsv", ".nut", ".obu", ".ogm", ".ogv",
    ".qt", ".rm", ".rmvb", ".tod", ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
})  # fmt: skip
#: Names of other things, too: a film has bytes that no text has.
_ALSO_TEXT: Final = frozenset({".ts", ".mts", ".mod"})
#: What programs put behind the name of a file that is not whole yet.
_PARTIAL: Final = frozenset({
    ".!qb", ".!ut", ".aria2", ".bc!", ".crdownload", ".download", ".filepart", ".inprogress", ".opdownload",
    ".part", ".partial", ".tmp", ".unfinished", ".uploading",
})  # fmt: skip
#: So many pictures with one name but for their numbers are a sequence, where sequences are wanted.
_LEAST_PICTURES: Final = 8
_NUMBERED: Final = re.compile(r"(.*?)([0-9]+)")


@dataclass(frozen=True, slots=True)
class State:
    """What shows that a file is still written: its size and times, of all its files for a sequence."""

    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something to colorize.

    ``path``: the file, or of a sequence the folder; ``relative``: its path below IN, which tells it from all
    others; ``pictures``: of a sequence, in natural order. ``state`` as it was found. ``partial``: another
    file beside it says that this one is not whole.
    """

    path: Path
    relative: str
    kind: Kind
    state: State
    pictures: tuple[Path, ...] = ()
    partial: bool = False


@dataclass(slots=True)
class Found:
    """What one look found.

    ``items``: in natural order. ``partial``: files whose names say that they are not whole yet. ``others``:
    files that are neither films nor pictures; ``links``: folders that are links; both are passed over.
    ``unread``: folders and files that can't be read.
    """

    items: list[Item] = field(default_factory=list)
    partial: dict[str, State] = field(default_factory=dict)
    others: int = 0
    links: int = 0
    unread: list[TintcastError] = field(default_factory=list)


def scan(source: Path, out: Path, *, sequences: bool) -> Found:
    """Look through the folder ``source`` but for what lies in ``out``, hidden folders, and linked ones.

    Files may be links. ``sequences``: numbered pictures are films.
    """
    found = Found()

    def note(error: OSError) -> None:
        found.unread.append(from_os_error(error, where=error.filename, doing="can't be read as a folder"))

    for folder, below, names in os.walk(source, onerror=note):
        here = Path(folder)
        below[:] = [name for name in below if not name.startswith(".") and not _is_same(here / name, out)]
        found.links += sum(os.path.islink(here / name) for name in below)  # noqa: PTH114 - it never raises
        found.items += _items(here, names, source, found, sequences=sequences)
    found.items.sort(key=lambda item: natural(PurePath(item.relative)))
    return found


def _items(here: Path, names: list[str], source: Path, found: Found, *, sequences: bool) -> Iterator[Item]:
    pictures: list[Item] = []
    whole = {name for name in names if not name.startswith(".")}
    for name in names:
        path = here / name
        relative = str(path.relative_to(source))
        if _whole_name(name) is not None:
            if (state := _state(path)) is not None:
                found.partial[relative] = state
            continue
        if name.startswith("."):
            continue
        kind: Kind | None = "film" if is_film(name) else "picture" if is_photograph(name) else None
        if kind is None:
            found.others += 1
            continue
        try:
            status = path.stat()
        except OSError as error:
            found.unread.append(from_os_error(error, where=path, doing="can't be read"))
            continue
        if not stat.S_ISREG(status.st_mode) or (path.suffix.lower() in _ALSO_TEXT and _is_text(path)):
            found.others += 1
            continue
        state = State(status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        partial = any(name + ending in whole for ending in _PARTIAL)
        item = Item(path, relative, kind, state, partial=partial)
        if kind == "film":
            yield item
        else:
            pictures.append(item)
    yield from _with_sequences(here, pictures, source) if sequences else pictures


def is_film(name: str) -> bool:
    """Whether a file of this name is to be taken for a film."""
    return PurePath(name).suffix.lower() in _FILMS


def kind_of(path: Path) -> Kind:
    """What the source at ``path``, which need not be there any more, is or was taken for."""
    return "film" if is_film(path.name) else "picture" if is_photograph(path.name) else "sequence"


def _whole_name(name: str) -> str | None:
    """The name that a partial file is going to have; None where this is no partial file's name.

    Programs write to ``film.mp4.part``, or to a hidden file: rsync to ``.film.mp4.x7Yk2q``. What a Macintosh
    keeps beside a file, ``._film.mp4``, is no part of it.
    """
    if name.startswith("._"):
        return None
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    if ending.lower() in _PARTIAL:
        whole = stem.removeprefix(".")
        return whole if is_film(whole) or is_photograph(whole) else None
    if name.startswith("."):
        for whole in (name[1:], stem[1:]):
            if is_film(whole) or is_photograph(whole):
                return whole
    return None


def _with_sequences(here: Path, pictures: list[Item], source: Path) -> Iterator[Item]:
    """Pictures that are alike but for their numbers made one item, as far as there are enough of them."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in pictures:
        numbered = _NUMBERED.fullmatch(item.path.stem)
        key = (numbered[1], item.path.suffix.lower()) if numbered else (item.path.name, "")
        groups[key].append(item)
    for group in groups.values():
        # A film is the whole folder: of what lies beside it nobody knows where it belongs.
        if len(group) >= _LEAST_PICTURES and len(group) == len(pictures):
            yield _sequence(here, group, source)
        else:
            yield from group


def _sequence(here: Path, group: list[Item], source: Path) -> Item:
    group.sort(key=lambda item: natural(PurePath(item.relative)))
    return Item(
        here,
        str(here.relative_to(source)),
        "sequence",
        sum_of(item.state for item in group),
        tuple(item.path for item in group),
        partial=any(item.partial for item in group),
    )


def sum_of(states: Iterable[State]) -> State:
    """One state that differs when any of ``states`` does."""
    listed = list(states)
    return State(
        sum(each.size for each in listed) + len(listed),
        max(each.mtime_ns for each in listed),
        max(each.ctime_ns for each in listed),
    )


def _state(path: Path) -> State | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return State(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            beginning = file.read(4096)
    except OSError:
        return False
    return bool(beginning) and not any(byte < 9 or 13 < byte < 32 for byte in beginning)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
