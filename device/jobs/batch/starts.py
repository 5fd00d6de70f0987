"""How often each film was begun and the night cut off before it got any further: one of them may be why."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from device.errors import TintcastError
from device.media.durable import writable, write_bytes
from device.media.regular import read_regular

if TYPE_CHECKING:
    from pathlib import Path

#: A film that was begun so often in vain waits until all others are done.
_TOO_OFTEN = 2


class Starts:
    """Starts that came to no end in good order, as ``path`` keeps them: by films how many, and how far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: dict[str, tuple[int, int]] | None = None

    def begin(self, relative: str, segments: int) -> None:
        """Note that a film is begun, of which ``segments`` are closed.

        Raises an error of the tree: SpaceError on a full disk.
        """
        times = self._in_vain(relative, segments)
        write_bytes(self._path, json.dumps({**self._earlier(), relative: (times + 1, segments)}).encode())

    def end(self, relative: str) -> None:
        """Note that the work on it ended in good order, however it went."""
        known = self._earlier()
        known.pop(relative, None)
        # Where that can't be written it counts once too often: the film comes later, no more.
        with contextlib.suppress(TintcastError):
            if known:
                write_bytes(self._path, json.dumps(known).encode())
            else:
                with writable(self._path):
                    self._path.unlink(missing_ok=True)

    def is_suspect(self, relative: str, segments: int) -> bool:
        """Whether earlier runs began a film, of which ``segments`` are closed, too often in vain."""
        return self._in_vain(relative, segments) >= _TOO_OFTEN

    def _in_vain(self, relative: str, segments: int) -> int:
        times, then = self._earlier().get(relative, (0, 0))
        return times if segments <= then else 0

    def _earlier(self) -> dict[str, tuple[int, int]]:
        """As earlier runs left it, without what has ended since."""
        if self._before is None:
            self._before = _read(self._path)
        return self._before


def _read(path: Path) -> dict[str, tuple[int, int]]:
    try:
        values = json.loads(read_regular(path))
        return {str(name): (int(times), int(segments)) for name, (times, segments) in values.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return {}
