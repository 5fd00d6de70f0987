"""``tintcast redo``: some shots of a finished film coloured again, with other settings; all else stays.

This side imports no codec.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from device.config import Config
from device.engine import Stop
from device.errors import ConfigurationError, MissingInput, SourceChanged, UnreadableFilm
from device.jobs.film import FilmTask, run_film
from device.jobs.film_identity import has_content
from device.jobs.film_shots import read_shots, shots_folder
from device.jobs.supervise import Terms
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from device.jobs.film import FilmResult, Progress
    from device.jobs.film_shots import FilmShots, Shot

    Settings = Mapping[str, Mapping[str, Any]]

#: What may be asked for a shot alone, section by section; the rest is of the film as a whole.
OF_A_SHOT = {
    "network": {"name"},
    "colour": {"when", "saturation", "shadow_chroma", "tame", "steadiness"},
    "film": {"colour_every", "look_ahead"},
    "hints": {"points", "reference"},
}


def redo_film(
    film: Path,
    numbers: Collection[int],
    asked: Settings,
    config: Config,
    *,
    undo: bool = False,
    source: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Stop | None = None,
) -> FilmResult:
    """Colour the shots ``numbers`` of the finished ``film`` again, as before but for what is ``asked``.

    ``asked``: keys of ``OF_A_SHOT``; ``undo``: nothing is, and each is as it was before it was last redone.
    ``config``: of this machine: what the film was made with is known. ``source``: where that what it was made
    from lies now. Until the new film is whole, the old one stands.

    Raises ConfigurationError for shots or settings that can't be, MissingInput and SourceChanged where the
    source is not there or not the same, and what ``colorize_film`` raises.
    """
    known = known_shots(film)
    shots = [wanted(known, number, asked, undo=undo) for number in sorted(set(numbers))]
    if not shots:
        raise ConfigurationError("no shot is named", where=film, hint="--list prints all that it has")
    whole = film_config(known, config)
    for shot in shots:
        shot_config(whole, shot)
    task = FilmTask(_source_of(film, known, source), film.absolute(), whole, redo=tuple(shots))
    try:
        return run_film(task, progress=progress, say=lambda _: None, stop=stop or Stop(), terms=Terms())
    finally:
        WorkFolder.sweep(film)  # its process may have been killed


def known_shots(film: Path) -> FilmShots:
    """The shots of a finished film. Raises MissingInput, ConfigurationError where none are known."""
    if not film.is_file():
        raise MissingInput("no such film", where=film)
    known = read_shots(film)
    if known is None:
        raise ConfigurationError(
            "nothing is known of its shots",
            where=film,
            hint="name a film that tintcast coloured with film.keep_shots, not changed since, and beside it "
            f"its folder {shots_folder(film).name}",
        )
    return known


def wanted(known: FilmShots, number: int, asked: Settings, *, undo: bool) -> Shot:
    """The shot ``number`` as it is to be: with what is ``asked``, or as before. Raises ConfigurationError."""
    if not 1 <= number <= len(known.shots):
        raise ConfigurationError(
            f"has no shot {number}", where=known.film, hint=f"it has shots 1 to {len(known.shots)}"
        )
    shot = known.shots[number - 1]
    if undo:
        if not shot.before:
            raise ConfigurationError(f"shot {number} was not redone: nothing to undo", where=known.film)
        return replace(shot, settings=shot.before[-1], before=shot.before[:-1])
    settings = {section: dict(keys) for section, keys in shot.settings.items()}
    for section, keys in asked.items():
        if not keys.keys() <= OF_A_SHOT.get(section, set()):
            raise ConfigurationError(f"{section}: {', '.join(keys)} can't be other for a shot alone")
        if keys:
            settings.setdefault(section, {}).update(keys)
    if settings == shot.settings:
        raise ConfigurationError(
            f"shot {number} is that already: nothing else is asked for",
            where=known.film,
            hint="ask for something, such as --saturation 0.8",
        )
    return replace(shot, settings=settings, before=(*shot.before, shot.settings))


def film_config(known: FilmShots, config: Config) -> Config:
    """What a film was made with, on this machine, of which ``config`` is. Raises ConfigurationError."""
    own = {section: dict(known.settings.get(section, {})) for section in ("colour", "film", "hints")}
    network = {**config.network.model_dump(), "name": known.settings.get("network", {}).get("name")}
    batch = {key: value for key, value in known.settings.get("batch", {}).items() if key == "rate"}
    return _merged(config, {**own, "network": network, "batch": batch})


def shot_config(whole: Config, shot: Shot) -> Config:
    """What a shot is to be made with, where ``whole`` is what the film was. Raises ConfigurationError."""
    return _merged(whole, shot.settings)


def _merged(config: Config, settings: Settings) -> Config:
    values = config.model_dump()
    for section, keys in settings.items():
        values.setdefault(section, {}).update(keys)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{key} = {first['input']!r} is not allowed: {first['msg'][:1].lower()}{first['msg'][1:]}"
        ) from None


def _source_of(film: Path, known: FilmShots, named: Path | None) -> Path:
    """What the film was made from: where it lay then, or is ``named`` to lie now, and the same as then."""
    source = named or film.parent / known.source
    if not source.exists():
        raise MissingInput(
            "the film that it was made from is not there", where=source, hint="say where it is now: --source"
        )
    if not (source.is_file() or source.is_dir()):
        raise UnreadableFilm("is no file", where=source)
    try:
        same = has_content(_files(source), known.identity)
    except (KeyError, TypeError, ValueError):  # a folder for a film, or an identity that somebody changed
        same = False
    if not same:
        raise SourceChanged("is not what the film was made from", where=source)
    return source.absolute()


def _files(source: Path) -> Sequence[Path]:
    """The film, or the pictures of a folder."""
    if not source.is_dir():
        return [source]
    from device.sources.pictures import find_pictures  # noqa: PLC0415 - pixels only where there are pictures

    return find_pictures(source)
