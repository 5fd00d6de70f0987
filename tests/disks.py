"""Small disks: file systems of their own, in memory. To mount one takes root's rights."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def small_disk(place: Path, options: str) -> Iterator[Path]:
    """Mount a tmpfs with ``options`` at ``place``, which is made, and take it away again."""
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True, capture_output=True, timeout=30
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True, timeout=30)


def can_mount() -> bool:
    """Whether small disks can be had here."""
    with tempfile.TemporaryDirectory(prefix="tintcast-") as folder:
        try:
            with small_disk(Path(folder) / "disk", "size=64k"):
                return True
        except (OSError, subprocess.SubprocessError):
            return False
