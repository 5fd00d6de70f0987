"""Arguments and options that several commands take alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Checkpoint = Annotated[Path, typer.Argument(help="Checkpoint of a training run (.npz).")]
Photos = Annotated[
    list[Path], typer.Option("--photos", metavar="TAR|DIR", help="Colour photographs; repeatable.")
]
