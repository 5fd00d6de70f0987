"""A night's report as one HTML page that needs nothing beside it, however many films it is about."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from markupsafe import Markup

from device.errors import Interrupted
from device.jobs.batch.naming import href, shell_word, shown
from device.jobs.batch.pages import picture, rendered
from device.jobs.batch.report_stills import chosen, still, strip
from device.jobs.film_shots import read_shots, shots_folder
from device.jobs.shot_wishes import wishes
from device.jobs.telling import clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from device.engine import Stop
    from device.jobs.batch.report_schema import FileEntry, NightReport
    from device.jobs.film_shots import FilmShots, Shot

#: Pictures take so many bytes of the page at most; of them strips, which every film is to have, first.
_BYTES: Final = 12_000_000
_STRIP_BYTES: Final = 6_000_000
#: Cells of a strip: how many at most, how many it is to have, how high they may be (pixels), and about what
#: they take on the page for each pixel of the square of that.
_CELLS: Final = 8
_ENOUGH_CELLS: Final = 5
_HEIGHTS: Final = (108, 84, 64)
_CELL_BYTES: Final = 0.7
#: So many shots, and so many of each kind of other files, are told one by one.
_MOST_SHOTS: Final = 4000
_MOST_OTHERS: Final = 1000
#: So few films stand open.
_OPEN: Final = 4
_FIGURES: Final = {"flicker": "flicker", "colourfulness": "colourfulness"}


@dataclass(frozen=True, slots=True)
class StripView:
    """A strip as the page shows it: its address, which holds it, and its size in pixels."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ShotView:
    """A shot as the page shows it."""

    number: int
    own_colour: bool
    begins: str
    ends: str
    frames: int
    picture: str | None
    still: str | None
    told: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class FilmView:
    """A film as the page shows it. ``name``: of what was made; ``missing``: shots not told one by one."""

    entry: FileEntry
    name: str
    strip: StripView | None = None
    told: tuple[str, ...] = ()
    shots: Sequence[ShotView] = field(default_factory=tuple)
    missing: int = 0

    @property
    def own(self) -> int:
        """How many of its shots are in their own colour."""
        return sum(shot.own_colour for shot in self.shots)


def page_of(report: NightReport, out: Path, stop: Stop) -> str:
    """The page on the night whose films and stills lie in ``out``. Raises Interrupted at the stop."""
    films = [entry for entry in report.files if entry.outcome == "done" and entry.kind != "picture"]
    views = _Album(out, len(films), stop).views(films)
    script = rendered("report.js")
    pictures = [entry for entry in report.files if entry.outcome == "done" and entry.kind == "picture"]
    skipped = [entry for entry in report.files if entry.outcome == "skipped"]
    return rendered(
        "report.html",
        report=report,
        failures=[entry for entry in report.files if entry.outcome == "failed"],
        most=_MOST_OTHERS,
        open=_OPEN,
        films=views,
        pictures=pictures[:_MOST_OTHERS],
        picture_count=len(pictures),
        skipped=skipped[:_MOST_OTHERS],
        skipped_count=len(skipped),
        script=Markup(script),  # noqa: S704 - a file of ours, without a word of anybody else's
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


class _Album:
    """Takes pictures for a page as long as there is room."""

    def __init__(self, out: Path, films: int, stop: Stop) -> None:
        self._out = out
        self._stop = stop
        self._strips, self._stills = _STRIP_BYTES, _BYTES - _STRIP_BYTES
        self._cells, self._height = _cells_for(max(films, 1))
        self._most_shots = max(_MOST_SHOTS // max(films, 1), 6)

    def views(self, films: Sequence[FileEntry]) -> list[FilmView]:
        """Every film, strips first: whatever room they leave is the stills'."""
        known = []
        for entry in films:
            self._go_on()
            film = self._out / os.fsdecode(unquote_to_bytes(entry.out or ""))
            shots = read_shots(film) if entry.shots is not None else None
            known.append((entry, film, shots, None if shots is None else self._strip(film, shots)))
        self._stills += self._strips
        views = []
        for left, each in zip(range(len(known), 0, -1), known, strict=True):
            kept = self._stills - self._stills // left  # for the films that follow
            self._stills -= kept
            views.append(self._view(*each))
            self._stills += kept
        return views

    def _view(
        self, entry: FileEntry, film: Path, shots: FilmShots | None, strip: StripView | None
    ) -> FilmView:
        if shots is None:
            return FilmView(entry, shown(film.name), told=_told(entry.figures))
        some = chosen(shots, self._most_shots) if len(shots.shots) > self._most_shots else shots.shots
        views = [self._shot(film, shots.pixel_aspect, shot) for shot in some]
        told = _told(shots.figures or entry.figures)
        return FilmView(entry, shown(film.name), strip, told, views, len(shots.shots) - len(some))

    def _strip(self, film: Path, shots: FilmShots) -> StripView | None:
        folder = shots_folder(film)
        some = [(folder / shot.still, shot.own_colour) for shot in chosen(shots, self._cells) if shot.still]
        made = strip(some, shots.pixel_aspect, self._height)
        if made is None or (room := self._strips - len(made.jpeg) * 4 // 3) < 0:
            return None
        self._strips = room
        return StripView(picture(made.jpeg), made.width, made.height)

    def _shot(self, film: Path, aspect: float, shot: Shot) -> ShotView:
        self._go_on()
        path = None if shot.still is None else shots_folder(film) / shot.still
        jpeg = still(path, aspect) if path is not None and self._stills > 0 else None
        self._stills -= len(jpeg or b"") * 4 // 3
        return ShotView(
            number=shot.number,
            own_colour=shot.own_colour,
            begins=clock(shot.begins),
            ends=clock(shot.ends),
            frames=shot.frames,
            picture=None if jpeg is None else picture(jpeg),
            still=None if path is None else href(path.relative_to(self._out)),
            told=(*_told(shot.figures), *_asked(shot.settings)),
            command=f"tintcast redo {shell_word(film)} --shot {shot.number}",
        )

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Interrupted


def _cells_for(films: int) -> tuple[int, int]:
    """How many cells a strip has where there are so many of them, and how high they are."""
    cells, height = 1, _HEIGHTS[-1]
    for height in _HEIGHTS:
        cells = int(_STRIP_BYTES / films / (_CELL_BYTES * height**2))
        if cells >= _ENOUGH_CELLS:
            break
    return min(max(cells, 1), _CELLS), height


def _told(figures: Any) -> tuple[str, ...]:
    """Figures that have a value, as text."""
    values = ((name, figures.get(key)) for key, name in _FIGURES.items())
    return tuple(f"{name} {value:.3g}" for name, value in values if isinstance(value, int | float))


def _asked(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What was asked for one shot alone."""
    asked = wishes(settings)
    return (f"redone with {asked}",) if asked else ()
