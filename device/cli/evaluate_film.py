"""``tintcast evaluate-film``: how steady films come out, in figures."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine
from device.engine import Stop, stop_on_signals

if TYPE_CHECKING:
    from rich.table import Table

    from device.jobs.film_figures import FilmFigures

_COLUMNS = ("warp error", "share", "largest", "CDC x 1000", "colourful", "PSNR dB", "dE2000")


def evaluate_film(
    films: Annotated[
        list[Path],
        typer.Argument(metavar="FILM|FOLDER...", help="Films, or folders: of these, films of 2 s and more."),
    ],
    *,
    network: options.NetworkName = None,
    steadiness: Annotated[
        float | None,
        typer.Option(min=0, max=0.999, help="Strength of the smoothing; otherwise as configured."),
    ] = None,
    colour_every: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Also predict each Nth frame only, and carry colour between."),
    ] = 1,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only what the network predicts, without any smoothing.")
    ] = False,
    frames: Annotated[int | None, typer.Option(min=2, help="So many from the start of each film.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    config: options.ConfigFile = None,
) -> None:
    """Measure flicker: how much colour changes where nothing but motion does, by each way to colour a film.

    As the network predicts it, frame by frame; held steady by what came before; looking ahead as well. Each
    has its share of the warp error of what is predicted, and the largest from a frame to the next.

    Films in colour are made grey first, and their own colour is measured beside. Warp error: mean change of
    ab along the motion, which is found at full size by another flow than the one that smooths; CDC: drift of
    the colours' histograms over 1, 2 and 4 frames.
    """
    from device.jobs.evaluate_film import evaluate_film as evaluate
    from device.jobs.evaluate_film import films_of
    from device.jobs.film_figures import AHEAD, CARRIED, CARRIED_AHEAD, PREDICTED, STEADY, summarized
    from device.network import Network

    settings = options.configure(config, network={"name": network}, colour={"steadiness": steadiness})
    named = settings.network
    stop = Stop()
    measured = []
    with stop_on_signals(stop), Network.load(named.name, named.threads, named.runtime) as loaded:
        for film in films_of(films):
            with ProgressLine(film.name) as line:
                measured.append(
                    evaluate(
                        film,
                        loaded,
                        steadiness=None if raw else settings.colour.steadiness,
                        every=colour_every,
                        frames=frames,
                        stop=stop,
                        progress=line.update,
                    )
                )
    pairs = [(way, PREDICTED) for way in (STEADY, CARRIED, AHEAD, CARRIED_AHEAD)]
    pairs += [(AHEAD, STEADY), (CARRIED_AHEAD, CARRIED)]
    sums = [each for way, of in pairs if (each := summarized(measured, way, of))]
    if as_json:
        both = {"films": [each.as_json() for each in measured], "summary": [asdict(each) for each in sums]}
        typer.echo(json.dumps(both, indent=2))
        return
    _show(_table(measured))
    for each in sums:
        typer.echo("\n".join(each.lines()))


def _table(films: list[FilmFigures]) -> Table:
    from rich.table import Table

    table = Table()
    table.add_column("film")
    table.add_column("colour", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for film in films:
        for row, (way, figures) in enumerate(film.ways.items()):
            about = (
                film.film,
                f"  {film.frames} frames",
                f"  {film.shots} shot{'s' if film.shots > 1 else ''}",
            )
            steps = (figures.warp_error, film.left(way), figures.largest_step)
            table.add_row(
                about[row] if row < len(about) else "",
                _labels(film).get(way, way),
                *map(_number, (*steps, figures.cdc, figures.colourfulness, figures.psnr, figures.delta_e)),
            )
        table.add_section()
    return table


def _labels(film: FilmFigures) -> dict[str, str]:
    return {"carried": f"carried, every {film.every}", "carried ahead": f"ahead, every {film.every}"}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _show(table: Table) -> None:
    from rich.console import Console

    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(table)
