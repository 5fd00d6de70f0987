"""What is known beforehand of the files to do: how long each takes, and how much room."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from device.jobs.batch.estimate import estimate
from device.jobs.batch.plan import plan
from device.media.regular import read_regular
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.estimate import Estimate
    from device.jobs.batch.plan import Plan
    from device.jobs.batch.queue import Todo

#: A film that is to become larger than its source by more than this lies about its length.
_MOST_TIMES = 200


class Forecast:
    """Estimates of files whose results go to ``out``."""

    def __init__(self, out: Path, config: Config) -> None:
        self._out, self._config = out, config
        self._estimates: dict[str, Estimate] = {}

    def measure(
        self, todos: Sequence[Todo], stop: Stop, tell: Callable[[str], None], begin: Callable[[], None]
    ) -> Plan | None:
        """Measure those films among ``todos`` that were not yet; None where there is none.

        ``begin`` is called before, ``tell`` with lines for people. The plan is for all that are left. Raises
        NetworkFileError, ConfigurationError, and Interrupted once ``stop`` is set.
        """
        films = {todo.item.relative: todo for todo in todos if todo.item.kind != "picture"}
        new = [todo.item for name, todo in films.items() if name not in self._estimates]
        if not new:
            return None
        begin()
        self._estimates |= estimate(new, self._config, stop=stop, tell=tell)
        done = {name: self._begun(todo)[0] for name, todo in films.items()}
        left = {name: self._estimates[name] for name in films}
        return plan(left, self._config.batch.between, time.time(), done)

    def room(self, todo: Todo) -> tuple[int, int]:
        """Bytes of the film to come, and of its segments that are there."""
        known = self._estimates.get(todo.item.relative)
        size = todo.item.state.size
        if known is not None and known.bytes:
            size = min(known.bytes, _MOST_TIMES * size)
        return size, self._begun(todo)[1]

    def seconds(self, todos: Iterable[Todo]) -> float | None:
        """What all of ``todos`` take, pictures next to nothing; None where one of the films is not known."""
        total = 0.0
        for todo in todos:
            if todo.item.kind == "picture":
                continue
            known = self._estimates.get(todo.item.relative)
            if known is None or not known.frames:
                return None
            total += known.seconds
        return total

    def _begun(self, todo: Todo) -> tuple[int, int]:
        """Frames, and bytes, of a film that earlier runs have done."""
        folder = WorkFolder.path_for(self._out / todo.outs[0])
        segments = sorted(folder.glob("[0-9]*.json"))
        try:
            size = sum(path.stat().st_size for path in folder.glob("[0-9]*.mkv"))
            if not segments:
                return 0, size
            last = json.loads(read_regular(segments[-1]))
            return int(last["first"]) + len(last["pts"]), size
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return 0, 0
