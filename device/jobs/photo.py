"""``tintcast photo``: a photograph, or a folder of them with all below it, in colour."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, from_os_error
from device.jobs.hinting import palette_of_picture
from device.jobs.photo_develop import Developer, Outcome
from device.jobs.photo_plan import check_target, plan
from device.jobs.photo_run import Notes, PhotoRun
from device.jobs.photo_tint import PhotoTinter
from device.media.contact_pages import ContactPages, page_paths
from device.media.made_by import MadeBy
from device.media.photograph import is_photograph, writable, written_name
from device.media.picture_names import WRITTEN
from device.network import Network
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.colour.hint_text import PixelHint
    from device.config import Config
    from device.engine import Stop
    from device.jobs.photo_plan import Place, Plan

#: At most so many pictures at a time, or threads on one.
_MOST_THREADS = 4


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
    passed over; ``sheets``: pages of the contact sheet, ``new_sheets`` of them not there before;
    ``network_ms``: mean time of the network for a picture.
    """

    out: Path
    coloured: int
    passed: int
    there: int
    failed: int
    others: int
    links: int
    sheets: tuple[Path, ...]
    new_sheets: int
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
            palette=palette_of_picture(wishes.reference),
            threads=cores if single else 1,
        )
        notes = Notes(say)
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
        run = PhotoRun(todo, developer, sheet, stop, say=say, progress=progress, alone=single)
        if not single:
            _make_out(Path(out))
        run.work(1 if single else min(cores, len(todo.places)))
        notes.close()
        if run.counts[Outcome.PASSED] and (wishes.hints or wishes.reference):
            say(f"{source}: note: what passed as it was had no use for hints; --colour always tints it")
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
        new_sheets=sheet.written if sheet else 0,
        seconds=time.monotonic() - began,
        network_ms=network_ms,
    )


def _check_single(place: Place, wishes: PhotoWishes) -> None:
    """Refuse what can't be written, or is there, before anything is read."""
    if not writable(place.result.suffix):
        raise ConfigurationError(
            "no kind of picture that is written has this name",
            where=place.result,
            hint=f"there are {', '.join(sorted(WRITTEN))}",
        )
    if wishes.compare:
        check_target(place.compare, place.source)
    wanted = [place.result, place.kept, place.compare if wishes.compare else None, wishes.sheet]
    for path in filter(None, wanted):
        if os.path.lexists(path) and not wishes.overwrite:
            raise ConfigurationError("is there already", where=path, hint="--overwrite replaces it")


def _sheet(source: Path, todo: Plan, config: Config, wishes: PhotoWishes) -> ContactPages | None:
    if wishes.sheet is None:
        return None
    pages = {page.resolve() for page in page_paths(wishes.sheet, len(todo.places))}
    if not wishes.sheet.parent.is_dir():
        raise ConfigurationError("its folder does not exist", where=wishes.sheet)
    for place in todo.places:
        for path in (place.source, place.result, place.kept, place.compare):
            if path.resolve() in pages:
                raise ConfigurationError(f"is {path}, too", where=wishes.sheet, hint="name another file")
    return ContactPages(
        wishes.sheet,
        len(todo.places),
        title=source.absolute().name,
        detail=f"as they were, and tinted by network {config.network.name}",
        overwrite=wishes.overwrite,
    )


def _make_out(folder: Path) -> None:
    """Make the folder for the results, and see that they can be written, before any picture is read."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't be written") from None
