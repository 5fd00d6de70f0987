"""``tintcast-convert``: train, convert and judge the networks that the board runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from converter.commands import convert, evaluate, fetch, judge, report, train
from device.cli.command import run_command, start_logging

__all__ = ["app", "main"]

app = typer.Typer(
    name="tintcast-convert",
    help="Make the networks that tintcast runs: train them, convert them, judge them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("fetch")(fetch.fetch)
app.command("train")(train.train)
app.command("tune")(train.tune)
app.command("convert")(convert.convert)
app.command("weights")(train.weights)
app.command("evaluate")(evaluate.evaluate)
app.command("look")(evaluate.look)
app.command("kinds")(judge.kinds)
app.command("guided")(judge.guided)
app.command("report")(report.report)


@app.callback()
def _common(
    *, verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False
) -> None:
    start_logging(verbose=verbose)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    return run_command(app, "tintcast-convert", arguments)


if __name__ == "__main__":
    sys.exit(main())
