"""``tintcast config``: print the effective configuration, or check a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from device.cli import options
from device.config import load_config, to_toml


def config(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Configuration to read; none: defaults and environment."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether FILE is right.")] = False,
) -> None:
    """Print the effective configuration, every key described, as a file that can be edited and used."""
    if check:
        if file is None:
            raise typer.BadParameter("--check needs a FILE")
        load_config(file)
        typer.echo(f"{file}: right")
        return
    typer.echo(to_toml(options.configure(file)), nl=False)
