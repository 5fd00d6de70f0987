"""``tintcast film`` told of colours beforehand: a reference picture, and hints that hold in every frame."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from colour_films import make_colour_film
from films import make_film
from said import complaints

from device.config import Config
from device.engine import Gate, Stop
from device.errors import ConfigurationError
from device.jobs.film import FilmResult, FilmTask
from device.jobs.film_child import colorize
from device.jobs.pictures import colorize_pictures
from device.media.segments import WorkFolder
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.media.durable import PartFile

WIDTH, HEIGHT = 160, 96
HINT = "40,30,#ff2020"
TINY = Path(__file__).parent.parent / "network" / "data" / "tiny-int8.tflite"  # takes no hints


class Killed(BaseException):
    """The plug was pulled."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hints") / "in.mkv"
    make_film(path, size=(WIDTH, HEIGHT), count=12, pixel_format="gray")
    return path


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reference") / "forest.png"
    cv2.imwrite(str(path), np.full((50, 70, 3), (30, 120, 40), np.uint8))
    return path


def settings(**hints: Any) -> Config:
    return Config.model_validate(
        {"film": {"segment_frames": 2, "preset": "ultrafast", "codec": "ffv1"}, "hints": hints}
    )


def made(source: Path, out: Path, config: Config) -> FilmResult:
    stop = Stop()
    return colorize(FilmTask(source, out, config), lambda _: None, stop, gate=Gate(stop))


def chroma(path: Path) -> np.ndarray[Any, Any]:
    """Cb and Cr of all frames: (frames, 2, h, w)."""
    with FilmSource(path) as film:
        return np.stack([np.stack((frame.cb, frame.cr)) for frame in film.frames()]).astype(np.float32)


@pytest.fixture(scope="module")
def plain(source: Path) -> np.ndarray[Any, Any]:
    made(source, source.with_name("plain.mkv"), settings())
    return chroma(source.with_name("plain.mkv"))


@pytest.fixture(scope="module")
def hinted(source: Path) -> Path:
    made(source, source.with_name("hinted.mkv"), settings(points=[HINT]))
    return source.with_name("hinted.mkv")


def test_a_hint_holds_at_its_place_in_every_frame(plain: np.ndarray[Any, Any], hinted: Path) -> None:
    there = slice(13, 18), slice(17, 24)  # around 40,30 in planes of half size
    moved = (chroma(hinted) - plain)[:, :, *there].mean(axis=(2, 3))
    assert (moved[:, 1] > 15).all()  # redder, each of them


def test_a_reference_changes_all_of_the_film(
    source: Path, reference: Path, plain: np.ndarray[Any, Any]
) -> None:
    out = source.with_name("forest.mkv")
    made(source, out, settings(reference=reference))
    moved = np.abs(chroma(out) - plain)
    assert (moved.mean(axis=(1, 2, 3)) > 3).all()
    assert moved[:, :, :10, -10:].mean() > 3  # in the corner too


def kill_after_a_segment(source: Path, out: Path, config: Config, patch: pytest.MonkeyPatch) -> None:
    close = WorkFolder.close_segment

    def close_and_die(
        self: WorkFolder, part: PartFile, pts: tuple[int, ...], state: Mapping[str, Any], *more: Any
    ) -> None:
        close(self, part, pts, state, *more)
        raise Killed

    with patch.context() as killing:
        killing.setattr(WorkFolder, "close_segment", close_and_die)
        with pytest.raises(Killed):
            made(source, out, config)


