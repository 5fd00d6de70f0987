"""What can be made a film of: a film, or a folder of numbered pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from device.media.numbered import probe_pictures
from device.media.probe import probe
from device.sources import Source
from device.sources.film import Counted, FilmSource
from device.sources.glimpses import glimpses
from device.sources.numbered import NumberedPictures, glimpsed
from device.sources.pictures import find_pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.config import Config
    from device.frames import Frame
    from device.media.marks import Marks
    from device.media.probe import FilmFacts


class Film(Source, Protocol):
    """A source whose frames all come, in order, and whose end is known: see ``FilmSource``."""

    facts: FilmFacts
    read: int
    end_pts: int

    def seek(self, seconds: float) -> None:
        """Begin about there, not at the start, and number frames from there on; before ``frames``."""
        ...

    @property
    def damaged(self) -> int:
        """What of it was damaged so far."""
        ...

    def counted_before(self, index: int) -> Counted:
        """What was counted before frame ``index`` came."""
        ...

    def remarks(self) -> Iterator[str]:
        """What the user should know of the film as it came, one line each."""
        ...


def facts_at(path: Path, config: Config) -> FilmFacts:
    """The facts of the film at ``path``; errors as ``probe`` and ``probe_pictures``."""
    if path.is_dir():
        return probe_pictures(path, find_pictures(path), config.batch.rate)
    return probe(path)


def open_film_at(
    facts: FilmFacts,
    config: Config,
    start: int = 0,
    marks: Marks | None = None,
    before: Counted = Counted(),  # noqa: B008 - a constant
) -> Film:
    """Open the film of ``facts`` from frame ``start`` on: see ``FilmSource``."""
    if facts.path.is_dir():
        return NumberedPictures(facts.path, config.batch.rate, facts, start, before=before)
    deinterlace = config.film.deinterlace == "auto"
    return FilmSource(facts.path, facts, start, marks, before=before, deinterlace=deinterlace)


def glimpses_at(facts: FilmFacts) -> Iterator[Frame]:
    """A few frames from all over the film of ``facts``."""
    if facts.path.is_dir():
        return glimpsed(facts)
    return glimpses(facts.path, facts)
