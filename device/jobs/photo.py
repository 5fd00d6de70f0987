"""``tintcast photo``: a photograph, or a folder of them with all below it, in colour.

Each picture goes through one thread from its file to its file, a few pictures at a time, so that some are
decoded and encoded while another one has the network. Memory is that of the few.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device.colour.hints import palette_of
from device.engine import Budget, Leases, Workers
from device.errors import (
    ConfigurationError,
    InputError,
    Interrupted,
    NetworkFileError,
    SpaceError,
    TintcastError,
)
from device.jobs.photo_develop import Developed, Developer, Outcome
from device.jobs.photo_plan import plan
from device.jobs.photo_tint import PhotoTinter
from device.media.contact import BeforeAfter
from device.media.contact_pages import ContactPages, page_paths
from device.media.made_by import MadeBy
from device.media.photograph import is_photograph, read_photograph, writable, written_name
from device.media.photograph.names import WRITTEN
from device.media.photograph.opening import opened
from device.media.side_by_side import shown
from device.network import Network
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.colour.hint_text import PixelHint
    from device.colour.hints import Palette
    from device.config import Config
    from device.engine import Lease, Stop
    from device.jobs.photo_plan import Place, Plan

#: How long one picture may take, in seconds: as large as it may be, on a small board.
_PATIENCE_S = 1800.0
#: How long the pictures that are being worked on may take once the run is to end.
_GRACE_S = 60.0
#: At most so many pictures at a time, and so many pixels: a larger picture is worked on alone.
_MOST_THREADS = 4
_MOST_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True)
class PhotoWishes:
    """What is wanted beside the configuration.

    ``overwrite``: replace what is there. ``compare``: before and after beside each result. ``sheet``: file of
    a contact sheet. ``hints``: colours at pixels of one picture. ``reference``: a picture in whose colours.
    """

    overwrite: bool = False
    compare: bool = False
    sheet: Path | None = None
    hints: Sequence[PixelHint] = ()
    reference: Path | None = None


@dataclass(frozen=True, slots=True)
class PhotoSummary:
    """What became of all pictures.

    ``out``: the file or folder; ``coloured``; ``passed``: in colour already, kept as they were; ``there``:
    done by an earlier run; ``failed``; ``others``, ``links``: files that are no pictures, and linked folders,
    passed over; ``sheets``: pages of the contact sheet; ``network_ms``: mean of the network for a picture.
    """

    out: Path
    coloured: int
    passed: int
    there: int
    failed: int
    others: int
    links: int
    sheets: tuple[Path, ...]
    seconds: float
    network_ms: float

    @property
    def rate(self) -> float:
        """Pictures coloured or passed on, a second."""
        return (self.coloured + self.passed) / self.seconds if self.seconds else 0.0


def colorize_photos(
    source: Path,
    out: str,
    config: Config,
    wishes: PhotoWishes,
    *,
    stop: Stop,
    say: Callable[[str], None],
    progress: Callable[[int, int | None], None],
) -> PhotoSummary:
    """Colorize the picture ``source`` into ``out``, or all pictures of a folder into the same tree.

    Pictures of a folder that fail are told to ``say``, a line for each, and counted; the rest goes on. What
    is there already is never replaced, unless that is wished: a run goes on after the pictures that an
    earlier one has done. ``progress(pictures, of)``.

    Raises ConfigurationError and InputError as ``plan`` does, NetworkFileError, SpaceError, every error of a
    single picture, and Interrupted once ``stop`` is set; the pictures that are done stay.
    """
    began = time.monotonic()
    todo = plan(source, out, is_picture=is_photograph, namer=written_name)
    single = not source.is_dir()
    if single:
        _check_single(todo.places[0], wishes)
    elif wishes.hints:
        raise ConfigurationError("hints are for one picture, this is a folder", where=source)
    sheet = _sheet(source, todo, config, wishes)
    settings, cores = config.network, min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    with Network.load(settings.name, settings.threads, settings.runtime) as network:
        tinter = PhotoTinter(
            network,
            config.colour,
            hints=wishes.hints,
            palette=_palette(wishes.reference),
            threads=cores if single else 1,
        )
        notes = _Notes(say)
        developer = Developer(
            tinter,
            MadeBy(network.manifest.name, version()),
            overwrite=wishes.overwrite,
            compare=wishes.compare,
            quality=config.photo.quality or None,
            note=notes.take,
        )
        for error in todo.unread:
            say(str(error))
        run = _Run(todo, developer, sheet, stop, say=say, progress=progress, alone=single)
        run.work(1 if single else min(cores, len(todo.places)))
        notes.close()
        network_ms = tinter.network_ms
    return PhotoSummary(
        out=todo.places[0].result if single else Path(out),
        coloured=run.counts[Outcome.COLOURED],
        passed=run.counts[Outcome.PASSED],
        there=run.counts[Outcome.THERE],
        failed=run.counts[Outcome.FAILED] + len(todo.unread),
        others=todo.others,
        links=todo.links,
        sheets=sheet.paths if sheet else (),
        seconds=time.monotonic() - began,
        network_ms=network_ms,
    )


class _Notes:
    """What the user should know of pictures: each thing once, and at the end of how many more it is true."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()

    def take(self, path: Path, text: str) -> None:
        with self._lock:
            self._seen[text] += 1
            if self._seen[text] == 1:
                self._say(f"{path}: note: {text}")

    def close(self) -> None:
        for text, count in self._seen.items():
            if count > 1:
                self._say(f"{count - 1} more: note: {text}")


