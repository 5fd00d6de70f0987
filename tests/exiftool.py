"""What a stranger reads in a file: ExifTool, independent of everything that we write with."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read_tags(path: Path) -> dict[str, Any]:
    """Every tag as ``group:name``, numbers as numbers. Fails where ExifTool warns of anything."""
    done = subprocess.run(
        ["exiftool", "-json", "-G1", "-n", path], capture_output=True, check=True, timeout=60
    )
    (found,) = json.loads(done.stdout)
    assert not {"ExifTool:Warning", "ExifTool:Error"} & found.keys(), found
    assert isinstance(found, dict)
    return found
