"""What a night does for each file and each command stays small, however many there are of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from batches import Running, settings
from nights import record

from device.errors import Interrupted
from device.jobs.batch.queue import Queue, Todo
from device.jobs.batch.records import Ledger
from device.jobs.batch.scan import Item, State
from device.jobs.film_identity import Ground

if TYPE_CHECKING:
    import pytest


class _Name(str):
    """A name that knows how often any was compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        type(self).compared += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def test_keeping_what_became_of_a_file_does_not_go_through_all_others(tmp_path: Path) -> None:
    with Ledger(tmp_path / "out").hold() as ledger:
        queue = Queue(tmp_path, tmp_path / "out", settings(), Ground("n", "r", "av", "cv"), ledger)
        names = [_Name(f"{number}.png") for number in range(60)]
        items = [Item(Path(name), name, "picture", State(0, 0, 0)) for name in names]
        queue.todo = [Todo(item, (item.relative,)) for item in items]
        _Name.compared = 0
        for item in items:
            queue.settle(item, record(str(item.relative), kind="picture"))
    assert queue.todo == []
    assert _Name.compared < 10 * len(names)


def test_many_wishes_to_try_again_where_nothing_failed_are_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    look = Queue.look

    def counted(queue: Queue) -> None:
        looks.append(time.monotonic())
        look(queue)

    monkeypatch.setattr(Queue, "look", counted)
    (tmp_path / "in").mkdir()
    config = settings(batch={"watch": True, "look_seconds": 3600, "settle_seconds": 3600})
    running = Running(tmp_path / "in", tmp_path / "out", config)
    deadline = time.monotonic() + 30
    while running.night.status().state != "waiting":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = len(looks)
    for _ in range(40):
        running.night.retry("a test")
        time.sleep(0.02)
    assert len(looks) == before
    assert running.stop() == Interrupted.exit_code
