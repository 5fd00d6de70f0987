"""The processes that a command started for its films."""

from __future__ import annotations

from pathlib import Path


def children(pid: int) -> list[int]:
    """Processes of films that ``pid`` started."""
    try:
        found = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
        return [child for child in found if b"film_child" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:  # it has just ended
        return []
