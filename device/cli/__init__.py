"""The ``tintcast`` command: a file for each group of commands; heavy rooms are imported when one runs."""

from __future__ import annotations

from typing import Annotated

import typer

from device.cli import batch, config, demo, evaluate_film, film, live, photo, publish, receive, redo
from device.cli.command import run_command, start_logging
from device.resources import version as installed_version

__all__ = ["app", "main"]

app = typer.Typer(
    name="tintcast",
    help="Colour for black-and-white films, pictures and cameras.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("live")(live.live)
app.command("film")(film.film)
app.command("batch")(batch.batch)
app.command("redo")(redo.redo)
app.command("photo")(photo.photo)
app.command("publish")(publish.publish)
app.command("receive")(receive.receive)
app.command("evaluate-film")(evaluate_film.evaluate_film)
app.command("config")(config.config)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tintcast {installed_version()}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    start_logging(verbose=verbose)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    return run_command(app, "tintcast", arguments)
