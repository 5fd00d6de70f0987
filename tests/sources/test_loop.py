from __future__ import annotations

import itertools
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from films import make_film

from device.config import CameraSettings
from device.errors import MissingInput, UnreadableFilm
from device.sources.choose import open_source
from device.sources.film import FilmSource
from device.sources.loop import PlayedFilm

if TYPE_CHECKING:
    from pathlib import Path

    from device.frames import Frame


def played(source: PlayedFilm, count: int) -> list[tuple[Frame, int]]:
    """So many frames, each with when it came."""
    with source:
        return [(frame, time.monotonic_ns()) for frame in itertools.islice(source.frames(), count)]


def test_frames_come_when_their_time_stamps_say(tmp_path: Path) -> None:
    pts = [0, 2, 3, 9, 10, 20]
    lumas = make_film(tmp_path / "film.mkv", count=6, pts=pts)
    source = open_source(CameraSettings(source=str(tmp_path / "film.mkv"), rotation=90))
    began = time.monotonic_ns()
    with source:
        frames = list(source.frames())
    assert source.dropped == 6 - len(frames)
    assert source.name == f"film.mkv, 64x48, {source.name.rpartition(' ')[2]}"
    first = frames[0].captured_ns or 0
    assert first >= began
    for frame in frames:
        assert np.array_equal(frame.luma, lumas[frame.index])
        assert frame.captured_ns is not None
        assert frame.captured_ns - first >= pts[frame.index] * 40_000_000 - 1_000_000
        assert frame.pts * frame.time_base == Fraction(pts[frame.index], 25)
        assert frame.rotation == 90
    assert time.monotonic_ns() - first >= 20 * 40_000_000, "its last frame stands as long as it lasts"


def test_a_loop_goes_on_counting(tmp_path: Path) -> None:
    lumas = make_film(tmp_path / "film.mkv", count=5)
    seen = played(PlayedFilm(tmp_path / "film.mkv", loop=True), 14)
    indices = [frame.index for frame, _ in seen]
    assert indices == sorted(set(indices))
    assert indices[-1] >= 13
    for frame, _ in seen:
        assert np.array_equal(frame.luma, lumas[frame.index % 5])
        assert frame.pts * frame.time_base == Fraction(frame.index, 25)
    first, last = seen[0][0], seen[-1][0]
    assert (last.captured_ns or 0) - (first.captured_ns or 0) >= last.index * 40e6 - 1e6


def test_who_is_late_misses_frames(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=60, rate=50, time_base=Fraction(1, 50))
    source = PlayedFilm(tmp_path / "film.mkv")
    seen = []
    for frame in source.frames():
        seen.append(frame.index)
        if len(seen) == 1:
            time.sleep(0.3)
    assert seen[1] >= 10
    assert source.dropped >= 9
    assert seen == sorted(set(seen))


def test_who_is_very_late_has_it_wait(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=40)
    frames = PlayedFilm(tmp_path / "film.mkv").frames()
    next(frames)
    time.sleep(1)
    assert next(frames).index == 1


def test_at_rest_it_goes_on_slowly_and_misses_nothing(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=60)
    source = PlayedFilm(tmp_path / "film.mkv")
    source.rest(resting=True)
    times, indices = [], []
    for frame in source.frames():
        times.append(time.monotonic())
        indices.append(frame.index)
        if len(times) == 4:
            source.rest(resting=False)
        if len(times) == 9:
            break
    source.close()
    assert times[3] - times[0] > 1.4
    assert times[8] - times[3] < 1.4
    assert indices[:4] == [0, 1, 2, 3]


def test_closing_ends_a_wait_from_another_thread(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=2, pts=[0, 2500])
    source = PlayedFilm(tmp_path / "film.mkv")
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []


def test_what_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        open_source(CameraSettings(source=str(tmp_path / "none.mp4")))
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(UnreadableFilm):
        open_source(CameraSettings(source=str(tmp_path / "text.mp4")))


def test_a_loop_of_nothing_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film of which no frame can be decoded is not opened over and over."""
    make_film(tmp_path / "film.mkv", count=3)
    monkeypatch.setattr(FilmSource, "frames", lambda _: iter(()))
    with PlayedFilm(tmp_path / "film.mkv", loop=True) as source:
        assert list(source.frames()) == []
