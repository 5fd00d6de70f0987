"""A folder of numbered pictures becomes a film, and one that was interrupted is the same."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from films import panned, stamps
from PIL import Image

from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmResult, FilmTask
from device.jobs.film_child import colorize
from device.media.probe import probe
from device.media.segments import WorkFolder
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"film": {"preset": "ultrafast", "crf": 0, "segment_frames": 4}, "batch": {"rate": 12.5}}


class Killed(BaseException):
    """The plug was pulled."""


def made(source: Path, out: Path, **film: object) -> FilmResult:
    stop = Stop()
    config = Config.model_validate({**SETTINGS, "film": {**SETTINGS["film"], **film}})
    return colorize(FilmTask(source, out, config), lambda _: None, stop, gate=Gate(stop))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty grey pictures, one of them broken; their numbers have two and three digits."""
    path = tmp_path / "scans"
    path.mkdir()
    for number, luma in enumerate(panned(40, (96, 64))):
        Image.fromarray(luma).save(path / f"scan{number + 98}.png")
    (path / "scan107.png").write_bytes(b"broken")
    return path


def test_every_picture_is_a_frame_with_its_luma(folder: Path, tmp_path: Path) -> None:
    result = made(folder, tmp_path / "out.mkv")
    assert result.frames == 39
    assert [note for note in result.notes if "can't be read" in note]
    with FilmSource(tmp_path / "out.mkv") as film:
        frames = list(film.frames())
        assert film.facts.colour_space.full_range
        assert film.facts.tags == (2, 1, 13, 6)
    kept = [n for n in range(40) if n != 9]
    for frame, number in zip(frames, kept, strict=True):
        luma = np.asarray(Image.open(folder / f"scan{number + 98}.png"))
        np.testing.assert_array_equal(frame.luma, luma)
        assert frame.cb is not None
    assert stamps(tmp_path / "out.mkv") == [Fraction(n * 80, 1000) for n in kept]


def test_a_film_that_was_interrupted_is_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(folder, tmp_path / "whole.mp4")
    close, runs = WorkFolder.close_segment, 0

    def close_and_die(self: WorkFolder, *arguments: Any) -> None:
        close(self, *arguments)
        raise Killed

    while not (tmp_path / "out.mp4").exists():
        with monkeypatch.context() as patch:
            patch.setattr(WorkFolder, "close_segment", close_and_die)
            try:
                result = made(folder, tmp_path / "out.mp4")
            except Killed:
                runs += 1
    assert runs >= 2
    assert result.notes == whole.notes
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_a_master_of_16_bit_scans_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    lumas = [luma.astype(np.uint16) * 257 + 3 for luma in panned(5, (64, 48))]
    for number, luma in enumerate(lumas):
        Image.fromarray(luma).save(tmp_path / "deep" / f"{number:05d}.png")
    made(tmp_path / "deep", tmp_path / "out.mkv", codec="ffv1")
    with FilmSource(tmp_path / "out.mkv") as film:
        for frame, luma in zip(film.frames(), lumas, strict=True):
            np.testing.assert_array_equal(frame.luma, luma)


def test_pictures_that_are_turned_make_a_film_that_is_turned(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    for number, luma in enumerate(panned(3, (64, 48))):
        Image.fromarray(luma).save(tmp_path / "in" / f"{number}.jpg", exif=exif)
    made(tmp_path / "in", tmp_path / "out.mp4")
    facts = probe(tmp_path / "out.mp4")
    assert (facts.width, facts.height, facts.rotation) == (64, 48, 90)
