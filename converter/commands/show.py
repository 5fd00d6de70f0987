"""Tables on the terminal, figures in files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from device.errors import from_os_error

if TYPE_CHECKING:
    from pathlib import Path


def console() -> Console:
    """Wide enough for every column, also where nobody looks."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def table(*columns: str) -> Table:
    """An empty table whose columns are aligned to the right."""
    made = Table()
    for column in columns:
        made.add_column(column, justify="right")
    return made


def numbers(*values: float | str) -> list[str]:
    """A row's cells: floats with two decimals, all else as it is."""
    return [f"{value:.2f}" if isinstance(value, float) else str(value) for value in values]


def write_text(path: Path, text: str) -> None:
    """Write a file. Raises as ``from_os_error`` says."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't write") from error
