"""``tintcast film``: one film in, the same film in colour out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine
from device.engine import Stop, stop_on_signals


def film(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The film to colorize.")],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="The film to write (.mp4, .mov, .mkv), or a folder for it."),
    ],
    *,
    network: options.NetworkName = None,
    crf: Annotated[
        int | None, typer.Option("--crf", help="Constant quality of x264: 0 lossless, 18 fine, 28 small.")
    ] = None,
    saturation: Annotated[float | None, typer.Option(help="Factor on the predicted colour.")] = None,
    config: options.ConfigFile = None,
) -> None:
    """Colorize a film: sound, subtitles, timing and luma stay as they are.

    An interrupted run is gone on from when the same command is run again.
    """
    from device.jobs.film import Progress, colorize_film, out_file

    settings = options.configure(
        config, network={"name": network}, film={"crf": crf}, colour={"saturation": saturation}
    )
    stop = Stop()
    with ProgressLine(source.name) as line, stop_on_signals(stop):

        def show(now: Progress) -> None:
            note = f"{now.rate:.1f} frames/s" if now.stage == "colour" else now.stage
            line.update(now.done, now.total, note)

        result = colorize_film(source, out, settings, progress=show, stop=stop)
    for note in result.notes:
        typer.echo(f"{source}: {note}", err=True)
    before = f", {result.resumed} of them in earlier runs" if result.resumed else ""
    typer.echo(
        f"{out_file(source, out)}: {result.frames} frames{before}, {result.rate:.1f} frames/s, "
        f"network {result.network_ms:.1f} ms a frame"
    )