def test_a_resumed_film_is_the_same(
    source: Path, hinted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mkv"
    kill_after_a_segment(source, out, settings(points=[HINT]), monkeypatch)
    result = made(source, out, settings(points=[HINT]))
    assert 0 < result.resumed < result.frames
    assert np.array_equal(chroma(out), chroma(hinted))


def test_other_hints_make_another_film(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.mkv"
    kill_after_a_segment(source, out, settings(points=[HINT]), monkeypatch)
    result = made(source, out, settings(points=["40,30,#20ff20"]))
    assert result.resumed == 0
    assert "begun afresh: hints changed since the last run" in result.notes


def test_a_reference_is_known_by_its_content(
    source: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, renamed = tmp_path / "out.mkv", tmp_path / "renamed.png"
    kill_after_a_segment(source, out, settings(reference=reference), monkeypatch)
    renamed.write_bytes(reference.read_bytes())
    kill_after_a_segment(source, out, settings(reference=renamed), monkeypatch)
    cv2.imwrite(str(renamed), np.full((50, 70, 3), (120, 30, 40), np.uint8))
    result = made(source, out, settings(reference=renamed))
    assert result.resumed == 0
    out.unlink()
    kill_after_a_segment(source, out, settings(reference=reference), monkeypatch)
    renamed.write_bytes(reference.read_bytes())
    assert made(source, out, settings(reference=renamed)).resumed > 0


def test_a_folder_of_pictures_is_told_too(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with FilmSource(source) as film:
        for frame in film.frames():
            cv2.imwrite(str(folder / f"{frame.index:03}.png"), frame.luma)
    for name, hints in (("plain", {}), ("red", {"points": [HINT, "150,90,#ff2020"]})):
        done = colorize_pictures(
            folder, tmp_path / name, settings(**hints), stop=Stop(), progress=lambda *_: None
        )
        assert done.notes == ()
    plain, red = (
        cv2.imread(str(tmp_path / name / "000005.png")).astype(np.float32) for name in ("plain", "red")
    )
    place = red[26:35, 36:45] - plain[26:35, 36:45]
    assert (place[..., 2] - place[..., 1]).mean() > 15
    cv2.imwrite(str(folder / "006.png"), np.zeros((20, 20), np.uint8) + 90)
    done = colorize_pictures(
        folder, tmp_path / "odd", settings(points=[HINT]), stop=Stop(), progress=lambda *_: None
    )
    assert done.notes == ("1 of hints.points lie outside the picture of 20x20 pixels, and go unheard",)


def test_a_film_in_colour_says_that_hints_were_of_no_use(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    make_colour_film(source, [(16, "colour")])
    result = made(source, tmp_path / "out.mkv", settings(points=["3,3,#ff0000"]))
    assert result.passed == result.frames
    assert "what passed as it was had no use for hints; --colour always tints it" in result.notes


def test_a_hint_outside_the_film_is_refused_before_it_begins(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="outside the picture of 160x96"):
        made(source, tmp_path / "out.mkv", settings(points=[f"{WIDTH},3,#ff0000"]))
    turned = tmp_path / "turned.mkv"
    make_film(turned.with_suffix(".mp4"), size=(WIDTH, HEIGHT), count=3, codec="libx264", rotation=90)
    with pytest.raises(ConfigurationError, match="outside the picture of 96x160"):
        made(turned.with_suffix(".mp4"), tmp_path / "out.mkv", settings(points=["100,3,#ff0000"]))
    assert not list(tmp_path.glob("*out*"))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "device.cli", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_the_command_takes_them_and_flags_outweigh_the_file(
    source: Path, reference: Path, hinted: Path, tmp_path: Path
) -> None:
    out, config, lines = tmp_path / "out.mkv", tmp_path / "tintcast.toml", tmp_path / "hints.txt"
    config.write_text(
        '[film]\nsegment_frames = 2\npreset = "ultrafast"\ncodec = "ffv1"\n[hints]\npoints = ["1,1,5,5"]\n'
    )
    lines.write_text(f"# the roof\n{HINT}\n")
    done = run("film", source, out, "--hints", lines, "--config", config)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(chroma(out), chroma(hinted))
    done = run("film", source, tmp_path / "both.mkv", "--hint", HINT, "--reference", reference, "-c", config)
    assert done.returncode == 0, done.stderr
    assert not np.array_equal(chroma(tmp_path / "both.mkv"), chroma(hinted))


@pytest.mark.parametrize(
    ("command", "arguments", "line"),
    [
        ("film", ["--hint", HINT, "--network", TINY], "tiny-int8: this network takes no hints"),
        ("film", ["--hint", "1,2,red"], "--hint: '1,2,red' is no hint"),
        ("publish", ["--hint", "5000,2,1,1"], "the hint at 5000,2 lies outside the picture of 160x96 pixels"),
    ],
)
def test_what_cannot_be_heard_is_one_clear_line(
    command: str, arguments: list[object], line: str, source: Path, tmp_path: Path
) -> None:
    """Before any broker is looked for, too."""
    out = [tmp_path / "out.mkv"] if command == "film" else ["--broker", "localhost:1"]
    done = run(command, source, *out, *arguments)
    assert done.returncode == 2
    (said,) = complaints(done.stderr).splitlines()
    assert line in said


def test_a_reference_that_is_no_picture_is_an_input_error(source: Path, tmp_path: Path) -> None:
    done = run("film", source, tmp_path / "out.mkv", "--reference", tmp_path / "none.png")
    assert done.returncode == 3
    assert "none.png" in complaints(done.stderr)
    done = run("film", source, tmp_path / "out.mkv", "--reference", source, "--network", TINY)
    assert done.returncode == 3