class _Run:
    """All pictures of a plan, each taken by the next thread that is free. ``alone``: there is but one."""

    def __init__(
        self,
        todo: Plan,
        developer: Developer,
        sheet: ContactPages | None,
        stop: Stop,
        *,
        say: Callable[[str], None],
        progress: Callable[[int, int | None], None],
        alone: bool,
    ) -> None:
        self._places = todo.places
        self._developer, self._sheet = developer, sheet
        self._stop, self._say, self._progress = stop, say, progress
        self._alone = alone
        self._budget = Budget(_MOST_PIXELS, stop)
        self._lock = threading.Lock()
        self._next = iter(enumerate(todo.places))
        self.counts: Counter[Outcome] = Counter()

    def work(self, threads: int) -> None:
        """Develop all pictures with so many threads."""
        workers = Workers(self._stop, Leases())
        for number in range(threads):
            workers.start(f"photograph {number + 1}", self._take_turns, lease_s=_PATIENCE_S)
        workers.join(_GRACE_S)
        if self._stop.requested:
            done = f"{self.counts.total()} of {len(self._places)} pictures are done"
            raise Interrupted(hint=None if self._alone else f"{done}; run it again to go on from here")

    def _take_turns(self, lease: Lease) -> None:
        while not self._stop.is_set():
            with self._lock:
                index, place = next(self._next, (0, None))
            if place is None:
                return
            with self._budget.use(_pixels(place.source), lease):
                outcome = self._develop(place, index)
            with self._lock:
                self.counts[outcome] += 1
                self._progress(self.counts.total(), len(self._places))

    def _develop(self, place: Place, index: int) -> Outcome:
        wants_pair = self._sheet is not None and self._sheet.wants(index)
        try:
            developed = self._developer.develop(place, pair=wants_pair)
        except (SpaceError, NetworkFileError):
            raise
        except Exception as error:
            if self._alone:
                raise
            self._say(_line(error, place))
            developed = Developed(Outcome.FAILED, BeforeAfter.nothing(f"{place.source.name}: failed"))
        if wants_pair and self._sheet and developed.pair:
            self._sheet.add(index, developed.pair)
        return developed.outcome


def _line(error: Exception, place: Place) -> str:
    """What went wrong with one picture, which does not take the others with it."""
    if isinstance(error, TintcastError):
        return str(error)
    if isinstance(error, MemoryError):
        return str(InputError("too large for this machine's memory", where=place.source))
    return str(TintcastError(f"a mistake of ours: {type(error).__name__}: {error}", where=place.source))


def _pixels(path: Path) -> int:
    """How many pixels a picture says it has; none where it can't be opened."""
    with suppress(InputError), opened(path) as picture:
        return picture.width * picture.height
    return 0


def _check_single(place: Place, wishes: PhotoWishes) -> None:
    """Refuse what can't be written, or is there, before anything is read."""
    if not writable(place.result.suffix):
        raise ConfigurationError(
            "no kind of picture that is written has this name",
            where=place.result,
            hint=f"there are {', '.join(sorted(WRITTEN))}",
        )
    wanted = [place.result, place.kept, *([place.compare] if wishes.compare else [])]
    for path in wanted:
        if os.path.lexists(path) and not wishes.overwrite:
            raise ConfigurationError("is there already", where=path, hint="--overwrite replaces it")


def _sheet(source: Path, todo: Plan, config: Config, wishes: PhotoWishes) -> ContactPages | None:
    if wishes.sheet is None:
        return None
    paths = set(page_paths(wishes.sheet, len(todo.places)))
    folder = wishes.sheet.parent
    if not folder.is_dir():
        raise ConfigurationError("its folder does not exist", where=wishes.sheet)
    for place in todo.places:
        for path in (place.source, place.result, place.kept, place.compare):
            if path in paths:
                raise ConfigurationError(f"is {path}, too", where=wishes.sheet, hint="name another file")
    return ContactPages(
        wishes.sheet,
        len(todo.places),
        title=source.name or str(source),
        detail=f"as they were, and tinted by network {config.network.name}",
        overwrite=wishes.overwrite,
    )


def _palette(reference: Path | None) -> Palette | None:
    return None if reference is None else palette_of(shown(read_photograph(reference).pixels))
