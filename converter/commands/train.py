"""``tintcast-convert train``, ``tune`` and ``weights``: from photographs to a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from converter.commands import options, show
from converter.quiet import import_tensorflow


def train(
    *,
    photos: options.Photos,
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


def tune(
    *,
    checkpoint: options.Checkpoint,
    photos: options.Photos,
    pictures: Annotated[int, typer.Option(min=1, help="How many of the photographs kept back.")] = 200,
) -> None:
    """Show what boldness and saturation give, on photographs that training kept back."""
    import_tensorflow()
    from converter import tune as tuning

    table = show.table("boldness", "saturation", "PSNR dB", "colourfulness", "truth", "gap")
    for choice in tuning.choices(checkpoint, photos, pictures=pictures):
        gap = abs(choice.colourfulness - choice.truth)
        table.add_row(*show.numbers(*asdict(choice).values(), gap))
    show.console().print(table)


def weights(
    *,
    checkpoint: options.Checkpoint,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The smaller checkpoint.")],
) -> None:
    """Keep a checkpoint's averaged weights alone, as float16: enough to train on from and to convert."""
    import_tensorflow()
    from converter.train import write_weights

    write_weights(checkpoint, out)
    typer.echo(f"{out} {out.stat().st_size / 1e6:.2f} MB")
