"""All that is to do against the hours that there are: which films fit, and how long the rest takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from device.jobs.batch.estimate import How
from device.jobs.batch.hours import Hours
from device.jobs.telling import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.jobs.batch.estimate import Estimate


#: Other work that takes more of the board than this, while it is measured, is told.
_BUSY: Final = 0.2


@dataclass(frozen=True, slots=True)
class Planned:
    """One film: its relative ``name``, what it will take, and how many ``seconds`` of that are left."""

    name: str
    estimate: Estimate
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to do, in the order in which it is done, and in one line how that fits into the night."""

    films: tuple[Planned, ...]
    verdict: str

    @property
    def seconds(self) -> float:
        """Of work that is left."""
        return sum(film.seconds for film in self.films)


def plan(
    estimates: Mapping[str, Estimate], between: str, now: float, done: Mapping[str, int] | None = None
) -> Plan:
    """Set ``estimates``, in the order of the work, against the hours of ``between`` (as configured).

    ``now``: seconds since 1970. ``done``: frames that earlier runs coloured already, by names.
    """
    before = done or {}
    films = tuple(Planned(name, each, each.left(before.get(name, 0))) for name, each in estimates.items())
    said = []
    if to_do := [film.seconds for film in films if film.estimate.how is not How.UNKNOWN]:
        hours = Hours.parse(between)
        total = sum(to_do)
        said.append(
            f"{_many(len(to_do))} will take {span(total)}"
            if hours is None
            else _against(to_do, total, hours, between, now)
        )
    if colour := sum(film.estimate.how is How.COLOUR for film in films):
        said.append(f"{colour} of them in colour already, to be skipped")
    if unknown := sum(film.estimate.how is How.UNKNOWN for film in films):
        said.append(f"what {_many(unknown)} will take can't be told")
    busy = max((film.estimate.busy for film in films), default=0.0)
    if to_do and busy > _BUSY:
        said.append(
            f"other work took {busy:.0%} of this board while it was measured, without that it goes faster"
        )
    return Plan(films, "; ".join(said) or "there is nothing to do")


def _against(seconds: list[float], total: float, hours: Hours, between: str, now: float) -> str:
    """How films that take so many ``seconds`` each fit into the hours."""
    window = hours.window(now)
    first = window.closes - max(now, window.opens)
    which = f"what is left of {between} ({span(first)})" if window.holds(now) else between
    if total <= first:
        all_of_them = "the film" if len(seconds) == 1 else f"all {len(seconds)} films"
        return f"{all_of_them} will take {span(total)}, which fits into {which}"
    fitting = sum(spent <= first for spent in accumulate(seconds))
    next_one = hours.window(window.closes)
    nights = 1 + math.ceil((total - first) / (next_one.closes - next_one.opens))
    fit = (
        f"{fitting} of {_many(len(seconds))} {'fits' if fitting == 1 else 'fit'}"
        if fitting
        else "no film fits"
    )
    return f"{fit} into {which}; the rest takes {span(total - first)} more, {nights} nights in all"


def _many(count: int) -> str:
    return f"{count} film" if count == 1 else f"{count} films"
