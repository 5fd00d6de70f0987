"""The other ways out of ``tintcast live``: a film, a pipe, the board's own screen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from films import stamps
from live import TINY
from xvfb import screenshot, virtual_screen

from device.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SMALL = ["pattern", "--size", "320x240", "--network", str(TINY), "--no-page"]
LONG = 60.0


class Started:
    """Processes of ``tintcast live`` that are ended with the test."""

    def __init__(self, folder: Path) -> None:
        self._variables = os.environ | {"XDG_STATE_HOME": str(folder / "state")}
        self._variables.pop("STATE_DIRECTORY", None)
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(self, *words: str | Path, **variables: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "device.cli", "live", *SMALL, *words],
            env=self._variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Started]:
    started = Started(tmp_path)
    yield started
    for process in started.processes:
        process.kill()
        process.communicate(timeout=LONG)


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(process: subprocess.Popen[bytes], by: signal.Signals) -> str:
    """What it said, ending well by that signal."""
    process.send_signal(by)
    out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out) == (0, b""), err
    return err.decode()


def test_a_recording_is_a_film_when_it_ends(live: Started, tmp_path: Path) -> None:
    out = tmp_path / "films" / "out.mp4"
    out.parent.mkdir()
    process = live("--record", out)
    work = out.with_name(".out.mp4.tintcast")
    until(lambda: list(work.glob("*.mkv")))  # the first segment is closed
    said = ended(process, signal.SIGINT)
    assert f"recorded {out}: " in said
    assert [path.name for path in out.parent.iterdir()] == ["out.mp4"]
    facts, times = probe(out), [float(each) for each in stamps(out)]
    assert (facts.width, facts.height, facts.codec) == (320, 240, "h264")
    assert times[0] == 0
    assert 4 <= times[-1] < LONG
    assert len(times) > 20


def test_a_recording_whose_process_was_killed_is_finished_by_the_next(live: Started, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    first = live("--record", out)
    work = tmp_path / ".out.mkv.tintcast"
    until(lambda: list(work.glob("00*.json")))
    first.kill()
    first.communicate(timeout=LONG)
    assert not out.exists()

    second = live("--record", out)
    until(out.exists)
    said = ended(second, signal.SIGTERM)
    assert f"finished {out}, which was cut off" in said
    assert f"recorded {tmp_path / 'out-2.mkv'}: " in said
    assert float(stamps(out)[-1]) > 3


def test_a_recording_that_can_not_be_ends_it_at_once(live: Started, tmp_path: Path) -> None:
    process = live("--record", tmp_path / "out.avi")
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 2
    assert b"is not a kind of film that is written" in err
    assert err.count(b"\n") == 1


def test_ffmpeg_reads_standard_output(live: Started) -> None:
    process = live("--stdout", "mjpeg")
    assert process.stdout is not None
    with av.open(process.stdout, format="mjpeg") as film:
        for number, frame in enumerate(film.decode(video=0)):
            assert (frame.width, frame.height) == (320, 240)
            chroma = frame.to_ndarray()[240:].astype(int)
            if number >= 20 and np.abs(chroma - 128).mean() > 2:  # the first frames may be grey
                break
            assert number < 1000, "never in colour"
    process.stdout.close()
    assert process.wait(LONG) == 0


def test_the_window_shows_the_picture(live: Started) -> None:
    with virtual_screen((640, 480)) as display:
        process = live("--window", DISPLAY=display, SDL_VIDEODRIVER="x11")
        picture = np.zeros((480, 640, 3), np.uint8)

        def shown() -> bool:
            nonlocal picture
            assert process.poll() is None, process.communicate()[1].decode()
            picture = screenshot(display)[120:360, 160:480]
            in_colour = np.ptp(picture.astype(int), axis=2).mean() > 2  # the first frames may be grey
            return bool((picture.max(axis=2) > 20).mean() > 0.9 and in_colour)

        until(shown)
        assert picture.std() > 10
        ended(process, signal.SIGTERM)
        assert screenshot(display).max() == 0


def test_without_a_screen_it_says_so(live: Started) -> None:
    process = live("--window", DISPLAY=":4711", SDL_VIDEODRIVER="x11")
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 2
    assert b"no screen to open a window on" in err
    assert err.count(b"\n") == 1
