"""``tintcast film``: one film in, the same film in colour out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine, passed_line
from device.engine import Stop, stop_on_signals
from device.errors import ConfigurationError
from device.media.containers import CONTAINERS

if TYPE_CHECKING:
    from device.config import Config
    from device.jobs.film import Progress


def film(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="The film to colorize, or a folder of numbered pictures.")
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="The film to write (.mp4, .mov, .mkv), or a folder for it."),
    ],
    *,
    network: options.NetworkName = None,
    codec: options.FilmCodec = None,
    crf: options.Crf = None,
    colour: options.When = None,
    colour_every: options.ColourEvery = None,
    look_ahead: options.LookAhead = None,
    saturation: options.Saturation = None,
    fps: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="Make a film of a folder of numbered pictures, so many a second."),
    ] = None,
    hint: options.Hint = None,
    hints: options.HintsFile = None,
    reference: options.Reference = None,
    config: options.ConfigFile = None,
) -> None:
    """Colorize a film: sound, subtitles, timing and luma stay as they are.

    An interrupted run is gone on from when the same command is run again. IN may be a folder of numbered
    pictures: OUT is then the folder for the coloured ones, or with --fps the film of them.
    """
    settings = options.configure(
        config,
        network={"name": network},
        film={"codec": codec, "crf": crf, "colour_every": colour_every, "look_ahead": look_ahead},
        colour={"when": colour, "saturation": saturation},
        hints=options.hint_keys(hint, hints, reference),
        batch={"rate": fps},
    )
    pictures = source.is_dir() and not settings.batch.rate
    if pictures and (codec is not None or crf is not None or out.suffix.lower() in CONTAINERS):
        raise ConfigurationError(
            "is a folder of pictures, which stay pictures",
            where=source,
            hint="a film is made of them by --fps 24, or as many as are to be seen in a second",
        )
    stop = Stop()
    with ProgressLine(source.name) as line, stop_on_signals(stop):
        if pictures:
            typer.echo(_colorize_folder(source, out, settings, stop, line))
        else:
            typer.echo(_colorize_film(source, out, settings, stop, line))


def _colorize_film(source: Path, out: Path, settings: Config, stop: Stop, line: ProgressLine) -> str:
    from device.jobs.film import colorize_film, out_file

    def show(now: Progress) -> None:
        note = f"{now.rate:.1f} frames/s" if now.stage == "colour" else now.stage
        line.update(now.done, now.total, note)

    result = colorize_film(source, out, settings, progress=show, stop=stop)
    for note in result.notes:
        line.say(f"{source}: {note}")
    before = f", {result.resumed} of them in earlier runs" if result.resumed else ""
    written = out_file(source, out, settings.film)
    return (
        f"{written}: {result.frames} frames{before}, {result.rate:.1f} frames/s, "
        f"network {result.network_ms:.1f} ms a frame"
    ) + passed_line(result.passed, result.frames, "frames", settings.colour.when)


def _colorize_folder(source: Path, out: Path, settings: Config, stop: Stop, line: ProgressLine) -> str:
    from device.jobs.pictures import colorize_pictures

    done = colorize_pictures(source, out, settings, stop=stop, progress=line.update)
    for note in done.notes:
        line.say(f"{source}: {note}")
    return (
        f"{out}: {done.frames} pictures, {done.rate:.1f} a second, network {done.network_ms:.1f} ms a picture"
    ) + passed_line(done.passed, done.frames, "pictures", settings.colour.when)
