"""A strip for every film, so that a person can decide before a night is spent: stills of it, in colour.

This side imports no codec: a child process makes the strips, and a bad film does not stop it.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from device.jobs.batch.naming import job_level, shown
from device.jobs.batch.one_by_one import one_by_one, terms_of
from device.jobs.telling import number
from device.media.durable import writable
from device.media.sample_mark import is_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.scan import Item

_CHILD: Final = "device.jobs.batch.sample_child"
_PAGE: Final = "sample.html"
_ENDING: Final = ".sample.jpg"
_LONGEST_NAME: Final = 230  # bytes: behind it come other endings
#: The page holds about so many stills in all, of each film as many as it can or as there are, or a few.
_ON_PAGE: Final = 720
_FEWEST: Final = 4
_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class StripStill:
    """A still for the page: the time that it is from, and a JPEG of it, before above after."""

    time: str
    jpeg: bytes
    own_colour: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """The strip of one film.

    ``path``: the file. ``detail``: size, length and rate, in words. ``stills``: those for the page, of
    ``count``; ``own_colour``: so many of all of them are in colour already. ``cell``: width and height of
    a picture, of which a still has two.
    """

    path: Path
    detail: str
    stills: tuple[StripStill, ...]
    count: int
    own_colour: int
    cell: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SampleTask:
    """What the child is told. ``paths``: the strips' files by relative names; ``on_page``: stills of each."""

    items: tuple[Item, ...]
    config: Config
    paths: Mapping[str, Path]
    on_page: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """What became of it: strips by relative names, why others have none; ``page``: None: it is not ours."""

    strips: Mapping[str, Strip]
    failed: Mapping[str, str]
    page: Path | None


def sample(
    items: Sequence[Item],
    out: Path,
    config: Config,
    *,
    stop: Stop,
    tell: Callable[[str], None] = lambda _: None,
) -> Sampled:
    """Make a strip ``NAME.sample.jpg`` of every film, in the tree of ``out``, and ``sample.html`` with all.

    ``tell``: lines for people on how far it is. A file under one of these names that is not ours is left
    alone, and said. Raises NetworkFileError, ConfigurationError, SpaceError, InputError where ``out`` can't
    be written, and Interrupted once ``stop`` is set.
    """
    paths = strip_paths({item.relative: item.path for item in items}, out)
    failed = {}
    for item in items:
        path = paths[item.relative]
        with writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if _is_of_others(path):
                failed[item.relative] = f"{path.name} is there and not ours: it is left alone"
    strips: dict[str, Strip] = {}

    def got(name: str, strip: Strip) -> None:
        strips[name] = strip
        grey = "" if strip.own_colour < strip.count else ", in colour already"
        tell(f"{shown(name)}: {number(strip.count, 'still')}{grey}")

    wanted = [item for item in items if item.relative not in failed]
    on_page = min(max(_ON_PAGE // max(len(wanted), 1), _FEWEST), _MOST)
    failed |= one_by_one(
        _CHILD,
        lambda left: SampleTask(left, config, paths, on_page),
        wanted,
        stop,
        began=lambda _: None,
        got=got,
        stall_s=config.film.stall_seconds,
        terms=terms_of(config),
    )
    for name, reason in failed.items():
        tell(f"{shown(name)}: {reason}")
    page = out / _PAGE
    if _is_of_others(page):
        tell(f"{page.name} is there and not ours: it is left alone")
        return Sampled(strips, failed, None)
    ordered = {item.relative: strips[item.relative] for item in items if item.relative in strips}
    from device.jobs.batch.sample_page import write_page  # noqa: PLC0415 - no templates where none are asked for

    write_page(page, ordered, failed, config)
    return Sampled(ordered, failed, page)


def strip_paths(films: Mapping[str, Path], out: Path) -> dict[str, Path]:
    """Where the strip of each film lies below ``out``: named as it, without its ending if that is enough.

    ``films``: by relative names; of numbered pictures it is a folder, which may be the one that is read.
    """
    whole = {
        name: PurePath(name) if PurePath(name).name else PurePath(path.absolute().name or "film")
        for name, path in films.items()
    }
    bare = {name: path.with_suffix("") for name, path in whole.items()}
    alike = Counter(str(path).casefold() for path in bare.values())
    paths = {}
    for name, path in bare.items():
        kept = path if alike[str(path).casefold()] == 1 else whole[name]
        called = kept.name if len(os.fsencode(kept.name)) <= _LONGEST_NAME else job_level(name)
        paths[name] = out / kept.with_name(called + _ENDING)
    return paths


def _is_of_others(path: Path) -> bool:
    """Whether something stands there that is no sample. Raises InputError where it can't be read."""
    with writable(path):
        return os.path.lexists(path) and not (path.is_file() and is_sample(path))
