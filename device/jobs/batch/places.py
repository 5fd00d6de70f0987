"""Where in OUT the result of each file goes: the same tree, and no two results under one name."""

from __future__ import annotations

import hashlib
import itertools
import os
import unicodedata
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from device.media.containers import suffix_for
from device.media.picture_names import written_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from device.config import FilmSettings
    from device.jobs.batch.records import Begun, Record
    from device.jobs.batch.scan import Item


#: Bytes of a result's name: hidden folders beside it have names that are longer by up to 16.
_LONGEST = 235


class Places:
    """Names results, by paths below OUT; those of ``records`` and of what was ``begun`` stay as they are.

    A result has its source's name, with another ending where that kind of file can't hold it: ``film.avi``
    becomes ``film.mp4``. Where another source has that name itself, or another result, it becomes
    ``film.avi.mp4``. ``root``: IN, whose own name is used where it is itself a sequence.
    """

    def __init__(
        self,
        root: Path,
        film: FilmSettings,
        items: Iterable[Item],
        records: Iterable[Record],
        begun: Iterable[Begun],
    ) -> None:
        self._root = root
        self._film = film
        self._taken: dict[str, str] = {}
        self._named: dict[str, PurePath] = {}
        for relative, outs in [
            *((record.relative, (record.out,) if record.out else ()) for record in records),
            *((each.relative, each.outs) for each in begun),
        ]:
            for out in outs:
                self._taken[_key(out)] = relative
                self._named[relative] = PurePath(out)
        for item in items:
            if str(self._wanted(item)) == item.relative:
                self._taken.setdefault(_key(item.relative), item.relative)
            for folder in PurePath(item.relative).parents:
                self._taken.setdefault(_key(str(folder)), f"{folder}/")

    def outs(self, item: Item) -> tuple[str, ...]:
        """Where the result goes; of a picture the second is where it goes if it passes as it is."""
        wanted = self._wanted(item)
        named = self._named.get(item.relative)
        if named is not None and named.suffix.lower() == wanted.suffix.lower():
            result = str(named)
        else:
            result = next(
                name
                for name in map(str, _names(item, wanted))
                if self._taken.setdefault(_key(name), item.relative) == item.relative
            )
            self._named[item.relative] = PurePath(result)
        if item.kind == "picture":
            source = PurePath(item.relative)
            kept = str(source.with_name(_bounded(source.name)))
            return (result,) if result == kept else (result, kept)
        return (result,)

    def _wanted(self, item: Item) -> PurePath:
        wanted = self._full(item)
        return wanted.parent / _bounded(wanted.name)

    def _full(self, item: Item) -> PurePath:
        path = PurePath(item.relative)
        if item.kind == "picture":
            return path.with_name(written_name(path.name))
        if item.kind == "sequence":
            return path.parent / (
                (path.name or self._root.absolute().name or "film") + suffix_for("", self._film)
            )
        return path.with_suffix(suffix_for(path.suffix, self._film))


def _names(item: Item, wanted: PurePath) -> Iterator[PurePath]:
    """Names for a result, the best first."""
    suffix, name = wanted.suffix, PurePath(item.relative).name
    yield wanted
    if name:
        yield wanted.with_name(_bounded(name + suffix))
    for number in itertools.count(2):
        yield wanted.with_name(f"{wanted.stem}-{number}{suffix}")


def _bounded(name: str) -> str:
    """``name``, or where hidden names made of it would be too long for a disk, its beginning and a hash."""
    raw = os.fsencode(name)
    if len(raw) <= _LONGEST:
        return name
    stem, suffix = os.path.splitext(raw)  # noqa: PTH122 - bytes
    kept = stem[: _LONGEST - len(suffix) - 9].decode("utf-8", "ignore")
    return f"{kept}-{hashlib.sha256(raw).hexdigest()[:8]}{os.fsdecode(suffix)}"


def _key(name: str) -> str:
    """What two names share that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


def lies_among_sources(target: Path, source: Path, out: Path) -> bool:
    """Whether ``target`` would stand in the folder that is read, through whatever links."""
    among, beside, parent = source.resolve(), out.resolve(), target.parent.resolve()
    if not parent.is_relative_to(among):
        return False
    return not (beside.is_relative_to(among) and beside != among and parent.is_relative_to(beside))


def is_there(path: Path) -> bool:
    """Whether anything stands at ``path``, a link that leads nowhere too."""
    return os.path.lexists(path)


def is_gone(path: Path) -> bool:
    """Whether nothing is at ``path``, for sure: what a disk answers with an error to may be there again."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
