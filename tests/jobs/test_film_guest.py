"""A film that is held, told to leave, stopped or killed: nothing half-written, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import av
import pytest
from children import children
from films import make_film, stamps

from device.config import load_config
from device.engine import POLL_S, Stop
from device.errors import FilmTooLarge, Interrupted, Postponed, SpaceError
from device.jobs import supervise
from device.jobs.film import colorize_film
from device.jobs.serving import GRACE_S
from device.jobs.supervise import Terms
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.errors import TintcastError
    from device.jobs.film import FilmResult, Progress

pytestmark = pytest.mark.timeout(300)

COUNT = 240
#: Patience with us, and what a busy machine may add to it (seconds).
STOP_S, BUSY_S = 5.0, 5.0


@pytest.fixture(scope="module")
def config() -> Config:
    keys = {"film": {"segment_frames": 10, "preset": "ultrafast"}, "colour": {"when": "always"}}
    return load_config(None, {}, keys)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("guest") / "in.mkv"
    make_film(path, size=(160, 120), count=COUNT, scenes=4)
    return path


class Guest:
    """Lets a film work to frame ``at``, and then has it rest or leave; keeps what it told."""

    def __init__(self, at: int, *, leave: TintcastError | None = None, rest_s: float = 0) -> None:
        self.seen: list[int] = []
        self.rested: list[int] = []
        self._at, self._leave, self._rest_s = at, leave, rest_s
        self._since: float | None = None

    def progress(self, now: Progress) -> None:
        (self.rested if self._held() else self.seen).append(now.done)

    @property
    def terms(self) -> Terms:
        return Terms(held=self._held, leave=lambda: self._leave if self._there() else None)

    def _there(self) -> bool:
        return bool(self.seen) and self.seen[-1] >= self._at

    def _held(self) -> str | None:
        if not self._rest_s or not self._there():
            return None
        self._since = self._since or time.monotonic()
        return "the board is hot" if time.monotonic() - self._since < self._rest_s else None


def made(source: Path, out: Path, config: Config, guest: Guest) -> FilmResult:
    return colorize_film(source, out, config, progress=guest.progress, terms=guest.terms)


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray().tobytes() for frame in film.decode(video=0)]


def check_whole(out: Path, source: Path, whole: Path) -> None:
    assert stamps(out) == stamps(source)
    assert pictures(out) == pictures(whole)
    assert not WorkFolder.path_for(out).exists()


def check_nothing_half(out: Path) -> int:
    """Of an unfinished film there are closed segments alone, if any; how many."""
    assert not out.exists()
    left = [path.name for path in WorkFolder.path_for(out).glob("*")]
    assert not [name for name in left if name.endswith(".part")]
    return len([name for name in left if name.endswith(".json")])


@pytest.fixture(scope="module")
def whole(source: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out.mkv"
    made(source, out, config, Guest(COUNT + 1))
    return out


def test_a_film_rests_where_it_is_and_becomes_the_same(
    source: Path, whole: Path, config: Config, tmp_path: Path
) -> None:
    out, guest = tmp_path / "out.mkv", Guest(30, rest_s=6.0)
    result = made(source, out, config, guest)
    assert (result.frames, result.resumed) == (COUNT, 0)
    # It went on telling how far it is, and soon it was no further.
    assert len(guest.rested) > 4
    assert guest.rested[-1] == guest.rested[-4] < COUNT
    check_whole(out, source, whole)


@pytest.mark.parametrize("why", [Postponed("out of hours until 22:00"), SpaceError("the disk has 3 MB left")])
def test_a_film_that_has_to_leave_goes_on_later_from_what_is_closed(
    source: Path, whole: Path, config: Config, tmp_path: Path, why: TintcastError
) -> None:
    out = tmp_path / "out.mkv"
    began = time.monotonic()
    with pytest.raises(type(why), match=str(why)):
        made(source, out, config, Guest(60, leave=why))
    assert time.monotonic() - began < 60
    assert check_nothing_half(out) > 0
    assert made(source, out, config, Guest(COUNT + 1)).resumed > 0
    check_whole(out, source, whole)


def test_a_film_that_rests_can_be_stopped(source: Path, config: Config, tmp_path: Path) -> None:
    stop, out = Stop(), tmp_path / "out.mkv"
    guest = Guest(60, rest_s=60)

    def progress(now: Progress) -> None:
        guest.progress(now)
        if len(guest.rested) > 3:
            stop.request()

    with pytest.raises(Interrupted):
        colorize_film(source, out, config, progress=progress, terms=guest.terms, stop=stop)
    assert check_nothing_half(out) > 0


def test_a_film_that_needs_more_memory_than_it_may_have_is_given_up(
    source: Path, config: Config, tmp_path: Path
) -> None:
    with pytest.raises(FilmTooLarge, match="MB of memory, more than the 40 it may have") as caught:
        colorize_film(source, tmp_path / "out.mkv", config, terms=Terms(memory_mb=40))
    assert caught.value.exit_code == 3


def command(source: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "device.cli", "film", str(source), str(out), "--colour", "always"]


def begun(program: subprocess.Popen[bytes], out: Path) -> int:
    """The process of the film that ``program`` works on, once a segment of it is being written."""
    deadline = time.monotonic() + 60
    folder = WorkFolder.path_for(out)
    while not list(folder.glob("*.part")):
        assert program.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (child,) = children(program.pid)
    return child


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "in.mkv"
    make_film(path, size=(640, 480), count=400, codec="libx264", options={"preset": "ultrafast"})
    return path


@pytest.mark.parametrize(
    "send",
    [
        lambda program, _child: program.send_signal(signal.SIGTERM),
        # As a service manager does it: to each process of the service, the child before its parent.
        lambda program, child: (os.kill(child, signal.SIGTERM), program.send_signal(signal.SIGTERM)),
    ],
)
def test_a_stop_signal_ends_all_within_five_seconds_and_nothing_is_half_written(
    long: Path, tmp_path: Path, send: Callable[[subprocess.Popen[bytes], int], object]
) -> None:
    out = tmp_path / "out.mkv"
    with subprocess.Popen(command(long, out), stderr=subprocess.DEVNULL) as program:
        child = begun(program, out)
        began = time.monotonic()
        send(program, child)
        assert program.wait(30) == 130
        assert time.monotonic() - began < STOP_S + BUSY_S
    assert not os.path.exists(f"/proc/{child}")  # noqa: PTH110 - no Path of a process
    check_nothing_half(out)


def test_a_run_that_is_killed_leaves_no_process_and_the_next_one_goes_on_at_once(
    long: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    with subprocess.Popen(command(long, out), stderr=subprocess.DEVNULL) as program:
        child = begun(program, out)
        program.kill()
        program.wait(30)
    done = subprocess.run(command(long, out), capture_output=True, text=True, timeout=100, check=False)
    # The killed run's process would still have the film, and the folder of its segments.
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(f"/proc/{child}")  # noqa: PTH110 - as above
    assert len(stamps(out)) == 400


def test_even_a_process_that_hangs_leaves_its_parent_time_to_end() -> None:
    waits = GRACE_S + 2 * POLL_S + supervise._KILLED_WHILE_STOPPING_S
    assert waits < STOP_S - 1
