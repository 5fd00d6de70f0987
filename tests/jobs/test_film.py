"""``tintcast film`` as a user runs it, with the bundled network: what comes out, is said and is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from children import children
from disks import small_disk
from films import make_film, sound_packets, stamps
from said import complaints

from device.config import Config, FilmSettings
from device.engine import Stop
from device.errors import (
    ConfigurationError,
    FilmCrashed,
    FilmStalled,
    Interrupted,
    SpaceError,
    UnreadableFilm,
)
from device.jobs.film import Progress, colorize_film, out_file
from device.media.segments import WorkFolder
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = Config.model_validate({"film": {"segment_frames": 5, "preset": "ultrafast", "stall_seconds": 30}})


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "device.cli", "film", *(str(argument) for argument in arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)


def complaint(said: str) -> str:
    """The one line of an error."""
    (line,) = complaints(said).splitlines()
    return line


def everything(path: Path) -> list[tuple[int | bytes, ...]]:
    """Stamp and decoded planes of every frame."""
    with FilmSource(path) as film:
        return [
            (
                frame.pts,
                *(b"" if plane is None else plane.tobytes() for plane in (frame.luma, frame.cb, frame.cr)),
            )
            for frame in film.frames()
        ]


def test_a_film_is_coloured_and_keeps_all_else(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    lumas = make_film(source, pixel_format="gray", size=(320, 240), count=50, sound="flac", scenes=2)
    done = run(source, out, "--crf", 0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out}: 50 frames, ")
    assert stamps(out) == stamps(source)
    assert sound_packets(out) == sound_packets(source)
    with FilmSource(out) as film:
        frames = list(film.frames())
    for frame, luma in zip(frames, lumas, strict=True):
        np.testing.assert_array_equal(frame.luma, luma)
        assert frame.cb is not None
        assert frame.cr is not None
        assert np.ptp(frame.cb) + np.ptp(frame.cr) > 4  # colour, and not one tone
    assert {path.name for path in tmp_path.iterdir()} == {"in.mkv", "out.mkv", ".out.mkv.shots"}


def test_a_rotated_film_is_seen_upright(tmp_path: Path) -> None:
    upright, lying = tmp_path / "upright.mp4", tmp_path / "lying.mp4"
    make_film(lying, codec="libx264", size=(96, 64), count=6, rotation=-90)
    result = colorize_film(lying, upright, SMALL)
    assert result.frames == 6
    with FilmSource(upright) as film:
        assert film.facts.rotation == 90


def test_progress_is_told_and_reaches_its_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    make_film(tmp_path / "in.mkv", size=(320, 240), count=120)
    result = colorize_film(tmp_path / "in.mkv", tmp_path / "out.mp4", SMALL, progress=told.append)
    assert result.frames == 120
    assert result.network_ms > 0
    assert [now.done for now in told] == sorted(now.done for now in told)
    assert {now.total for now in told} <= {None, 120}
    assert "colour" in {now.stage for now in told}


@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_killed_run_is_gone_on_from_and_ends_the_same(tmp_path: Path, victim: str) -> None:
    source, whole, out = tmp_path / "in.mkv", tmp_path / "whole.mp4", tmp_path / "out.mp4"
    make_film(source, size=(320, 240), count=120, scenes=3, sound="aac")
    settings = tmp_path / "tintcast.toml"
    settings.write_text('[film]\nsegment_frames = 5\npreset = "ultrafast"\n')
    work = tmp_path / ".out.mp4.tintcast"
    with subprocess.Popen(
        command(source, out, "--config", settings),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as running:
        wait_for(lambda: len(list(work.glob("*.json"))) > 3, running)
        (child,) = children(running.pid)
        os.kill(child if victim == "child" else running.pid, signal.SIGKILL)
        _, said = running.communicate(timeout=20)
    if victim == "child":
        assert running.returncode == 3
        assert "died of SIGKILL" in complaint(said)
    wait_for(lambda: not Path(f"/proc/{child}").exists() or is_zombie(child))
    assert not out.exists()
    assert list(work.glob("*.mkv"))
    done = run(source, out, "--config", settings)
    assert done.returncode == 0, done.stderr
    assert "of them in earlier runs" in done.stdout
    assert run(source, whole, "--config", settings).returncode == 0
    assert everything(out) == everything(whole)
    assert sound_packets(out) == sound_packets(whole) == sound_packets(source)
    assert not work.exists()


def wait_for(what: Callable[[], bool], running: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        assert running is None or running.poll() is None, "it ended too soon"
        time.sleep(0.01)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_it_with_one_line_and_what_is_closed_stays(
    long_film: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out.mp4"
    settings = tmp_path / "tintcast.toml"
    settings.write_text("[film]\nsegment_frames = 5\n")
    work = tmp_path / ".out.mp4.tintcast"
    with subprocess.Popen(
        command(long_film, out, "--config", settings),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        wait_for(lambda: len(list(work.glob("*.json"))) > 1, running)
        (child,) = children(running.pid)
        began = time.monotonic()
        running.send_signal(number)
        said, complaint = running.communicate(timeout=20)
    assert running.returncode == 130
    assert time.monotonic() - began < 8
    assert (said, complaint) == ("", "tintcast: interrupted (run it again to go on from here)\n")
    assert not out.exists()
    assert list(work.glob("*.mkv"))
    assert not list(work.glob("*.part"))
    wait_for(lambda: not Path(f"/proc/{child}").exists())


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough to do something to it before it is done."""
    path = tmp_path_factory.mktemp("long") / "in.mkv"
    make_film(path, size=(480, 360), count=300)
    return path


