"""What happens in a night: kills at the worst moments, files that come late, commands, films that hang."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from batches import Running, files, lay_film, lay_picture, run, settings
from children import children
from films import stamps

from device.errors import Interrupted
from device.jobs.batch.queue import Queue
from device.jobs.batch.records import Ledger
from device.jobs.batch.status import Night
from device.jobs.film import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


#: On a busy machine.
pytestmark = pytest.mark.timeout(300)


class Killed(BaseException):
    """The plug was pulled."""


def meanwhile(act: Callable[[], None]) -> threading.Thread:
    """Have something done while the night goes on."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def wait_for(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


def colouring(night: Night, name: str) -> bool:
    """Whether frames of ``name`` are made now."""
    status = night.status()
    return status.file == name and status.progress is not None and status.progress.done > 0


def test_what_got_its_name_just_before_a_kill_is_not_made_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.avi", count=6)
    lay_picture(source / "b.gif")

    def pull(*_: Any) -> None:
        raise Killed

    for name in ("a.mp4", "b.png"):
        with monkeypatch.context() as patch:
            patch.setattr(Queue, "settle", pull)
            with pytest.raises(Killed):
                run(source, out)
        assert (out / name).exists()
    inodes = {name: (out / name).stat().st_ino for name in ("a.mp4", "b.png")}
    assert [each.relative for each in Ledger(out).all()] == ["a.avi"]
    again = run(source, out)
    assert again.outcomes() == {"a.avi": "done", "b.gif": "done"}
    assert (again.summary.done, again.summary.before) == (0, 2)
    assert again.records["a.avi"].frames == 6
    assert again.records["a.avi"].figures
    assert {name: (out / name).stat().st_ino for name in inodes} == inodes


