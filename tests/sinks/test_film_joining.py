"""What joining a film leaves to the disk, and on it."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from films import make_film, stamps

from device.colour.tint import shrink
from device.config import FilmSettings
from device.errors import SpaceError, TintcastError
from device.frames import TintedFrame
from device.media import durable
from device.media.encode import Picture
from device.media.segments import WorkFolder
from device.sinks import film as film_sink
from device.sinks.film import FilmSink, finish
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOSSLESS = FilmSettings(crf=0, preset="ultrafast")


def tinted(film: FilmSource) -> Iterator[TintedFrame]:
    ab = np.full((8, 8, 2), 20, np.float32)
    for frame in film.frames():
        yield TintedFrame(frame, shrink(frame.luma, None, (16, 16)), ab)


@pytest.fixture
def to_join(tmp_path: Path) -> Iterator[tuple[WorkFolder, dict[str, Any]]]:
    """A work folder with all segments of a film, and how it is finished."""
    source = tmp_path / "in.mkv"
    make_film(source, size=(320, 240), count=40)
    with FilmSource(source) as film, WorkFolder(tmp_path / "out.mp4", {}) as work:
        picture = Picture.of(film.facts, LOSSLESS)
        with FilmSink(work, picture, LOSSLESS, lambda _: None) as sink:
            for frame in tinted(film):
                sink.write(frame)
        yield (
            work,
            {"picture": picture, "source": film.facts, "end_pts": film.end_pts, "metadata": {}},
        )


def test_a_slow_disk_gets_a_film_while_it_is_joined_not_all_at_its_end(
    to_join: tuple[WorkFolder, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, how = to_join
    most, told = 1 << 18, 0
    brought: list[tuple[int, int]] = []  # how large it was, and how often the parent had heard of it
    fdatasync = os.fdatasync

    def bring(number: int) -> None:
        fdatasync(number)
        brought.append((os.fstat(number).st_size, told))

    def tick() -> None:
        nonlocal told
        told += 1

    monkeypatch.setattr(durable, "_AT_ONCE", most)
    monkeypatch.setattr(os, "fdatasync", bring)
    out = tmp_path / "out.mp4"
    finish(out, work, **how, tick=tick)
    sizes = [0, *(size for size, _ in brought), out.stat().st_size]
    assert sizes[-1] > 4 * most
    assert all(later - earlier <= 3 * most for earlier, later in pairwise(sizes))
    times = [each for _, each in brought]
    assert len(set(times)) == len(times)  # never twice without a word between
    assert len(stamps(out)) == 40


def test_a_long_segment_does_not_wait_for_its_end_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought, most, fdatasync = [0], 1 << 16, os.fdatasync

    def bring(number: int) -> None:
        fdatasync(number)
        brought.append(os.fstat(number).st_size)

    monkeypatch.setattr(durable, "_AT_ONCE", most)
    monkeypatch.setattr(os, "fdatasync", bring)
    source, settings = tmp_path / "in.mkv", FilmSettings(codec="ffv1")
    make_film(source, size=(320, 240), count=30)
    with FilmSource(source) as film, WorkFolder(tmp_path / "out.mkv", {}) as work:
        picture = Picture.of(film.facts, settings)
        with FilmSink(work, picture, settings, lambda _: None) as sink:
            for frame in tinted(film):
                sink.write(frame)
        sizes = [*brought, work.segments[0].path.stat().st_size]
    assert sizes[-1] > 4 * most
    assert all(later - earlier <= 5 * most for earlier, later in pairwise(sizes))


@pytest.mark.parametrize("step", ["verify", "set_times", "move"])
def test_a_film_that_does_not_get_its_name_leaves_no_copy(
    to_join: tuple[WorkFolder, dict[str, Any]], tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, how = to_join
    before = sorted(path.name for path in work.path.iterdir())

    def fail(*_: object) -> None:
        raise SpaceError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(film_sink, step, fail)
        with pytest.raises(SpaceError):
            finish(tmp_path / "out.mp4", work, **how)
    assert sorted(path.name for path in work.path.iterdir()) == before


def test_the_copy_of_a_run_that_was_killed_goes_before_there_is_another(
    to_join: tuple[WorkFolder, dict[str, Any]], tmp_path: Path
) -> None:
    work, how = to_join
    left = work.path / "joined"
    left.write_bytes(b"a whole film")

    def look() -> None:
        assert not left.exists()
        raise TintcastError("seen")

    with pytest.raises(TintcastError, match="seen"):
        finish(tmp_path / "out.mp4", work, **how, tick=look)
    assert not left.exists()
