"""``tintcast-convert``: train, convert and judge the networks that the board runs."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from converter.quiet import import_tensorflow
from device.cli.command import run_command, start_logging
from device.errors import ConfigurationError, from_os_error

__all__ = ["app", "main"]

app = typer.Typer(
    name="tintcast-convert",
    help="Make the networks that tintcast runs: train them, convert them, judge them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Checkpoint = Annotated[Path, typer.Argument(help="Checkpoint of a training run (.npz).")]
Photos = Annotated[
    list[Path], typer.Option("--photos", metavar="TAR|DIR", help="Colour photographs; repeatable.")
]


@app.callback()
def _common(
    *, verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False
) -> None:
    start_logging(verbose=verbose)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@app.command()
def train(
    *,
    photos: Photos,
    points: Annotated[Path, typer.Option(metavar="FILE", help="pts_in_hull.npy: the 313 bins of ab.")],
    work: Annotated[Path, typer.Option(metavar="DIR", help="For decoded photographs, log and checkpoint.")],
    pretrained: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="MobileNetV2 1.0 (.tflite) to warm-start the encoder with."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Checkpoint whose weights a new run begins at."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Length of the run on the clock.")] = None,
    pictures: Annotated[int | None, typer.Option(min=1, help="Length of the run in pictures seen.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures a step.")] = 32,
    encoder_rate: Annotated[
        float, typer.Option(min=0, help="Largest learning rate of the encoder.")
    ] = 2.5e-4,
    decoder_rate: Annotated[float, typer.Option(min=0, help="Largest learning rate of the rest.")] = 1e-3,
    quantized_from: Annotated[
        float, typer.Option(min=0, help="Part of the run after which kernels are rounded to int8; 1: never.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(help="Of order, crops, ageing and the part kept back.")] = 1,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="Compute in bfloat16: faster where it is native.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in the work folder.")
    ] = False,
) -> None:
    """Train the compact network; the learning rate ends at zero.

    Leaves compact.npz (checkpoint) and log.jsonl in the work folder. An interrupted run goes on with --resume
    and the same length.
    """
    import_tensorflow()
    from converter import session
    from converter.schedule import Schedule

    schedule = Schedule(
        minutes=minutes, pictures=pictures, batch=batch, encoder_rate=encoder_rate, decoder_rate=decoder_rate,
        seed=seed,
        quantized_from=quantized_from,
    )  # fmt: skip
    session.run(
        session.Request(
            photos=tuple(photos), points=points, work=work, pretrained=pretrained, start=start,
            schedule=schedule, bfloat16=bfloat16, resume=resume,
        ),
        tell=lambda row: typer.echo("  ".join(f"{key} {value:g}" for key, value in row.items())),
    )  # fmt: skip


@app.command()
def tune(
    *,
    checkpoint: Checkpoint,
    photos: Photos,
    pictures: Annotated[int, typer.Option(min=1, help="How many of the photographs kept back.")] = 200,
) -> None:
    """Show what boldness and saturation give, on photographs that training kept back."""
    import_tensorflow()
    from converter import tune as tuning

    table = _table("boldness", "saturation", "PSNR dB", "colourfulness", "truth", "gap")
    for choice in tuning.choices(checkpoint, photos, pictures=pictures):
        gap = abs(choice.colourfulness - choice.truth)
        table.add_row(*_numbers(*asdict(choice).values(), gap))
    _console().print(table)


@app.command()
def convert(
    *,
    checkpoint: Checkpoint,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for NAME.tflite and NAME.json.")],
    recipe: Annotated[str, typer.Option(help="float32, float16, dynamic-int8 or int8.")] = "int8",
    name: Annotated[str, typer.Option(help="Name that the network is asked for by.")] = "compact",
    boldness: Annotated[float, typer.Option(help="0: cautious colour, 1: bold.")] = 0.8,
    saturation: Annotated[float, typer.Option(help="Factor on the network's ab.")] = 1.0,
    calibration: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TAR|DIR", help="Photographs to calibrate on; default: some that training kept back."
        ),
    ] = None,
    data_note: Annotated[
        str, typer.Option("--data", help="What it learned from, for the manifest.")
    ] = "not stated",
) -> None:
    """Make a network for the board from a training checkpoint, and compare it with what was trained."""
    import_tensorflow()
    from converter import convert as conversion
    from converter.recipes import find_recipe

    chosen = find_recipe(recipe)
    path, difference = conversion.convert(
        checkpoint, chosen, out, name=name, calibration=calibration or (), data_note=data_note,
        taste=conversion.Taste(boldness=boldness, saturation=saturation),
    )  # fmt: skip
    typer.echo(
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, {chosen.says}; "
        f"ab to float32: mean {difference.mean:.3f}, largest {difference.largest:.2f}"
    )


@app.command()
def weights(
    *,
    checkpoint: Checkpoint,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The smaller checkpoint.")],
) -> None:
    """Keep a checkpoint's averaged weights alone, as float16: enough to train on from and to convert."""
    import_tensorflow()
    from converter.train import write_weights

    write_weights(checkpoint, out)
    typer.echo(f"{out} {out.stat().st_size / 1e6:.2f} MB")


@app.command()
def evaluate(
    *,
    network: Annotated[str, typer.Argument(metavar="NAME|PATH", help="The network to judge.")],
    photos: Photos,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of the network; 0: one for each core, at most 4.")
    ] = 0,
    runtime: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures, for each picture.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the means in the network's manifest.")
    ] = False,
) -> None:
    """Judge a network's colour on photographs: made grey, given colour again, compared with themselves."""
    from converter import data
    from converter import evaluate as judging
    from device.network import Network, find_network, read_manifest, write_manifest

    if runtime not in {"auto", "litert", "tflite-runtime"}:
        raise ConfigurationError(f"no runtime {runtime!r}", hint="auto, litert or tflite-runtime")
    table = _table(
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
    with Network.load(network, threads or None, runtime) as loaded:  # type: ignore[arg-type]
        for source in photos:
            summary, rows = judging.evaluate(data.iterate_pictures([source]), loaded)
            table.add_row(source.name, *_numbers(*summary.as_dict().values()))
            results[source.name] = {"means": summary.as_dict(), "pictures": [asdict(row) for row in rows]}
    _console().print(table)
    typer.echo(f"{network}, {loaded.runtime}, on {judging.processor()}")
    if json_file is not None:
        _write(json_file, json.dumps(results, indent=1))
    if record:
        path = find_network(network).with_suffix(".json")
        manifest = read_manifest(path)
        quality = dict(manifest.quality)
        for source_name, result in results.items():
            for key in ("psnr", "colourfulness", "truth", "spread", "delta_e_2000"):
                quality[f"{source_name}: {key}"] = round(result["means"][key], 3)
        write_manifest(replace(manifest, quality=quality), path)


@app.command()
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

    table = _table("source", "pictures", "colourfulness", "one tone")
    with Network.load(network) as loaded:
        looks, pairs = looking.look(sources, loaded, frames=frames)
    for seen in looks:
        table.add_row(*_numbers(*asdict(seen).values()))
    _console().print(table)
    if sheet is not None:
        write_contact_sheet(sheet, pairs, title=network, detail="before and after")


def _console() -> Console:
    """Wide enough for every column, also where nobody looks."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _numbers(*values: float) -> list[str]:
    return [f"{value:.2f}" if isinstance(value, float) else str(value) for value in values]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't write") from error


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    return run_command(app, "tintcast-convert", arguments)


if __name__ == "__main__":
    sys.exit(main())
