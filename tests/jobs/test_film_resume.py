"""A film that was interrupted while frames waited equals one that was not, byte for byte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from children import children
from colour_films import make_colour_film

from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmResult, FilmTask
from device.jobs.film_child import colorize
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from colour_films import Shot

    from device.media.durable import PartFile

#: Forced boundaries, every eight frames, among black frames that wait, frames to decide by, and decided ones.
SHOTS: list[Shot] = [
    (45, "black"),
    (21, "grey"),
    (9, "colour"),
    (4, "black"),
    (18, "colour"),
    (5, "sepia"),
    (40, "turning"),
    (13, "colour"),
]
#: Nor is the network asked about each of them.
SETTINGS = {"film": {"segment_frames": 2, "preset": "ultrafast", "colour_every": 3}}


class Killed(BaseException):
    """The plug was pulled."""


def made(task: FilmTask) -> FilmResult:
    stop = Stop()
    return colorize(task, lambda _: None, stop, gate=Gate(stop))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("resume") / "in.mkv"
    make_colour_film(path, SHOTS)
    return path


def in_one_go(source: Path, out: Path, settings: Config) -> tuple[bytes, Any]:
    """The film's bytes, and what is said of it."""
    result = made(FilmTask(source, out, settings))
    assert result.frames == sum(count for count, _ in SHOTS)
    assert result.passed > 30
    assert len(result.notes) == 1
    assert result.figures["flicker"] > 0
    return out.read_bytes(), said_of(result)


def said_of(result: FilmResult) -> Any:
    return result.frames, result.passed, result.notes, result.figures


@pytest.fixture(scope="module")
def whole(source: Path) -> tuple[bytes, Any]:
    return in_one_go(source, source.with_name("whole.mp4"), Config.model_validate(SETTINGS))


@pytest.mark.parametrize("look_ahead", [False, True])
def test_wherever_it_was_killed_the_film_is_the_same(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, look_ahead: bool
) -> None:
    """Killed as soon as a segment is closed, then gone on from, segment by segment."""
    out = tmp_path / "out.mp4"
    settings = Config.model_validate({"film": {**SETTINGS["film"], "look_ahead": look_ahead}})
    whole = in_one_go(source, tmp_path / "whole.mp4", settings)
    close = WorkFolder.close_segment
    waited: list[int] = []

    def close_and_die(
        self: WorkFolder, part: PartFile, pts: tuple[int, ...], state: Mapping[str, Any], *more: Any
    ) -> None:
        close(self, part, pts, state, *more)
        if state:
            waited.append(len(json.loads(json.dumps(state))["seen"]["decider"]["waiting"]))
        raise Killed

    runs = 0
    while not out.exists():
        with monkeypatch.context() as patch:
            patch.setattr(WorkFolder, "close_segment", close_and_die)
            try:
                result = made(FilmTask(source, out, settings))
            except Killed:
                runs += 1
    assert runs > 15
    assert len({number for number in waited if number}) > 3  # boundaries that fell among waiting frames
    assert 16 in waited
    assert out.read_bytes() == whole[0]
    assert said_of(result) == whole[1]
    assert result.resumed == result.frames


def test_kill_9_again_and_again_leaves_the_same_film(
    source: Path, whole: tuple[bytes, Any], tmp_path: Path
) -> None:
    out, settings = tmp_path / "out.mp4", tmp_path / "tintcast.toml"
    settings.write_text('[film]\nsegment_frames = 2\npreset = "ultrafast"\ncolour_every = 3\n')
    work = tmp_path / ".out.mp4.tintcast"
    command = [sys.executable, "-m", "device.cli", "film", str(source), str(out), "--config", str(settings)]
    kills = 0
    while not out.exists():
        before = len(list(work.glob("*.json")))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            while running.poll() is None and not kills_it(running.pid, work, before + 3, most=kills < 4):
                time.sleep(0.002)
            said, complaint = running.communicate(timeout=60)
        assert running.returncode in {0, 3}, complaint
        kills += running.returncode == 3
    assert kills >= 2
    assert out.read_bytes() == whole[0]
    frames, passed, *_ = whole[1]
    assert said.splitlines()[-1] == (
        f"{passed} of {frames} frames were in colour already and passed as they were"
    )


def kills_it(pid: int, work: Path, segments: int, *, most: bool) -> bool:
    """Kill the film's process once it has closed so many segments; False while it is too early."""
    if not most or len(list(work.glob("*.json"))) < segments:
        return False
    for child in children(pid):
        os.kill(child, signal.SIGKILL)
        return True
    return False
