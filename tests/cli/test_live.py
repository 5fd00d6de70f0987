"""``tintcast live`` as its user meets it: a process with a page, that ends as it should."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from live import TINY

from device.cli import main
from device.media.facts import read_facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = ["pattern", "--size", "320x240", "--network", str(TINY)]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return tmp_path / "state" / "tintcast"


@pytest.fixture
def started(state: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended with the test."""
    del state
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate(timeout=20)


def live(started: list[subprocess.Popen[str]], *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "device.cli", "live", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    found = re.match(r"http://\S+/", process.stderr.readline())
    assert found, process.stderr.read()
    return found[0]


def test_it_prints_its_page_shows_its_picture_and_ends_on_ctrl_c(
    started: list[subprocess.Popen[str]], state: Path
) -> None:
    process = live(started, *SMALL, "--port", "0")
    page = address_of(process)
    with urllib.request.urlopen(page + "snapshot.jpg", timeout=20) as answer:  # noqa: S310 - our own page
        facts = read_facts(answer.read())
    assert (facts.width, facts.height, facts.network) == (320, 240, "tiny-int8")
    assert main(["live", "--address"]) in {0, 3}
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 15
    assert process.returncode == 0
    assert out == ""
    assert re.fullmatch(r"\d+ frames, [\d.]+ frames/s, network [\d.]+ ms\n", err)
    assert (state / "live").is_dir()


def test_the_terminate_signal_is_a_good_end_too(started: list[subprocess.Popen[str]]) -> None:
    process = live(started, *SMALL, "--port", "0")
    address_of(process)
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err


def test_on_the_network_the_token_is_not_told_to_a_log(
    started: list[subprocess.Popen[str]],
    state: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # which makes rich take every file for a terminal
    process = live(started, *SMALL, "--port", "0", "--lan", "--name", "door")
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "tintcast live --name door --address" in line
    assert main(["live", "--address", "--lan", "--port", "0", "--name", "door"]) == 0
    told = capsys.readouterr().out
    token = re.search(r"token=(\S+)", told)
    assert token is not None
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert token[1] not in line + out + err
    assert (state / "door").is_dir()


def test_who_reads_standard_output_may_leave(started: list[subprocess.Popen[str]]) -> None:
    process = live(started, *SMALL, "--no-page", "--stdout", "mjpeg")
    assert process.stdout is not None
    start = os.read(process.stdout.fileno(), 2)
    assert start == b"\xff\xd8"
    process.stdout.close()
    assert process.wait(20) == 0


def test_a_film_is_played_and_ends_it(demo_film: Path, started: list[subprocess.Popen[str]]) -> None:
    process = live(started, str(demo_film), "--no-page", "--network", str(TINY))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    frames = re.match(r"(\d+) frames, ", err)
    assert frames
    assert 30 < int(frames[1]) <= 192


def test_what_was_switched_off_stays_so_and_it_is_said(started: list[subprocess.Popen[str]]) -> None:
    for words, said in (["--off"], True), ([], True), (["--on"], False):
        process = live(started, *SMALL, "--port", "0", *words)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("the camera is switched off") == said
        process.terminate()
        assert process.wait(20) == 0


WEDGED = """
import sys, threading, time
import device.jobs.live.run as room
from device.cli import main

class Wedged:
    name, dropped, corrupt = "test camera", 0, 0
    def frames(self):
        print("opened", flush=True)
        time.sleep(600)
        yield
    def rest(self, *, resting): pass
    def close(self): time.sleep(600)
    def __enter__(self): return self
    def __exit__(self, *_): self.close()

room.open_source = lambda settings: Wedged()
import device.jobs.live.camera as camera
camera._CLOSING_S = 1.0
camera._FIRST_FRAME_S = float(sys.argv[2])
threading.Thread(target=time.sleep, args=[600]).start()  # as of a library that keeps the process from ending
sys.exit(main(["live", "--no-page", "--network", sys.argv[1]]))
"""


def test_a_camera_that_hangs_for_good_ends_the_process_with_75(state: Path) -> None:
    del state
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WEDGED), str(TINY), "1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 75
    assert "tintcast: test camera: it hangs and can't be closed (" in done.stderr


def test_ctrl_c_ends_the_process_whatever_a_camera_leaves_behind(
    started: list[subprocess.Popen[str]],
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WEDGED), str(TINY), "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "opened\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "left behind: test camera: it hangs" in err
    assert "0 frames" in err.splitlines()[-1], "the last words are said"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["pattern", "--size", "big"], 2, "is not WxH"),
        (["pattern", "--network", "nosuch"], 4, "no network has this name"),
        (["pattern", "--stdout", "h264"], 2, "can be mjpeg only"),
        (["pattern", "--colour", "blue"], 2, "colour.when = 'blue' is not allowed"),
        (["pattern", "--size", "4x4", "--no-page"], 2, "sides are 16 to 8192"),
        (["nosuch.mp4", "--no-page"], 3, "no such file"),
        (["rtsp://ada:secret@127.0.0.1/", "--no-page"], 2, "holds no user and no password"),
        (["--address", "--lan"], 3, "was not served yet"),
    ],
)
def test_a_mistake_is_one_line(
    state: Path, words: list[str], code: int, line: str, *, capsys: pytest.CaptureFixture[str]
) -> None:
    del state
    network = [] if "--network" in words else ["--network", str(TINY)]
    assert main(["live", *words, *network]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tintcast: ")
    assert err.count("\n") == 1
    assert line in err
    assert "secret" not in err
