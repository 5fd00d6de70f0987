"""What a night will take, before it begins: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from device.jobs.batch.naming import shown
from device.jobs.telling import size, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.jobs.batch.plan import Plan, Planned


def plan_text(plan: Plan, *, table: bool) -> str:
    """What is planned: each film, in a table as wide as the terminal or a line; then how all of it fits."""
    lines = [_table(plan)] if table else [_line(film) for film in plan.films]
    return "\n".join([*lines, plan.verdict])


def _table(plan: Plan) -> str:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("film", overflow="fold", ratio=1)
    for title in ("length", "frames", "frames/s", "will take", "size"):
        table.add_column(title, justify="right", no_wrap=True)
    for film in plan.films:
        name = Text(shown(film.name))
        if remark := _remark(film):
            name.append(f"\n  {remark}")
        table.add_row(name, *_figures(film))
    paper = Console(file=io.StringIO(), width=shutil.get_terminal_size().columns - 1)
    with paper.capture() as text:
        paper.print(table)
    return "\n".join(line.rstrip() for line in text.get().splitlines())


def _line(film: Planned) -> str:
    each, name = film.estimate, shown(film.name)
    if not each.frames:
        return f"{name}: {_remark(film)}"
    length, frames, rate, takes, room = _figures(film)
    remark = f" ({_remark(film)})" if _remark(film) else ""
    return (
        f"{name}: {length}, {frames} frames, {rate} frames/s, will take {takes}{room and f', {room}'}{remark}"
    )


def _figures(film: Planned) -> Iterator[str]:
    each = film.estimate
    if not each.frames:
        yield from ("", "", "", "", "")
        return
    yield _clock(each.length)
    yield f"{each.frames}"
    yield f"{each.rate:.1f}"
    yield span(film.seconds)
    yield size(each.bytes) if each.bytes else ""


def _remark(film: Planned) -> str:
    each = film.estimate
    parts = [] if each.how == "measured" else [str(each.how)]
    if each.why:
        parts[-1:] = [f"{each.how}: {shown(each.why)}"]
    if film.seconds < each.seconds:
        parts.append(f"{1 - film.seconds / each.seconds:.0%} done by earlier runs")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
