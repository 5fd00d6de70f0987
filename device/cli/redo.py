"""``tintcast redo``: some shots of a finished film coloured again, with other settings."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from device.cli import options
from device.cli.show import ProgressLine
from device.engine import Stop, stop_on_signals
from device.errors import ConfigurationError
from device.jobs.batch.naming import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from device.jobs.film import Progress
    from device.jobs.film_shots import FilmShots

_SHOTS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_TAME = re.compile(r"(\d{1,9}(?:\.\d*)?)-(\d{1,9}(?:\.\d*)?)(?::(\d*\.?\d+))?")
_TIME = re.compile(r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}(?:\.\d*)?)")


def redo(
    film: Annotated[Path, typer.Argument(metavar="FILM", help="A film that tintcast coloured.")],
    *,
    shot: Annotated[
        list[str] | None,
        typer.Option(metavar="N[,N-N]", help="Which of its shots, as in 3,7-9; repeatable."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="[[H:]M:]S", help="The shot that is to be seen at this time; repeatable."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Print its shots, and do nothing.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Make them again as they were before they were last redone.")
    ] = False,
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The film that it was made from, where that moved.")
    ] = None,
    network: options.NetworkName = None,
    colour: options.When = None,
    saturation: options.Saturation = None,
    tame: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM-TO[:KEEP]",
            help="Hold back a range of hue (degrees), of which the share KEEP stays, 0.5 by default, as in "
            "20-60:0.3; repeatable.",
        ),
    ] = None,
    shadow_chroma: Annotated[
        float | None, typer.Option(help="Share of the colour that is kept in the deepest shadow.")
    ] = None,
    steadiness: Annotated[
        float | None, typer.Option(help="How much of the colour is carried on along the motion.")
    ] = None,
    colour_every: options.ColourEvery = None,
    look_ahead: options.LookAhead = None,
    hint: options.Hint = None,
    hints: options.HintsFile = None,
    reference: options.Reference = None,
    config: options.ConfigFile = None,
) -> None:
    """Colour some shots of a finished film again, with other settings.

    All else stays bit for bit as it is: every other shot, sound, subtitles. A shot keeps what was asked for
    it before; what is asked now comes on top. Until the new film is whole, the old one stands.
    """
    from device.jobs.batch.report import refresh_page
    from device.jobs.redo import known_shots, redo_film

    known = known_shots(film)
    if list_:
        _show(_table(known))
        return
    asked: dict[str, Mapping[str, Any]] = {
        "network": {"name": network and _lasting(network)},
        "colour": {
            "when": colour,
            "saturation": saturation,
            "tame": None if tame is None else [_tame(text) for text in tame],
            "shadow_chroma": shadow_chroma,
            "steadiness": steadiness,
        },
        "film": {"colour_every": colour_every, "look_ahead": look_ahead},
        "hints": options.hint_keys(hint, hints, reference and reference.absolute()),
    }
    given = {section: _given(keys) for section, keys in asked.items() if _given(keys)}
    if undo and given:
        raise ConfigurationError("--undo goes back to earlier settings: leave out the others")
    numbers = [number for text in shot or () for number in _numbers(text, len(known.shots))]
    numbers += [_shot_at(known, text) for text in at or ()]
    settings = options.configure(config)
    stop = Stop()
    with ProgressLine(shown(film.name)) as line, stop_on_signals(stop):

        def show(now: Progress) -> None:
            line.update(
                now.done, now.total, f"{now.rate:.1f} frames/s" if now.stage == "colour" else now.stage
            )

        result = redo_film(film, numbers, given, settings, undo=undo, source=source, progress=show, stop=stop)
    for note in result.notes:
        line.say(f"{shown(film)}: {note}")
    done = sorted(set(numbers))
    said = f"shot{'s' if len(done) > 1 else ''} {', '.join(map(str, done))}"
    passed = f", {result.passed} of them in their own colour" if result.passed else ""
    typer.echo(
        f"{shown(film)}: {said} coloured again: {result.frames} frames{passed}, {result.rate:.1f} frames/s, "
        f"network {result.network_ms:.1f} ms a frame"
    )
    if (page := refresh_page(film, stop)) is not None:
        typer.echo(f"to look at: {shown(page)}")


def _given(keys: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, as JSON holds it."""
    return {
        key: str(value) if isinstance(value, Path) else value
        for key, value in keys.items()
        if value is not None
    }


def _lasting(network: str) -> str:
    """The network's name, or where its file lies, whatever folder is asked from."""
    is_file = "/" in network or network.endswith((".tflite", ".json"))
    return str(Path(network).expanduser().absolute()) if is_file else network


def _numbers(text: str, most: int) -> list[int]:
    """The shots of ``--shot``, ``most`` there are, and at most one beyond. Raises ConfigurationError."""
    numbers: list[int] = []
    for part in text.split(","):
        found = _SHOTS.fullmatch(part.strip())
        if found is None:
            raise ConfigurationError(f"--shot {text} is not of the form 3 or 3,7-9")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise ConfigurationError(f"--shot {text} ends before it begins")
        numbers += range(first, min(last, max(first, most + 1)) + 1)
    return numbers


def _shot_at(known: FilmShots, text: str) -> int:
    """The shot at a time. Raises ConfigurationError."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(f"--at {text} is not a time, as in 83.5, 1:23 or 1:02:03")
    hours, minutes, seconds = found.groups()
    time = 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds)
    for shot in known.shots:
        if shot.begins <= time < shot.ends:
            return shot.number
    raise ConfigurationError(f"--at {text} is not within the film", where=known.film)


def _tame(text: str) -> dict[str, float]:
    """The range of hue of ``--tame``. Raises ConfigurationError."""
    found = _TAME.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(f"--tame {text} is not of the form 20-60 or 20-60:0.3")
    start, end, keep = found.groups()
    return {"start": float(start) % 360, "end": float(end) % 360, "keep": float(keep or 0.5)}


def _table(known: FilmShots) -> Table:
    from rich.table import Table
    from rich.text import Text

    from device.jobs.shot_wishes import wishes
    from device.jobs.telling import clock

    table = Table()
    for column in ("shot", "begins", "ends", "frames"):
        table.add_column(column, justify="right")
    table.add_column("colour")
    table.add_column("colourfulness", justify="right")
    table.add_column("flicker", justify="right")
    table.add_column("asked for it")
    for shot in known.shots:
        table.add_row(
            str(shot.number),
            clock(shot.begins),
            clock(shot.ends),
            str(shot.frames),
            "its own" if shot.own_colour else "made",
            *(_figure(shot.figures.get(name)) for name in ("colourfulness", "flicker")),
            Text(wishes(shot.settings)),
        )
    return table


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _show(table: Table) -> None:
    from rich.console import Console

    console = Console() if sys.stdout.isatty() else Console(width=140)
    console.print(table)
