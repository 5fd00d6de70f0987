"""A film's work folder is one run's at a time, also while it goes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from device.errors import FilmBusy
from device.media import hold
from device.media.segments import REDO, WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTITY: dict[str, Any] = {"source": {"bytes": 1}, "network": "abc", "settings": {"crf": 18}}

HOLDER = """
import sys
from pathlib import Path
from device.media.segments import WorkFolder
with WorkFolder(Path(sys.argv[1]), {}):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_lives_is_not_waited_for_and_one_that_was_killed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        with pytest.raises(FilmBusy, match="another run is writing this film"):
            WorkFolder(out, IDENTITY)
        # As one that was killed, and that a disk holds for another moment.
        monkeypatch.setattr("device.media.hold.is_ending", lambda pid: pid == holder.pid)
        threading.Timer(1, holder.kill).start()
        with WorkFolder(out, IDENTITY) as work:
            assert work.segments == []
            assert (work.path / "lock").read_text() == str(os.getpid())
    assert time.monotonic() - began < 60


def test_a_process_that_never_lets_go_is_waited_for_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.media.hold.is_ending", lambda _pid: True)
    monkeypatch.setattr("device.media.hold._LETS_GO_S", 0.3)
    with (
        WorkFolder(tmp_path / "out.mp4", IDENTITY),
        pytest.raises(FilmBusy, match="another run is writing this film"),
    ):
        WorkFolder(tmp_path / "out.mp4", IDENTITY)


def closed(work: WorkFolder) -> None:
    part = work.begin_segment()
    part.file.write(b"frames")
    work.close_segment(part, (0,), {})


def test_who_is_done_does_not_remove_the_folder_of_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    before = WorkFolder(out, IDENTITY)
    before.remove()
    with WorkFolder(out, IDENTITY) as work:
        before.release()
        closed(work)
    with WorkFolder(out, IDENTITY) as again:
        assert again.next_index == 1


def test_who_waited_for_a_folder_that_went_gets_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run removes the folder, and a third makes it anew, while we have but opened its lock."""
    out, locked = tmp_path / "out.mp4", hold._locked
    before = WorkFolder(out, IDENTITY)
    third: list[WorkFolder] = []

    def late(lock: BinaryIO) -> bool:
        monkeypatch.setattr(hold, "_locked", locked)
        before.remove()
        third.append(WorkFolder(out, IDENTITY))
        return locked(lock)

    monkeypatch.setattr(hold, "_locked", late)
    with pytest.raises(FilmBusy):
        WorkFolder(out, IDENTITY)
    closed(third[0])
    third[0].release()
    with WorkFolder(out, IDENTITY) as work:
        assert work.next_index == 1


def test_nobody_enters_a_folder_that_is_on_its_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    work = WorkFolder(out, IDENTITY)
    closed(work)
    unlink: Callable[..., None] = Path.unlink
    rmdir, gone, entered = Path.rmdir, [], []

    def slow(path: Path, *, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        if path.name != "lock":
            with pytest.raises(FilmBusy):
                WorkFolder(out, IDENTITY)
            gone.append(path.name)

    def late(path: Path) -> None:
        monkeypatch.undo()
        entered.append(WorkFolder(out, IDENTITY))
        rmdir(path)

    monkeypatch.setattr(Path, "unlink", slow)
    monkeypatch.setattr(Path, "rmdir", late)
    work.remove()
    assert set(gone) == {"job.json", "00000000.mkv", "00000000.json"}
    with entered[0] as after:
        assert after.next_index == 0
        closed(after)
    with WorkFolder(out, IDENTITY) as again:
        assert again.next_index == 1


def test_what_is_left_of_a_folder_after_a_kill_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    work = WorkFolder(out, IDENTITY)
    closed(work)

    def fail(path: Path, *, missing_ok: bool = False) -> None:
        if path.name != "job.json":
            raise OSError
        os.unlink(path)  # noqa: PTH108 - the other is what fails
        assert missing_ok

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", fail)
        work.remove()
    assert (work.path / "00000000.mkv").exists()
    with WorkFolder(out, {REDO: [1]}) as again:
        assert (again.next_index, again.restarted) == (0, None)
    assert list(tmp_path.iterdir()) == []


def test_what_a_redo_left_that_was_killed_is_swept_and_nothing_else_is(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    work = WorkFolder(out, {REDO: [1]}, resume=False)
    (work.path / "00000003.mkv").write_bytes(b"a shot")
    WorkFolder.sweep(out)
    assert (work.path / "00000003.mkv").exists()  # it goes on
    work._lock.close()
    WorkFolder.sweep(out)
    assert list(tmp_path.iterdir()) == []
    WorkFolder.sweep(out)
    with WorkFolder(out, IDENTITY) as whole:
        closed(whole)
    WorkFolder.sweep(out)
    assert (whole.path / "00000000.mkv").exists()
