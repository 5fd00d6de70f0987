"""``tintcast-convert evaluate`` and ``look``: a network's colour, with truth and without."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from converter.commands import options, show
from device.errors import ConfigurationError

_SHOWN = 100  # photographs on a sheet


def evaluate(
    *,
    network: Annotated[str, typer.Argument(metavar="NAME|PATH", help="The network to judge.")],
    photos: options.Photos,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of the network; 0: one for each core, at most 4.")
    ] = 0,
    runtime: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures, for each picture.")
    ] = None,
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="The same as a table, a line for each picture."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Show the first 100 photographs, true and made, as PNG."),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the means in the network's manifest.")
    ] = False,
) -> None:
    """Judge a network's colour on photographs: made grey, given colour again, compared with themselves."""
    from converter import data
    from converter import evaluate as judging
    from device.media.contact import BeforeAfter, write_contact_sheet
    from device.network import Network

    if runtime not in {"auto", "litert", "tflite-runtime"}:
        raise ConfigurationError(f"no runtime {runtime!r}", hint="auto, litert or tflite-runtime")
    table = show.table(
        "photographs",
        "pictures",
        "PSNR dB",
        "grey",
        "dE2000",
        "colourfulness",
        "truth",
        "gap",
        "|gap| each",
        "ms",
    )
    results: dict[str, Any] = {}
    pairs: list[BeforeAfter] = []

    def keep(row: judging.Row, truth: judging.Pixels, made: judging.Pixels) -> None:
        note = f"{row.name}: {row.psnr:.1f} dB, colourful {row.colourfulness:.0f} for {row.truth:.0f}"
        if sheet is not None and len(pairs) < _SHOWN:
            pairs.append(BeforeAfter.of_rgb(truth, made, note))

    with Network.load(network, threads or None, runtime) as loaded:  # type: ignore[arg-type]
        for source in photos:
            summary, rows = judging.evaluate(data.iterate_pictures([source]), loaded, each=keep)
            table.add_row(source.name, *show.numbers(*summary.as_dict().values()))
            results[source.name] = {"means": summary.as_dict(), "pictures": [asdict(row) for row in rows]}
    show.console().print(table)
    typer.echo(f"{network}, {loaded.runtime}, on {judging.processor()}")
    if json_file is not None:
        show.write_text(json_file, json.dumps(results, indent=1))
    if csv_file is not None:
        show.write_text(csv_file, _as_csv(results))
    if sheet is not None:
        write_contact_sheet(sheet, pairs, title=network, detail="true and made")
    if record:
        _record(results, network)


def _record(results: dict[str, Any], network: str) -> None:
    from device.network import find_network, read_manifest, write_manifest

    path = find_network(network).with_suffix(".json")
    manifest = read_manifest(path)
    quality = dict(manifest.quality)
    for source_name, result in results.items():
        for key in ("psnr", "colourfulness", "truth", "spread", "delta_e_2000"):
            quality[f"{source_name}: {key}"] = round(result["means"][key], 3)
    write_manifest(replace(manifest, quality=quality), path)


def _as_csv(results: dict[str, Any]) -> str:
    rows = [{"photographs": source} | row for source, each in results.items() for row in each["pictures"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def look(
    *,
    network: Annotated[str, typer.Argument(metavar="NAME|PATH", help="The network to look through.")],
    sources: Annotated[list[Path], typer.Argument(metavar="DIR|FILM...", help="Grey pictures and films.")],
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write all pictures, before and after, as PNG.")
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="Frames of each film.")] = 8,
) -> None:
    """Show a network's colour on pictures that have no truth: how colourful, and whether of one tone."""
    from converter import look as looking
    from device.media.contact import write_contact_sheet
    from device.network import Network

    table = show.table("source", "pictures", "colourfulness", "one tone")
    with Network.load(network) as loaded:
        looks, pairs = looking.look(sources, loaded, frames=frames)
    for seen in looks:
        table.add_row(*show.numbers(*asdict(seen).values()))
    show.console().print(table)
    if sheet is not None:
        write_contact_sheet(sheet, pairs, title=network, detail="before and after")