def interrupt(source: Path, out: Path) -> None:
    """Colorize the beginning of a film, some segments of it."""
    stop = Stop()

    def stop_soon(_now: Progress) -> None:
        if len(list(out.with_name(f".{out.name}.tintcast").glob("*.json"))) > 1:
            stop.request()

    with pytest.raises(Interrupted):
        colorize_film(source, out, SMALL, progress=stop_soon, stop=stop)


def test_a_run_with_other_settings_begins_afresh_and_says_why(long_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    interrupt(long_film, out)
    other = SMALL.model_copy(update={"colour": SMALL.colour.model_copy(update={"saturation": 1.5})})
    result = colorize_film(long_film, out, other)
    assert result.resumed == 0
    assert result.notes == ("begun afresh: settings changed since the last run",)


def bad_films(folder: Path) -> dict[str, tuple[Path, int, str]]:
    whole = folder / "whole.flv"  # whose beginning does not say how large it is
    make_film(whole, count=100, codec="flv")
    cut = folder / "cut.flv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("not a film\n" * 50)
    return {
        "missing": (folder / "nowhere.mp4", 3, "no such file"),
        "empty": (folder / "empty.mp4", 3, "is empty"),
        "text": (folder / "text.mp4", 3, "is not a film"),
        "cut short": (cut, 3, "is cut short: it ends after"),
    }


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "cut short"])
def test_bad_input_is_one_line_and_its_exit_code(tmp_path: Path, kind: str) -> None:
    source, code, reason = bad_films(tmp_path)[kind]
    out = tmp_path / "out.mp4"
    done = run(source, out)
    assert done.returncode == code
    assert done.stdout == ""
    assert complaint(done.stderr).startswith(f"tintcast: {source}: ")
    assert reason in done.stderr
    assert not out.exists()


def test_what_was_coloured_of_a_damaged_film_stays_and_is_named(tmp_path: Path) -> None:
    source, _, _ = bad_films(tmp_path)["cut short"]
    with pytest.raises(UnreadableFilm, match=r"what was coloured until there is in .*\.out\.mp4\.tintcast"):
        colorize_film(source, tmp_path / "out.mp4", SMALL)
    kept = sorted((tmp_path / ".out.mp4.tintcast").glob("*.mkv"))
    assert [len(stamps(each)) for each in kept] == [20] * len(kept) != []


