"""Nights by their rules, with real films and processes on a board that does what the test says."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

import pytest
from batches import files, lay_film, lay_picture, run, settings
from films import stamps
from worlds import World

from device.jobs.batch import room, turns
from device.jobs.batch.status import Night
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.jobs.batch.status import Status

pytestmark = pytest.mark.timeout(300)

COUNT = 300
MB = 10**6


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(turns, "Guest", world.guest_of)
    return world


class Watcher:
    """Sees every status of a night, and has ``react`` do something about it; ``said``: states and reasons."""

    def __init__(self, night: Night, react: Callable[[Status], None]) -> None:
        self.said: list[tuple[str, str]] = []
        self._night, self._react = night, react
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(10)

    def _watch(self) -> None:
        version = 0
        while not self._done.is_set():
            version = self._night.wait(version, 0.1)
            status = self._night.status()
            if not self.said or self.said[-1] != (status.state, status.reason):
                self.said.append((status.state, status.reason))
            self._react(status)


def done(status: Status) -> int:
    return 0 if status.progress is None or status.progress.stage != "colour" else status.progress.done


def test_a_night_rests_while_it_is_hot_and_leaves_in_the_morning(world: World, tmp_path: Path) -> None:
    source, out, night = tmp_path / "in", tmp_path / "out", Night()
    lay_film(source / "a.mkv", count=COUNT, size=(160, 120))
    lay_film(source / "b.mkv", count=COUNT, size=(160, 120))
    steps: Iterator[str] = iter(("hot", "cool", "morning", "evening"))
    step = next(steps)

    def react(status: Status) -> None:
        nonlocal step
        if step == "hot" and status.file == "a.mkv" and done(status) > 20:
            world.degrees, step = 85, next(steps)
            world.later(1)
        elif step == "cool" and status.state == "paused":
            time.sleep(0.5)
            world.degrees, step = 60, next(steps)
            world.later(100)
        elif step == "morning" and status.file == "b.mkv" and done(status) > 20:
            world.set_clock("2026-11-22 07:00")
            step = next(steps)
        elif step == "evening" and status.state == "waiting":
            assert not (out / "b.mkv").exists()
            assert not list(WorkFolder.path_for(out / "b.mkv").glob("*.part"))
            world.set_clock("2026-11-22 22:00")
            step = "done"

    with Watcher(night, react) as watcher:
        ran = run(source, out, settings(batch={"between": "22:00-07:00"}), night=night)
    assert step == "done"
    assert ran.outcomes() == {"a.mkv": "done", "b.mkv": "done"}
    assert ran.records["a.mkv"].resumed == 0
    assert ran.records["b.mkv"].resumed > 0
    for name in ("a.mkv", "b.mkv"):
        assert stamps(out / name) == stamps(source / name)
    kinds = [(state, reason) for state, reason in watcher.said if state in {"paused", "waiting"}]
    assert kinds == [
        ("paused", "the board is hot (85 degrees), goes on at 70"),
        ("waiting", "out of hours until 22:00"),
    ]


def test_a_night_waits_for_a_clock_that_is_right(world: World, tmp_path: Path) -> None:
    source, out, night = tmp_path / "in", tmp_path / "out", Night()
    lay_picture(source / "a.png")
    world.right = False

    def react(status: Status) -> None:
        if status.state == "waiting":
            assert files(out) == []
            world.right = True
            world.later(1)

    with Watcher(night, react) as watcher:
        ran = run(source, out, settings(batch={"between": "22:00-07:00"}), night=night)
    assert ran.outcomes() == {"a.png": "done"}
    assert [reason for state, reason in watcher.said if state == "waiting"] == [
        "the clock is not synchronized yet (batch.wait_for_clock = false: it is believed)"
    ]


def test_a_film_that_does_not_fit_is_told_and_the_next_smaller_one_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a-large.mkv", count=COUNT, size=(160, 120))
    lay_film(source / "b-small.mkv", count=10)
    large, small = ((source / name).stat().st_size for name in ("a-large.mkv", "b-small.mkv"))
    assert large > 3 * small
    monkeypatch.setattr(room, "free_bytes", lambda _: 10 * MB + large)
    ran = run(source, out, settings(batch={"keep_free_mb": 10}))
    assert ran.outcomes() == {"a-large.mkv": "space", "b-small.mkv": "done"}
    assert "does not fit: it needs about" in ran.records["a-large.mkv"].reason
    assert ran.summary.space == 1
    monkeypatch.undo()
    assert run(source, out).outcomes() == {"a-large.mkv": "done", "b-small.mkv": "done"}


def test_a_disk_that_others_fill_stops_the_film_while_there_is_room_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out, night = tmp_path / "in", tmp_path / "out", Night()
    lay_film(source / "a.mkv", count=COUNT, size=(160, 120))
    free = 1000 * MB
    monkeypatch.setattr(room, "free_bytes", lambda _: free)

    def react(status: Status) -> None:
        nonlocal free
        if done(status) > 20:
            free = 49 * MB

    with Watcher(night, react):
        ran = run(source, out, settings(batch={"keep_free_mb": 50}), night=night)
    assert ran.outcomes() == {"a.mkv": "space"}
    assert ran.records["a.mkv"].reason.startswith("the disk has 49 MB left, 50 MB stay free")
    assert files(out) == []
    free = 1000 * MB
    again = run(source, out, settings(batch={"keep_free_mb": 50}))
    assert again.outcomes() == {"a.mkv": "done"}
    assert again.records["a.mkv"].resumed > 0
    assert stamps(out / "a.mkv") == stamps(source / "a.mkv")


def test_a_film_that_needs_too_much_memory_is_set_aside(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=COUNT, size=(160, 120))
    ran = run(source, out, settings(batch={"memory_mb": 50}))
    assert ran.outcomes() == {"a.mkv": "memory"}
    assert "more than the 50 it may have" in ran.records["a.mkv"].reason
    assert run(source, out, settings(batch={"retry_failed": True})).outcomes() == {"a.mkv": "done"}
