"""The processes that another one started."""

from __future__ import annotations

import contextlib
from pathlib import Path


def children(pid: int, named: str = "film_child") -> list[int]:
    """Those that ``pid`` started and whose command line holds ``named``: films have theirs by default."""
    found: list[int] = []
    for task in _tasks(pid):
        with contextlib.suppress(OSError):  # it has just ended; so may a child have
            found += [int(child) for child in (task / "children").read_text().split()]
    return [child for child in found if named.encode() in _command_line(child)]


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
