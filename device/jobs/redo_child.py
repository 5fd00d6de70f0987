"""Some shots of a finished film, in this process: coloured again, and put in the place of what they were.

All packets of other shots stay bit for bit what they are, as does everything beside the picture.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from device.engine import Gate, Stop
from device.errors import ConfigurationError, SpaceError
from device.jobs.film import FilmResult, FilmTask
from device.jobs.film_reporter import Reporter
from device.jobs.film_shots import FilmShots, Made, Shot, lay_down, read_shots, settle, shots_folder
from device.jobs.redo import film_config
from device.jobs.shot_studio import Redone, Studio
from device.jobs.supervise import serve
from device.media.durable import move, set_times, writable
from device.media.hold import refuse_link
from device.media.probe import probe
from device.media.segments import REDO, WorkFolder
from device.media.splice import Laid, check_patches, spliced
from device.sinks.film import joined_film
from device.sources.films import facts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from device.jobs.film import Progress, Said

#: The new film stands beside the old one until it is whole: about as large, with the shots beside it.
_MARGIN = 1.05
_SPARE = 16 << 20


def redo(task: FilmTask, send: Callable[[Progress | Said], None], stop: Stop, *, gate: Gate) -> FilmResult:
    """Do ``task``, whose ``redo`` names the shots; errors as ``redo_film``, which see."""
    began, film = time.monotonic(), task.out
    if film is None:
        raise ValueError(task)
    reporter = Reporter(send, stop, gate)
    facts = facts_at(task.source, task.config)
    refuse_link(shots_folder(film))
    with WorkFolder(film, {REDO: [shot.number for shot in task.redo]}, resume=False) as work:
        known = read_shots(film)  # now that nobody else changes it
        if known is None or not _begins_from(known, task):
            raise ConfigurationError("was changed just now", where=film, hint="run it again")
        _check_room(film, work.path)
        total, done = sum(shot.frames for shot in task.redo), 0
        with Studio(task, facts, work, stop, gate) as studio:
            redone = []
            for shot in task.redo:
                redone.append(studio.redo(shot, reporter, done, total))
                done += shot.frames
        coloured = time.monotonic() - began
        notes = _put_in(film, known, redone, studio=studio, work=work, tick=reporter.joining)
    return FilmResult(
        frames=total,
        seconds=time.monotonic() - began,
        rate=total / coloured,
        network_ms=studio.milliseconds / total,
        passed=sum(each.shot.frames for each in redone if each.shot.own_colour),
        notes=tuple(notes),
    )


def _put_in(
    film: Path,
    known: FilmShots,
    redone: Sequence[Redone],
    *,
    studio: Studio,
    work: WorkFolder,
    tick: Callable[[], None],
) -> list[str]:
    """Make the new film, verify it, and give it the old one's name. Returns notes for people."""
    patches = [each.patch for each in redone]
    laid, facts = Laid.of(film, tick), probe(film)
    check_patches(film, laid, patches)
    with joined_film(
        film,
        work.path,
        picture=studio.picture,
        template=patches[0].path,
        pictures=partial(spliced, film, patches),
        stamps=laid.stamps,
        source=facts,
        metadata={"comment": "\n".join(dict.fromkeys(studio.comments))} if studio.comments else {},
        tick=tick,
    ) as (made, joined):
        with writable(film):
            times = film.stat()
            with suppress(OSError):  # only root's may be given away
                os.chown(made, times.st_uid, times.st_gid)
            set_times(made, times.st_atime_ns, times.st_mtime_ns)
            shutil.copymode(film, made)
        others = {each.shot.number: each.shot for each in redone}
        shots = tuple(others.get(shot.number, shot) for shot in known.shots)
        now = replace(
            known,
            made=Made.of(made),
            source=str(studio.source),
            shots=shots,
            figures=_figures(known, shots),
        )
        lay_down(film, now, {str(each.shot.still): each.still for each in redone})
        with writable(film):
            move(made, film)
    settle(film)
    return joined.notes


def _begins_from(known: FilmShots, task: FilmTask) -> bool:
    """Whether what is asked was worked out from what is known now: another redo may have ended since."""
    if film_config(known, task.config) != task.config:
        return False
    now = {shot.number: shot for shot in known.shots}
    return all(shot.number in now and _is_next(shot, now[shot.number]) for shot in task.redo)


def _is_next(asked: Shot, now: Shot) -> bool:
    """Whether ``asked`` is ``now`` with other settings, or with those before."""
    if replace(now, settings=asked.settings, before=asked.before) != asked:
        return False
    return asked.before == (*now.before, now.settings) or now.before == (*asked.before, asked.settings)


def _check_room(film: Path, folder: Path) -> None:
    needed = film.stat().st_size * _MARGIN + _SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SpaceError(
            f"needs {needed / 1e6:.0f} MB of room beside it, and there are {free / 1e6:.0f}",
            where=film,
            hint="free some space and run it again",
        )


def _figures(known: FilmShots, shots: Sequence[Shot]) -> Mapping[str, float | None]:
    """Figures of the whole film, of those of its shots: means by their frames."""
    return {
        **known.figures,
        "flicker": _mean(shots, "flicker"),
        "colourfulness": _mean(shots, "colourfulness"),
        "shots_tinted": sum(not shot.own_colour for shot in shots),
        "shots_in_colour": sum(shot.own_colour for shot in shots),
    }


def _mean(shots: Sequence[Shot], name: str) -> float | None:
    told = [(shot.frames, shot.figures[name]) for shot in shots if shot.figures.get(name) is not None]
    frames = sum(count for count, _ in told)
    return round(sum(count * value for count, value in told) / frames, 4) if frames else None


if __name__ == "__main__":
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING)
    ending = Stop()
    resting = Gate(ending)
    sys.exit(serve(int(sys.argv[1]), partial(redo, gate=resting), ending, resting))
