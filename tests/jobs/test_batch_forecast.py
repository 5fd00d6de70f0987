"""What is known beforehand of the room that a film needs, whatever the film says of itself."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from batches import settings

from device.engine import Stop
from device.errors import InputError
from device.jobs.batch import forecast
from device.jobs.batch.clock import Kept, clock_trusted
from device.jobs.batch.estimate import Estimate, How
from device.jobs.batch.queue import Todo
from device.jobs.batch.run import check_folders
from device.jobs.batch.scan import Item, State


@pytest.mark.parametrize(
    ("told", "believed"), [(5_000_000, 5_000_000), (10**13, 200_000_000), (0, 1_000_000)]
)
def test_a_film_that_lies_about_its_length_does_not_need_a_disk_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int, believed: int
) -> None:
    todo = Todo(Item(tmp_path / "a.mkv", "a.mkv", "film", State(1_000_000, 0, 0)), ("a.mkv",))
    found = {"a.mkv": Estimate(How.MEASURED, seconds=1.0, frames=1, bytes=told)}
    monkeypatch.setattr(forecast, "estimate", lambda *_, **__: found)
    known = forecast.Forecast(tmp_path, settings())
    known.measure([todo], Stop(), lambda _: None, lambda: None)
    assert known.room(todo) == (believed, 0)


def test_a_disk_that_gives_errors_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, bad = os.stat, tmp_path / "run"

    def broken(path: str | Path, **others: bool) -> os.stat_result:
        if Path(path).is_relative_to(bad):
            raise OSError(errno.EIO, "Input/output error")
        return stat(path, **others)

    monkeypatch.setattr(os, "stat", broken)
    assert not clock_trusted(Kept(unsynchronized=True, error_us=16_000_000), 0.0, tmp_path)
    for folders in ((bad, tmp_path / "out"), (tmp_path, bad)):
        with pytest.raises(InputError, match="input/output error"):
            check_folders(*folders)
