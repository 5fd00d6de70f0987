"""What a stranger reads in a file: ExifTool, independent of everything that we write with."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_tags(path: Path) -> dict[str, Any]:
    """Every tag as ``group:name``, numbers as numbers. Fails where ExifTool warns of anything."""
    (found,) = read_tags_of([path])
    return found


def read_tags_of(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """The same of several files, in one start of ExifTool, which takes longer than reading."""
    command = ["exiftool", "-json", "-G1", "-n", *paths]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    for tags in found:
        assert not {"ExifTool:Warning", "ExifTool:Error"} & tags.keys(), tags
    assert len(found) == len(paths)
    return found
