"""The order in which a person sorts files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath


def natural(path: PurePath) -> tuple[list[list[str | int]], tuple[str, ...]]:
    """A key to sort paths by, as a person would: ``2.png`` before ``10.png``, folder by folder."""
    return [_parts(part) for part in path.parts], path.parts


def _parts(name: str) -> list[str | int]:
    return [
        int(part) if number % 2 else part
        for number, part in enumerate(re.split(r"([0-9]+)", name.casefold()))
    ]
