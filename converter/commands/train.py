"""``tintcast-convert train``, ``tune`` and ``weights``: from photographs to a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from converter.commands import options, show
from converter.data import Collection
from converter.quiet import import_tensorflow
from converter.schedule import Schedule, refining
from device.errors import ConfigurationError


def train(
    *,
    network: Annotated[
        str, typer.Option(metavar="NAME", help="compact, baseline, autoencoder or koala.")
    ] = "compact",
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="All of the run's settings (TOML), instead of flags.")
    ] = None,
    photos: Annotated[
        list[Path] | None,
        typer.Option("--photos", metavar="TAR|DIR|FILM", help="Photographs and films in colour; repeatable."),
    ] = None,
    points: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Bins of ab other than those of pts_in_hull.npy.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="For decoded photographs, log and checkpoint.")
    ] = None,
    pretrained: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="compact: a MobileNetV2 1.0 (.tflite) to warm-start the encoder with; "
            "koala: Keras's Inception-ResNet-v2 (.h5), which it keeps.",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Checkpoint whose weights a new run begins at; rates are low, so that it is refined.",
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Length of the run on the clock.")] = None,
    pictures: Annotated[int | None, typer.Option(min=1, help="Length of the run in pictures seen.")] = None,
    seed: Annotated[int, typer.Option(help="Of order, crops, ageing and hints.")] = 1,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="Compute in bfloat16: faster where it is native.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in the work folder.")
    ] = False,
) -> None:
    """Train a network; the learning rate ends at zero.

    Leaves NAME.npz (checkpoint), log.jsonl and, of the compact network, previews in the work folder. An
    interrupted run goes on with --resume and the same length. Without --config, --photos and --work are
    needed; rates, batch and sizes are as for the shipped network.
    """
    import_tensorflow()
    from converter import session
    from converter.run_file import RunFile

    if network != "compact":
        if config or start or bfloat16:
            raise ConfigurationError("--config, --from and --bfloat16 are for the compact network")
        _train_plain(
            network, tuple(photos or ()), work, minutes=minutes, pictures=pictures, seed=seed,
            pretrained=pretrained, resume=resume,
        )  # fmt: skip
        return
    if config is not None:
        request = RunFile.read(config).request(config.parent, resume=resume)
    elif photos and work:
        request = session.Request(
            photos=(session.Shared(collection=Collection(sources=tuple(photos))),), points=points, work=work,
            pretrained=pretrained, start=start, bfloat16=bfloat16, resume=resume,
            schedule=(Schedule if start is None else refining)(minutes=minutes, pictures=pictures, seed=seed),
        )  # fmt: skip
    else:
        raise ConfigurationError("train needs --config, or --photos and --work")
    session.run(request, tell=_tell)


def _train_plain(name: str, photos: tuple[Path, ...], work: Path | None, **settings: Any) -> None:
    from converter import plain_training
    from converter.networks.kinds import KINDS

    if name not in KINDS:
        raise ConfigurationError(f"no network {name!r}", hint=f"there are compact, {', '.join(KINDS)}")
    if not (photos and work):
        raise ConfigurationError("train needs --photos and --work")
    checkpoint = plain_training.run(
        plain_training.Request(kind=KINDS[name], photos=photos, work=work, **settings), tell=_tell
    )
    typer.echo(f"next: tintcast-convert convert {checkpoint} --out DIR")


def _tell(row: dict[str, float]) -> None:
    typer.echo("  ".join(f"{key} {value:g}" for key, value in row.items()))


def tune(
    *,
    checkpoint: options.Checkpoint,
    photos: options.Photos,
    pictures: Annotated[int, typer.Option(min=1, help="How many of the photographs kept back.")] = 200,
) -> None:
    """Show what the heads and saturation give, on photographs that training kept back."""
    import_tensorflow()
    from converter import tune as tuning

    table = show.table(
        "vividness", "boldness", "saturation", "PSNR dB", "colourfulness", "truth", "|gap| each", "gap"
    )
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
