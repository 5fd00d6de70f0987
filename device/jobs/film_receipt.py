"""What came of a film, laid down before it has its name: so it is known for ours whenever we are killed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from device.media.durable import write_bytes
from device.media.regular import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from device.jobs.film import FilmResult


def write_receipt(path: Path, film: Path, result: FilmResult) -> None:
    """Lay down at ``path`` the ``result`` and which file ``film`` is. Raises an error of the tree."""
    status = film.stat()
    facts = {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "result": asdict(result)}
    write_bytes(path, json.dumps(facts).encode())


def read_receipt(path: Path, film: Path) -> dict[str, Any] | None:
    """The result at ``path``, as its fields; None where it is not of the file that ``film`` is now."""
    try:
        facts, status = json.loads(read_regular(path)), film.stat()
        same = (facts["bytes"], facts["mtime_ns"]) == (status.st_size, status.st_mtime_ns)
        return dict(facts["result"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
