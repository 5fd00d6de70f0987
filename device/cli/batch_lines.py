"""What is said of a night, for people: the bars' lines, plain lines, and its last words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, chop_cells
from rich.text import Text

from device.jobs.batch.naming import shown
from device.jobs.batch.records import PASSING, mean_rate
from device.jobs.telling import number, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device.jobs.batch.records import Record
    from device.jobs.batch.status import Status

_WIDEST_BAR: Final = 40
_NARROWEST_BAR: Final = 6
_LABEL: Final = 6
_MOST_FAILURES: Final = 20


def bars(status: Status, width: int) -> Iterator[Text]:
    """Four lines of at most ``width`` - 1 cells: the night, its counts, the film, its state."""
    width = max(width - 1, 1)
    ended = status.done + status.failed + status.skipped
    of = ended + status.left
    film = status.progress
    night = (ended + _share(status)) / of if of else 0.0
    yield _bar("night", night, [f"{ended}/{of}", _left(status.night_seconds_left)], width, "green")
    if film is not None:
        total = f"/{film.total}" if film.total else ""
        rate = f"{film.rate:.1f} frames/s" if film.rate else ""
        told = [f"{film.done}{total}", _left(status.film_seconds_left), rate]
        yield _bar("film", _share(status), told, width, "cyan")
    yield _line([_doing(status)], width, "bold" if status.state in {"paused", "waiting"} else "")
    if counts := _counts(status):
        yield _line([", ".join(counts)], width, "dim")


def plain(status: Status) -> str:
    """How it goes in one line, for a journal."""
    through = status.done + status.failed + status.skipped
    files = through + status.left
    parts = [f"{through}/{files} files"] if files else []
    parts += _counts(status)
    film = status.progress
    doing = _doing(status)
    if film is not None and film.stage == "colour" and status.state == "working":
        total = f"/{film.total}" if film.total else ""
        doing += f", frame {film.done}{total}, {film.rate:.1f} frames/s"
        doing += f", {left}" if (left := _left(status.film_seconds_left)) else ""
    if status.left and (left := _left(status.night_seconds_left)):
        parts.append(f"{left} in all")
    return f"{doing} ({', '.join(parts)})" if parts else doing


def ended(record: Record) -> str:
    """One line on a file that is done, passed over or has failed; empty for a picture that is done.

    There may be thousands of these: the report has them all.
    """
    name = shown(record.relative)
    notes = "".join(f"; {shown(note)}" for note in record.notes)
    if record.outcome == "failed":
        return f"failed: {name}: {shown(record.reason)}"
    if record.outcome == "skipped":
        return f"passed over: {name}: {shown(record.reason)}{notes}"
    if record.kind == "picture":
        return ""
    what = f"{record.frames} frames in {span(record.seconds)}, {record.rate:.1f} frames/s"
    resumed = f", {record.resumed} of them in earlier runs" if record.resumed else ""
    return f"done: {name}: {what}{resumed}{notes}"


def summary(status: Status, report: str | os.PathLike[str] | None, beside: Sequence[str] = ()) -> list[str]:
    """The last words of a night: what came of it, what else there is to say, what failed, where to look."""
    newest = {record.relative: record for record in status.records}
    by_outcome: dict[str, list[Record]] = {"done": [], "skipped": [], "failed": []}
    for record in newest.values():
        by_outcome[record.outcome].append(record)
    said = [*_on_done(by_outcome["done"]), *_on_skipped(by_outcome["skipped"])]
    if status.before:
        said.append(f"{number(status.before, 'file')} finished in earlier runs")
    if status.left:
        said.append(f"{number(status.left, 'file')} left: run it again to go on from here")
    if status.arriving:
        said.append(f"{number(status.arriving, 'file')} still arriving: left for the next run")
    said += [*beside, *_on_failed(by_outcome["failed"])]
    if not said:
        said.append("nothing to do" if status.state == "finished" else "nothing was done")
    if report is not None:
        said.append(f"to look at: {shown(report)}")
    return said


def _on_done(records: Sequence[Record]) -> Iterator[str]:
    films = [record for record in records if record.kind != "picture"]
    pictures = len(records) - len(films)
    what = [number(len(films), "film")] if films else []
    what += [number(pictures, "picture")] if pictures else []
    if what:
        frames = sum(record.frames - record.resumed for record in films)
        rate = mean_rate((record.frames - record.resumed, record.rate) for record in films)
        pace = "" if rate is None else f": {number(frames, 'frame')}, {rate:.1f} frames/s"
        yield f"{' and '.join(what)} done in {span(sum(r.seconds for r in records))}{pace}"


def _on_skipped(records: Sequence[Record]) -> Iterator[str]:
    if records:
        first, *more = dict.fromkeys(shown(record.reason) for record in records)
        yield f"{number(len(records), 'file')} passed over: {first}{', and other reasons' if more else ''}"


def _on_failed(records: Sequence[Record]) -> Iterator[str]:
    if records:
        lasting = sum(record.how not in PASSING for record in records)
        which = "" if lasting == len(records) else f" {lasting} of them"
        again = f" (--retry-failed tries{which} again)" if lasting else ""
        yield f"{number(len(records), 'file')} failed{again}:"
    for record in records[:_MOST_FAILURES]:
        yield f"  {shown(record.relative)}: {shown(record.reason)}"
    if len(records) > _MOST_FAILURES:
        yield f"  and {len(records) - _MOST_FAILURES} more"


def _share(status: Status) -> float:
    """How much of the film under way is done, 0..1."""
    film = status.progress
    return min(film.done / film.total, 1.0) if film is not None and film.total else 0.0


def _doing(status: Status) -> str:
    """What it is at, and why where it is not working."""
    name = shown(status.file) if status.file else ""
    reason = shown(status.reason) if status.reason else ""
    if status.state == "working":
        stage = status.progress.stage if status.progress is not None else ""
        return name + (f": {stage}" if stage and stage != "colour" else "")
    if status.state == "measuring":
        return reason or status.state
    told = reason.startswith(status.state)
    state = reason if told else f"{status.state}: {reason}" if reason else status.state
    return f"{state} ({name})" if name and status.state == "paused" else state


def _counts(status: Status) -> list[str]:
    return [
        f"{count} {what}"
        for count, what in (
            (status.failed, "failed"),
            (status.skipped, "passed over"),
            (status.arriving, "arriving"),
        )
        if count
    ]


def _bar(label: str, share: float, told: list[str], width: int, colour: str) -> Text:
    """A bar and what is told beside it; where it is narrow the last things told go first, then the bar.

    ``share``: of it that is full, 0..1.
    """
    told = [each for each in told if each]
    while told and _LABEL + _NARROWEST_BAR + sum(cell_len(each) + 2 for each in told) > width:
        told.pop()
    room = width - _LABEL - sum(cell_len(each) + 2 for each in told)
    cells = min(_WIDEST_BAR, room)
    if cells < _NARROWEST_BAR:
        return _line([*told, label], width, "")
    halves = int(2 * cells * share)
    text = Text(no_wrap=True)
    text.append(f"{label:<{_LABEL}}")
    text.append("━" * (halves // 2) + ("╸" if halves % 2 else ""), colour)
    text.append("─" * (cells - (halves + 1) // 2), "bright_black")
    text.append("".join(f"  {each}" for each in told))
    return text


def _line(parts: list[str], width: int, style: str) -> Text:
    return Text(shortened(" ".join(parts), width), style, no_wrap=True)


def shortened(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, cut in its middle: beginnings and endings tell the most."""
    if cell_len(text) <= width:
        return text
    tail = max(width - 1, 0) // 2
    head = max(width - 1 - tail, 0)
    before = chop_cells(text, head)[0] if head else ""
    after = chop_cells(text[::-1], tail)[0][::-1] if tail else ""
    return f"{before}…{after}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{span(seconds)} left"
