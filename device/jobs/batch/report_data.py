"""A night's report as values: what the records and the status say, in the shape of ``report_schema``."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.engine import read_board
from device.jobs.batch.naming import href, job_level, shown
from device.jobs.batch.records import mean_rate
from device.jobs.batch.report_schema import FileEntry, Machine, NetworkUsed, NightReport, Totals
from device.jobs.film_shots import shots_folder
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from device.config import Config
    from device.jobs.batch.records import Record
    from device.jobs.batch.status import Status

#: Sections of the configuration that a night follows from; no other one may hold a secret's place.
_SECTIONS = ("network", "colour", "hints", "film", "photo", "batch")
_ORDER = {"failed": 0, "done": 1, "skipped": 2}
_LONGEST = 500


def report_of(
    status: Status,
    records: Sequence[Record],
    *,
    source: Path,
    out: Path,
    config: Config,
    machine: Machine,
    began: str,
    stopped: bool = False,
) -> NightReport:
    """The report on ``records``, those of earlier runs among them. ``stopped``: the run ends unfinished."""
    this_run = {record.relative for record in status.records}
    entries = [entry(record, out, this_run) for record in records]
    entries.sort(key=lambda each: (_ORDER[each.outcome], each.file, each.href))
    return NightReport(
        tintcast=version(),
        state="stopped" if stopped else status.state,
        reason=_text(status.reason),
        began=began,
        written=now(),
        source=shown(source),
        out=shown(out),
        machine=machine,
        network=NetworkUsed(name=shown(config.network.name), sha256=_network(records)),
        settings={name: _plain(getattr(config, name).model_dump()) for name in _SECTIONS},
        totals=_totals(entries, status),
        files=tuple(entries),
    )


def entry(record: Record, out: Path, this_run: Collection[str]) -> FileEntry:
    """One file's part of the report; ``this_run``: relative names of what this run has done."""
    shots = None
    if record.out is not None and record.kind != "picture":
        shots = shots_folder(out / record.out) / "shots.json"
    return FileEntry(
        file=shown(record.relative),
        href=href(record.relative),
        kind=record.kind,
        outcome=record.outcome.value,
        this_run=record.relative in this_run,
        how=_text(record.how),
        reason=_text(record.reason),
        out=None if record.out is None else href(record.out),
        shots=href(shots.relative_to(out)) if shots is not None and os.path.exists(shots) else None,  # noqa: PTH110 - it never raises
        job=job_level(record.relative),
        frames=record.frames,
        passed=record.passed,
        resumed=record.resumed,
        seconds=round(record.seconds, 1),
        rate=round(record.rate, 2),
        network_ms=round(record.network_ms, 2),
        figures={shown(name): _figure(value) for name, value in record.figures.items()},
        notes=tuple(shown(note)[:_LONGEST] for note in record.notes),
        out_bytes=record.out_bytes,
        began=record.began,
        ended=record.ended,
    )


def this_machine() -> Machine:
    """What this runs on."""
    return Machine(
        board=shown(read_board().cpu),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=_memory_mb(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
    )


def now() -> str:
    """The moment, with its time zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _totals(entries: Sequence[FileEntry], status: Status) -> Totals:
    done = [each for each in entries if each.outcome == "done"]
    films = [each for each in done if each.kind != "picture"]
    rate = mean_rate((each.frames - each.resumed, each.rate) for each in films)
    return Totals(
        films=len(films),
        pictures=len(done) - len(films),
        skipped=sum(each.outcome == "skipped" for each in entries),
        failed=sum(each.outcome == "failed" for each in entries),
        left=status.left,
        arriving=status.arriving,
        frames=sum(each.frames for each in films),
        passed=sum(each.passed for each in films),
        seconds=round(sum(each.seconds for each in done), 1),
        rate=None if rate is None else round(rate, 2),
        out_bytes=sum(each.out_bytes for each in done),
    )


def _network(records: Sequence[Record]) -> str | None:
    """Of the network that the newest result was made with."""
    made = [record for record in records if isinstance(record.identity.get("network"), str)]
    return max(made, key=lambda record: record.ended).identity["network"] if made else None


def _text(text: str) -> str | None:
    return shown(text)[:_LONGEST] or None


def _figure(value: Any) -> Any:
    """Numbers to four digits: more is noise."""
    return _plain(float(f"{value:.4g}") if isinstance(value, float) else value)


def _plain(value: Any) -> Any:
    """``value`` in what every reader of JSON takes."""
    if isinstance(value, Mapping):
        return {shown(str(name)): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return shown(value if isinstance(value, Path) else str(value))


def _memory_mb() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6
    except (OSError, ValueError):
        return None
