"""``tintcast-convert fetch``: the official releases, into a cache."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer


def fetch(
    release: Annotated[
        str,
        typer.Argument(help="zhang16, zhang16-norebal, zhang16-torch, siggraph17 or inception-resnet-v2."),
    ],
    *,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to keep it in; default: your cache's.")
    ] = None,
    deadline: Annotated[float, typer.Option(min=0.01, help="Minutes that each file may take.")] = 60.0,
) -> None:
    """Download an official release, check it, and say what to do with it.

    A download that broke off goes on where it stopped; a file that is there is only checked.
    """
    from converter import fetch as fetching
    from converter.download import Limits
    from converter.releases import find_release
    from device.cli.show import ProgressLine

    wanted = find_release(release)
    with ProgressLine(wanted.name) as line:
        files = fetching.fetch(
            wanted,
            cache or fetching.cache_folder(),
            limits=Limits(total=60 * deadline),
            told=lambda name, have, total: line.update(have, total, name),
        )
    for file in files:
        note = " (was there)" if file.was_there else ""
        typer.echo(f"{file.path}: {file.path.stat().st_size / 1e6:.2f} MB, told by {file.told_by}{note}")
        typer.echo(f"  sha256 {file.sha256}")
    typer.echo(f"{wanted.says}; {wanted.licence}")
    typer.echo(f"next: {wanted.then.format(*(shlex.quote(str(file.path)) for file in files))}")
