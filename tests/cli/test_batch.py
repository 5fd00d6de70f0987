"""``tintcast batch`` as a user runs it: what it says, its exit codes, and that it goes on after any end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from batches import files, lay_film, lay_picture, toml
from children import children
from said import complaints

from device.jobs.batch.records import Ledger
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: On a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tintcast.toml"
    path.write_text(toml())
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "device.cli", "batch", *(str(argument) for argument in arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=100, check=False)


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(true: Callable[[], object], running: subprocess.Popen[str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def segments(out: Path, name: str) -> int:
    return len(list((out / f".{name}.tintcast").glob("*.json")))


def pixels(path: Path) -> list[tuple[object, ...]]:
    with FilmSource(path) as film:
        return [
            (
                frame.pts,
                *(None if plane is None else plane.tobytes() for plane in (frame.luma, frame.cb, frame.cr)),
            )
            for frame in film.frames()
        ]


def test_it_says_what_it_did_and_what_it_could_not_do(tmp_path: Path, config: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.avi")
    lay_picture(source / "b.png")
    done = run(source, out, "--config", config, "--measure")
    assert done.returncode == 0, done.stderr
    assert "a.avi: 0:00:00, 12 frames" in done.stderr
    assert "1 film and 1 picture done" in done.stdout
    assert "done: a.avi: 12 frames" in done.stderr
    (source / "torn.mp4").write_bytes(b"\x00nothing")
    again = run(source, out, "--config", config)
    assert again.returncode == 1
    assert "2 files finished in earlier runs" in again.stdout
    assert "torn.mp4: is not a film" in again.stdout
    assert "failed: torn.mp4: " in again.stderr
    assert again.stderr.splitlines()[-1] == f"tintcast: {source}: 1 failed; the rest is done"
    third = run(source, out, "--config", config)
    assert third.returncode == 1
    assert "1 file failed in earlier runs and not tried again (--retry-failed)" in third.stdout
    assert (out / "report.json").exists()
    assert (out / "report.html").exists()


def test_a_killed_night_is_gone_on_with_and_ends_the_same(tmp_path: Path, config: Path) -> None:
    source, whole, out = tmp_path / "in", tmp_path / "whole", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=120, scenes=5)
    lay_film(source / "b.mp4", sound="aac")
    assert run(source, whole, "--config", config).returncode == 0
    with start(source, out, "--config", config) as running:
        wait_for(lambda: segments(out, "a.mkv") > 2, running)
        running.kill()
        running.communicate(timeout=20)
    done = run(source, out, "--config", config)
    assert done.returncode == 0, done.stderr
    record = Ledger(out).get("a.mkv")
    assert record is not None
    assert record.resumed > 0
    assert files(out) == files(whole) == ["a.mkv", "b.mp4"]
    for name in files(out):
        assert pixels(out / name) == pixels(whole / name)
    assert (out / "b.mp4").read_bytes() == (whole / "b.mp4").read_bytes()


def test_a_service_managers_stop_ends_it_in_good_order_and_soon(tmp_path: Path, config: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", size=(160, 120), count=600)
    with start(source, out, "--config", config) as running:
        wait_for(lambda: segments(out, "a.mkv") > 2, running)
        second = run(source, out, "--config", config)
        assert second.returncode == 2
        assert f"tintcast: {out}: another run" in second.stderr
        (child,) = children(running.pid)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        words, said = running.communicate(timeout=30)
    assert time.monotonic() - began < 15  # 5 s on a machine of its own
    assert running.returncode == 130
    (line,) = [each for each in complaints(said).splitlines() if each.startswith("tintcast: ")]
    assert line == "tintcast: interrupted"
    assert "1 file left: run it again to go on from here" in words
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert segments(out, "a.mkv") > 2


def test_no_room_is_told_from_other_failures(tmp_path: Path, config: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv")
    lay_picture(source / "b.png")
    config.write_text(toml(batch={"keep_free_mb": 9_000_000}))
    done = run(source, out, "--config", config)
    assert done.returncode == 6
    assert "no room for 2 files" in done.stderr
    assert {each.how for each in Ledger(out).all()} == {"space"}
    assert files(out) == []


def test_without_a_film_there_is_no_strip(tmp_path: Path, config: Path) -> None:
    lay_picture(tmp_path / "in" / "b.png")
    (tmp_path / "in" / "lost.mp4").symlink_to("nowhere")
    done = run(tmp_path / "in", tmp_path / "out", "--sample", "--config", config)
    assert done.returncode == 0, done.stderr
    said, last = done.stdout.splitlines()
    assert "lost.mp4: " in said
    assert last == "no film is there"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere", "out"), 3, "nowhere: no such file or folder"),
        (("file", "out"), 3, "file: is not a folder"),
        (("in", "file"), 2, "file: is a file"),
        (("in", "in"), 2, "in: is the folder that is read"),
        (("in", "file/out"), 2, "file/out: "),
        (("in", "out", "--between", "22-7"), 2, "batch.between"),
        (("in", "out", "--sample", "--plan"), 2, "--sample and --plan: one of them"),
        (("in", "out", "--network", "nobody"), 4, "nobody: no network has this name"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "file").touch()
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("tintcast: ")]
    assert said in line


def test_the_process_that_supervises_loads_no_codec() -> None:
    code = (
        "import sys, device.cli, device.jobs.batch.run, device.jobs.batch.mqtt;"
        "print(sorted({'av', 'cv2', 'PIL', 'numpy', 'ai_edge_litert', 'simplejpeg'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
