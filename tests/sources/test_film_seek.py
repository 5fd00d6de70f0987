"""A film begun in its middle gives the same frames as one that was read from its start, and soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from films import make_film
from interlaced import make_interlaced

from device.media.marks import ENOUGH, Marks, fingerprint
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    from device.frames import Frame


def whole(path: Path) -> tuple[list[Frame], int]:
    with FilmSource(path) as film:
        return list(film.frames()), film.end_pts


def marks_of(frames: list[Frame], start: int) -> Marks:
    return Marks(
        [frame.pts for frame in frames[:start]],
        {frame.index: fingerprint(frame.luma) for frame in frames[max(0, start - ENOUGH) : start]},
    )


def goes_on(path: Path, frames: list[Frame], end_pts: int, start: int) -> bool:
    """See that the film goes on from ``start`` as it did; whether it was sought."""
    with FilmSource(path, start=start, marks=marks_of(frames, start)) as film:
        found = list(film.frames())
        assert (film.read, film.end_pts) == (len(frames), end_pts)
    assert [frame.index for frame in found] == list(range(start, len(frames)))
    for frame, before in zip(found, frames[start:], strict=True):
        assert frame.pts == before.pts
        np.testing.assert_array_equal(frame.luma, before.luma)
    return film.sought


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("b.mp4", "libx264", {"g": "20", "bf": "3"}),
        ("b.mkv", "libx264", {"g": "20", "bf": "3"}),
        ("open.mkv", "libx264", {"x264-params": "open-gop=1:keyint=20:bframes=3"}),
        ("b.ts", "libx264", {"g": "12", "bf": "2"}),
        ("a.mpg", "mpeg2video", {"g": "12", "bf": "2"}),
        ("a.avi", "mpeg4", {"g": "12"}),
        ("b.avi", "mpeg4", {"g": "12", "bf": "2"}),
        ("a.webm", "libvpx-vp9", {"g": "20", "deadline": "realtime", "cpu-used": "8"}),
        ("a.wmv", "wmv2", {"g": "12"}),
        ("a.mov", "mjpeg", {}),
    ],
)
def test_a_film_that_is_begun_in_its_middle_goes_on_as_it_was(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    make_film(path, codec=codec, count=150, options=options, pixel_format=PIXELS.get(codec, "yuv420p"))
    frames, end = whole(path)
    for start in (60, 101, 149, 150):
        assert goes_on(path, frames, end, start)
    assert not goes_on(path, frames, end, ENOUGH)


PIXELS = {"mjpeg": "yuvj420p"}


def test_the_frames_around_a_beginning_are_there_for_those_that_are_interlaced(tmp_path: Path) -> None:
    path = tmp_path / "i.mkv"
    make_interlaced(path, [True] * 100, codec="libx264", keyint=30)
    frames, end = whole(path)
    for start in (60, 61, 90, 91):
        assert goes_on(path, frames, end, start)


def test_stamps_that_stand_still_and_gaps_are_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    pts = [n + (n // 30) * 100 for n in range(120)]
    make_film(path, codec="libx264", count=120, pts=pts, options={"g": "10"})
    frames, end = whole(path)
    assert goes_on(path, frames, end, 95)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.h264", "libx264"), ("a.m2v", "mpeg2video"), ("a.gif", "gif")]
)
def test_a_film_that_cant_be_sought_in_is_read_from_its_start(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    make_film(path, codec=codec, count=100, options={}, pixel_format="gray" if codec == "gif" else "yuv420p")
    frames, end = whole(path)
    goes_on(path, frames, end, 70)


def test_what_is_not_known_again_is_decoded_from_the_start(tmp_path: Path) -> None:
    """One of its frames is not what it was: nothing says that those behind it are."""
    path = tmp_path / "a.mkv"
    make_film(path, codec="libx264", count=100, options={"g": "10"})
    frames, end = whole(path)
    marks = marks_of(frames, 80)
    with FilmSource(path, start=80, marks=Marks(marks.stamps, {**marks.prints, 70: 1})) as film:
        found = list(film.frames())
        assert (film.sought, film.end_pts) == (False, end)
    assert [frame.index for frame in found] == list(range(80, 100))


def test_a_film_whose_key_frames_are_none_is_decoded_from_the_start(tmp_path: Path) -> None:
    """Its picture is renewed column by column: where decoding begins it is grey for a second."""
    path = tmp_path / "refresh.mkv"
    make_film(
        path,
        codec="libx264",
        count=120,
        options={"x264-params": "intra-refresh=1:keyint=40:bframes=0", "crf": "25"},
    )
    frames, end = whole(path)
    goes_on(path, frames, end, 45)
    goes_on(path, frames, end, 110)


def test_a_seek_saves_the_work(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    make_film(path, codec="libx264", count=400, options={"g": "25"})
    frames, _ = whole(path)
    with FilmSource(path, start=390, marks=marks_of(frames, 390)) as film:
        counted = [film.packets for _ in film.frames()]
    assert counted[-1] < 80
