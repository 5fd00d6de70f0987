"""``tintcast-convert convert``: from weights to the files that a board takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from converter.commands import options
from converter.quiet import import_tensorflow


def convert(
    *,
    checkpoint: options.Checkpoint,
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