def test_a_result_of_before_is_not_taken_for_the_one_that_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before there was anything new, where an old result stood."""
    source, out = tmp_path / "in", tmp_path / "out"
    lay_picture(source / "b.png")
    run(source, out)
    pale = settings(colour={"saturation": 0.2})

    def pull(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("device.jobs.batch.picture_work.one_by_one", pull)
        with pytest.raises(Killed):
            run(source, out, pale)
    before = (out / "b.png").read_bytes()
    assert run(source, out, pale).summary.done == 1
    assert (out / "b.png").read_bytes() != before


@pytest.mark.parametrize(
    ("number", "hows"), [(signal.SIGKILL, {"crashed", "memory"}), (signal.SIGSTOP, {"hung"})]
)
def test_a_film_whose_process_dies_or_hangs_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, number: signal.Signals, hows: set[str]
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=150)
    lay_film(source / "b.mkv", count=6)

    def strike() -> None:
        wait_for(lambda: len(list((out / ".a.mkv.tintcast").glob("*.json"))) > 2)
        for child in children(os.getpid()):
            os.kill(child, number)

    striking = meanwhile(strike)
    ran = run(source, out, settings(film={"stall_seconds": 15}))
    striking.join()
    assert ran.outcomes()["b.mkv"] == "done"
    assert ran.outcomes()["a.mkv"] in hows
    assert "frame" in ran.records["a.mkv"].reason
    assert files(out) == ["b.mkv"]
    retried = run(source, out, settings(batch={"retry_failed": True}))
    assert retried.outcomes() == {"a.mkv": "done", "b.mkv": "done"}
    assert retried.records["a.mkv"].resumed > 0
    assert stamps(out / "a.mkv") == stamps(source / "a.mkv")


def test_a_file_that_arrives_late_and_slowly_is_done_once_it_is_whole(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=6)
    whole = lay_film(tmp_path / "b.mkv", count=6).read_bytes()
    (source / "b.mkv.part").write_bytes(b"")
    half = len(whole) // 2
    grown = threading.Event()

    def copy() -> None:
        for end in range(half, len(whole), max(1, half // 6)):
            (source / "b.mkv.part").write_bytes(whole[:end])
            time.sleep(0.3)
        (source / "b.mkv.part").rename(source / "b.mkv")
        for _ in range(4):
            assert not (out / "b.mkv").exists()
            (source / "b.mkv").write_bytes(whole)
            time.sleep(0.3)
        grown.set()

    night = Night()
    copying = meanwhile(copy)
    ran = run(source, out, settings(batch={"settle_seconds": 1.5}), night=night)
    copying.join()
    assert grown.is_set()
    assert ran.outcomes() == {"a.mkv": "done", "b.mkv": "done"}
    assert night.status().state == "finished"


def test_a_film_that_changes_while_it_is_worked_on_is_done_anew(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=120)
    lay_film(tmp_path / "other.mkv", count=7)
    night = Night()

    def change() -> None:
        wait_for(lambda: colouring(night, "a.mkv"))
        (tmp_path / "other.mkv").rename(source / "a.mkv")

    changing = meanwhile(change)
    ran = run(source, out, night=night)
    changing.join()
    assert ran.records["a.mkv"].outcome == "done"
    assert ran.records["a.mkv"].frames == 7
    assert [each.how for each in night.status().records] == ["changed", ""]
    assert ran.summary.failed == 0


def test_a_source_that_disappears_ends_its_own_work_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=120)
    lay_film(source / "b.mkv", count=6)
    night = Night()

    def take_out() -> None:
        wait_for(lambda: colouring(night, "a.mkv"))
        (source / "a.mkv").unlink()

    taking = meanwhile(take_out)
    ran = run(source, out, night=night)
    taking.join()
    assert ran.outcomes() == {"a.mkv": "gone", "b.mkv": "done"}
    assert files(out) == ["b.mkv"]


def test_it_pauses_as_it_is_told(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=300)
    night = Night()
    seen: list[Progress | None] = []

    def rests() -> bool:
        """What was under way when it was told to pause has come."""
        before = night.status().progress
        time.sleep(1)
        return before is not None and night.status().progress == before

    def command() -> None:
        wait_for(lambda: colouring(night, "a.mkv"))
        night.pause("a test")
        wait_for(lambda: night.status().state == "paused")
        wait_for(rests)
        for _ in range(2):
            time.sleep(1)
            seen.append(night.status().progress)
        seen.append(Progress(night.status().reason))
        night.resume("a test")

    commanding = meanwhile(command)
    ran = run(source, out, night=night)
    commanding.join()
    assert seen[0] is not None
    assert seen[0].done == seen[1].done < 300  # type: ignore[union-attr]
    assert "a test" in seen[2].stage  # type: ignore[union-attr]
    assert ran.outcomes() == {"a.mkv": "done"}


def test_it_watches_and_tries_again_as_it_is_told_until_it_is_stopped(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    running = Running(source, out, settings(batch={"watch": True}))
    night = running.night
    wait_for(lambda: night.status().state == "waiting")
    (source / "torn.mp4").write_bytes(b"\x00nothing")
    wait_for(lambda: night.status().failed == 1)
    lay_film(tmp_path / "whole.mkv", count=6).rename(source / "late.mkv")
    wait_for(lambda: night.status().done == 1)
    night.retry("a test")
    wait_for(lambda: len(night.status().records) == 3)
    wait_for(lambda: night.status().state == "waiting")
    assert (night.status().failed, night.status().done) == (1, 1)
    assert running.stop() == Interrupted.exit_code


def test_a_stop_ends_it_soon_and_the_next_run_goes_on(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=150)
    lay_film(source / "b.mkv", count=6)
    running = Running(source, out, settings())
    wait_for(lambda: len(list((out / ".a.mkv.tintcast").glob("*.mkv"))) > 2)
    began = time.monotonic()
    assert running.stop() == Interrupted.exit_code
    assert time.monotonic() - began < 15
    assert files(out) == []
    # Another comes before it, but what was begun goes first.
    lay_film(source / "0.mkv", count=6)
    ran = run(source, out)
    assert ran.outcomes() == {"0.mkv": "done", "a.mkv": "done", "b.mkv": "done"}
    assert ran.records["a.mkv"].resumed > 0
    assert ran.records["a.mkv"].ended < ran.records["0.mkv"].began