def test_a_wrong_out_is_a_usage_error(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    make_film(source, count=4)
    (tmp_path / "link.mkv").symlink_to(source)
    for out, reason in (
        (tmp_path / "out.webm", "use one of .mp4, .m4v, .mov, .mkv"),
        (tmp_path / "out", "a name without a suffix"),
        (tmp_path / "nowhere" / "out.mp4", "its folder does not exist"),
        (tmp_path / "link.mkv", "it would be overwritten"),
    ):
        done = run(source, out)
        assert done.returncode == 2
        assert reason in complaint(done.stderr)
    assert len(stamps(source)) == 4


def test_out_may_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert out_file(Path("a/film.mkv"), tmp_path / "out", FilmSettings()) == tmp_path / "out" / "film.mkv"
    assert out_file(Path("a/film.avi"), tmp_path / "out", FilmSettings()) == tmp_path / "out" / "film.mp4"


def test_an_unknown_network_is_exit_code_4(tmp_path: Path) -> None:
    make_film(tmp_path / "in.mkv", count=4)
    done = run(tmp_path / "in.mkv", tmp_path / "out.mp4", "--network", "nosuchnetwork")
    assert done.returncode == 4
    assert "nosuchnetwork" in complaint(done.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv"]


@pytest.mark.mounts
def test_a_full_disk_is_a_space_error_through_the_process(long_film: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=32m") as disk:
        out, work = disk / "out.mp4", disk / ".out.mp4.tintcast"
        interrupt(long_film, out)
        closed = sorted(work.glob("*.mkv"))
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        with pytest.raises(SpaceError, match="no space left"):
            colorize_film(long_film, out, SMALL)
        assert not out.exists()
        assert sorted(work.glob("*.mkv")) == closed


def test_a_process_that_stands_still_is_given_up(long_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    impatient = SMALL.model_copy(update={"film": SMALL.film.model_copy(update={"stall_seconds": 4})})

    def freeze(now: Progress) -> None:
        if now.done > 20:
            for child in children(os.getpid()):
                os.kill(child, signal.SIGSTOP)

    with pytest.raises(FilmStalled, match=r"no progress for 4 s, at frame \d+ of 300: given up"):
        colorize_film(long_film, out, impatient, progress=freeze)
    assert not out.exists()


def test_a_process_that_crashes_is_told_with_its_place(long_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"

    def harm(now: Progress) -> None:
        if now.done > 20:
            for child in children(os.getpid()):
                os.kill(child, signal.SIGSEGV)

    with pytest.raises(FilmCrashed, match=r"died of SIGSEGV, at frame \d+ of 300"):
        colorize_film(long_film, out, SMALL, progress=harm)
    assert not out.exists()


def test_two_runs_of_one_film_do_not_collide(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, count=30)
    with (
        WorkFolder(out, {"held": "by another run"}) as held,
        pytest.raises(ConfigurationError, match="another run is writing this film"),
    ):
        colorize_film(source, out, SMALL)
    assert not held.path.exists()
    assert colorize_film(source, out, SMALL).frames == 30


def test_the_parent_imports_no_codec() -> None:
    code = (
        "import json, sys, device.jobs.film, device.cli.film;"
        "heavy = ('av', 'numpy', 'cv2', 'ai_edge_litert', 'tflite_runtime');"
        "print(json.dumps([name for name in heavy if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_real_films_are_coloured_whole(films: list[Path], tmp_path: Path) -> None:
    wanted = {"realshort.mp4", "video_90.mov", "oldfilm_house_bw.mp4"}
    for source in (path for path in films if path.name in wanted):
        out = tmp_path / source.name
        result = colorize_film(source, out, SMALL)
        assert result.frames == len(stamps(source))
        assert stamps(out) == stamps(source)
        assert sound_packets(out) == sound_packets(source)
