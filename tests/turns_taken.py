"""Single turns of a night in this process, with workers that do and say what a test wants."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from batches import settings

from device.engine import Stop
from device.errors import Postponed
from device.jobs.batch import picture_work, work
from device.jobs.batch.picture_work import Pictures
from device.jobs.batch.queue import Queue
from device.jobs.batch.records import Ledger
from device.jobs.batch.results import adopt
from device.jobs.batch.work import Work
from device.jobs.film import FilmResult
from device.jobs.film_identity import Ground
from device.jobs.film_receipt import write_receipt
from device.jobs.supervise import Terms
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from device.config import Config
    from device.jobs.batch.queue import Todo
    from device.jobs.batch.records import Record
    from device.jobs.film import FilmTask

RESULT = FilmResult(frames=1, seconds=1.0, rate=1.0, network_ms=1.0)


class Pulled(BaseException):
    """The plug."""


@dataclass
class Desk:
    """A folder of sources, its results, and turns over them; ``records``: of the last turn."""

    folder: Path
    config: Config = field(default_factory=settings)
    records: list[Record] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """IN."""
        return self.folder / "in"

    @property
    def out(self) -> Path:
        """OUT."""
        return self.folder / "out"

    def lay(self, *names: str) -> Self:
        """Files that are taken for what their names say."""
        for name in names:
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0" + name.encode())
            os.utime(path, (1e9, 1e9))
        return self

    def turn(self, check: Callable[[], None] = lambda: None) -> dict[str, str]:
        """Begin a run and take its first turn: what became of each file, and how where it failed."""
        self.records = []
        with Ledger(self.out).hold() as ledger:
            adopt(self.source, self.out, ledger)
            self.queue = Queue(self.source, self.out, self.config, Ground("n", "r", "av", "cv"), ledger)
            self.queue.look()
            if todos := self.queue.take(9):
                self._do(Work(self.source, self.out, self.config, self.queue, ledger), todos, check)
                ledger.end()
        return {each.relative: each.how or each.outcome.value for each in self.records}

    def _do(self, at: Work, todos: list[Todo], check: Callable[[], None]) -> None:
        if todos[0].item.kind == "picture":
            Pictures(at, todos, took=self._took, show=lambda _: None).colorize(Stop(), Terms())
            return
        told = {"progress": lambda _: None, "say": lambda _: None}
        self._took(todos[0], at.film(todos[0], Stop(), Terms(), check=check, **told))

    def _took(self, todo: Todo, record: Record) -> None:
        self.queue.settle(todo.item, record)
        self.records.append(record)

    def hidden(self) -> list[str]:
        """What lies beside the results."""
        return sorted(each.name for each in self.out.iterdir() if each.name.startswith(".") and
                      each.name != ".tintcast")  # fmt: skip


def pictures_are(patch: pytest.MonkeyPatch, act: Callable[..., None]) -> None:
    """Have pictures done by ``act(item, place, got, failed)``."""

    def do(
        _: str, task_of: Any, items: Any, *_stop: Any, began: Any, got: Any, failed: Any, **_how: Any
    ) -> None:
        task = task_of(tuple(items))
        for item in items:
            began(item.relative)
            act(item, task.places[item.relative][0], got, failed)

    patch.setattr(picture_work, "one_by_one", do)


def films_are(patch: pytest.MonkeyPatch, end: BaseException, *, named: bool = True) -> None:
    """Have films coloured by a process that closes a segment, names the film, and ends with ``end``."""

    def do(task: FilmTask, **_: Any) -> FilmResult:
        assert task.out is not None
        folder = WorkFolder(task.out, task.identity or {})
        part = folder.begin_segment()
        part.file.write(b"segment")
        folder.close_segment(part, (0,), {})
        made = folder.path / "joined"
        made.write_bytes(f"film {task.config.colour.saturation}".encode())
        if named:
            assert task.receipt is not None
            write_receipt(task.receipt, made, RESULT)
            made.replace(task.out)
        folder.release()
        raise end

    patch.setattr(work, "run_film", do)


def postponed() -> Postponed:
    """A night's rules end the work."""
    return Postponed("out of hours")
