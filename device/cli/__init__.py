"""The ``tintcast`` command: a file for each group of commands; heavy rooms are imported when one runs."""

from __future__ import annotations

import importlib.metadata
import logging
import sys
import traceback
from typing import Annotated

import typer

from device.cli import config, demo, film, publish, receive
from device.errors import TintcastError

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
app.command("film")(film.film)
app.command("publish")(publish.publish)
app.command("receive")(receive.receive)
app.command("config")(config.config)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tintcast {importlib.metadata.version('tintcast')}")
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
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # These log what we report ourselves, in our own words.
    for library in ("amqtt", "transitions", "libav"):
        logging.getLogger(library).setLevel(logging.DEBUG if verbose else logging.CRITICAL)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; every failure is one line on standard error and an exit code of ``device.errors``."""
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except TintcastError as error:
        sys.stderr.write(f"tintcast: {error}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: report our own bug as one
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        bug = TintcastError(
            f"a mistake of ours: {type(error).__name__}: {error}",
            hint="run it with -v and report what it prints",
        )
        sys.stderr.write(f"tintcast: {bug}\n")
        return bug.exit_code
    return 0
