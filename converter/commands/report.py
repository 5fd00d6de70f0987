"""``tintcast-convert report``: recipes side by side, as a table, as JSON, as one HTML page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converter.commands import options, show
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.table import Table

    from converter.report import Report


def report(
    *,
    networks: Annotated[
        list[str], typer.Argument(metavar="NAME|PATH|DIR...", help="Networks, or folders of them.")
    ],
    photos: options.Photos,
    pictures: Annotated[int, typer.Option(min=1, help="Photographs to compare on, at most.")] = 100,
    reference: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Network to compare the others with; default: the float32 one."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one HTML page, with pictures.")
    ] = None,
    shown: Annotated[int, typer.Option("--show", min=0, help="Photographs on the page.")] = 12,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.01, help="How long each network is timed.")] = 2.0,
    runtime: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
) -> None:
    """Compare recipes of a network: size, speed and memory, and how far their colours are from float32's."""
    from converter import data
    from converter import report as reporting
    from device.cli.show import ProgressLine

    if runtime not in {"auto", "litert", "tflite-runtime"}:
        raise ConfigurationError(f"no runtime {runtime!r}", hint="auto, litert or tflite-runtime")
    with ProgressLine("report") as line:
        made = reporting.compare(
            reporting.expand(networks),
            data.iterate_pictures(photos),
            reference=reference,
            limit=pictures,
            show=shown if html else 0,
            seconds=seconds,
            runtime=runtime,  # type: ignore[arg-type]
            photographs=", ".join(path.name for path in photos),
            told=lambda what, done, total: line.update(done, total, what),
        )
    show.console().print(_table(made))
    typer.echo(
        f"{made.pictures} photographs: grey {made.grey_psnr:.2f} dB, colour {made.truth_colourfulness:.2f}"
        f"\n{made.runtime}, on {made.machine}"
    )
    typer.echo(f"weights: {made.weights}; learned from: {made.data}")
    for label, reason in made.refused:
        typer.echo(f"{label} is left out: {reason}", err=True)
    if json_file is not None:
        show.write_text(json_file, json.dumps(_figures(made), indent=1) + "\n")
    if html is not None:
        show.write_text(html, reporting.page(made))
        typer.echo(f"{html}: {html.stat().st_size / 1e6:.1f} MB")


def _table(made: Report) -> Table:
    threads = made.entries[0].all_threads.threads
    table = show.table(
        "network", "MB", "ms 1t", f"ms {threads}t", "peak MB", "ab mean", "p95", "dE2000", "p95", "colour",
        "change", "PSNR dB",
    )  # fmt: skip
    for entry in made.entries:
        away = [value for each in (entry.ab, entry.delta_e_2000) for value in _both(each)]
        times = (entry.one_thread.milliseconds, entry.all_threads.milliseconds)
        table.add_row(
            *show.numbers(entry.label, entry.megabytes, *times, entry.peak_mb),
            *away,
            *show.numbers(entry.colourfulness),
            f"{entry.change:+.2f}" if entry.ab else "-",
            *show.numbers(entry.psnr),
        )
    return table


def _both(spread: Any) -> list[str]:
    return show.numbers(spread.mean, spread.p95) if spread else ["-", "-"]


def _figures(made: Report) -> dict[str, Any]:
    """All but the pictures."""
    figures = asdict(made)
    for shot in figures["shots"]:
        for view in (shot["grey"], *shot["results"], shot["truth"]):
            del view["jpeg"]
    return figures
