"""What a night will take, before it begins: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from device.jobs.batch.naming import shown
from device.jobs.telling import size, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.jobs.batch.plan import Plan, Planned


def show_plan(plan: Plan) -> None:
    """Print what is planned on standard output: each film, then in one line how all of it fits."""
    console = Console(file=sys.stdout)
    if sys.stdout.isatty():
        console.print(_table(plan))
    else:
        for film in plan.films:
            console.print(_line(film), highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(plan.verdict, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _table(plan: Plan) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("film", overflow="fold", ratio=1)
    for title in ("length", "frames", "frames/s", "will take", "size"):
        table.add_column(title, justify="right", no_wrap=True)
    for film in plan.films:
        name = Text(shown(film.name))
        if remark := _remark(film):
            name.append(f"\n  {remark}", "dim")
        table.add_row(name, *_figures(film))
    return table


def _line(film: Planned) -> str:
    each, name = film.estimate, shown(film.name)
    if not each.frames:
        return f"{name}: {_remark(film)}"
    length, frames, rate, takes, room = _figures(film)
    remark = f" ({_remark(film)})" if _remark(film) else ""
    return f"{name}: {length}, {frames} frames, {rate} frames/s, will take {takes}, {room}{remark}"


def _figures(film: Planned) -> Iterator[str]:
    each = film.estimate
    if not each.frames:
        yield from ("", "", "", "", "")
        return
    yield _clock(each.length)
    yield f"{each.frames}"
    yield f"{each.rate:.1f}"
    yield span(film.seconds)
    yield size(each.bytes)


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
