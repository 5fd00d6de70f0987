"""A folder of numbered pictures as a film: every picture once, in the order of its number, at its time."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from device.errors import InputError, UnreadablePicture
from device.media.numbered import exact_rate, probe_pictures
from device.sources.film import Counted
from device.sources.numbered import NumberedPictures, glimpsed
from device.sources.pictures import find_pictures

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, names: list[str], size: tuple[int, int] = (32, 24), mode: str = "L") -> None:
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names):
        Image.new(mode, size, (10 * value + 5) if mode == "L" else (10 * value, 200, 0)).save(folder / name)


@pytest.mark.parametrize(
    "names",
    [
        [f"{n:03d}.png" for n in range(1, 13)],
        [f"shot_{n}.png" for n in (8, 9, 10, 11, 99, 100, 101)],
        [f"a{n:06d}.tif" for n in range(86400, 86405)],
    ],
)
def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path, names: list[str]) -> None:
    write(tmp_path / "in", names)
    with NumberedPictures(tmp_path / "in", 24) as film:
        frames = list(film.frames())
        assert (film.read, film.end_pts, film.facts.frames) == (len(names),) * 3
    assert [frame.luma[0, 0] for frame in frames] == [10 * n + 5 for n in range(len(names))]
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(n, 24) for n in range(len(names))]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (24, Fraction(24)),
        (23.976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (12.5, Fraction(25, 2)),
        (16.67, Fraction(1667, 100)),
        (0.5, Fraction(1, 2)),
        (59.94006, Fraction(60000, 1001)),
    ],
)
def test_a_rate_is_what_is_meant(said: float, meant: Fraction) -> None:
    assert exact_rate(said) == meant


def test_missing_numbers_are_said_and_take_no_time(tmp_path: Path) -> None:
    write(tmp_path / "in", ["1.png", "2.png", "7.png", "8.png"])
    with NumberedPictures(tmp_path / "in", 24) as film:
        assert [frame.pts for frame in film.frames()] == [0, 1, 2, 3]
        assert list(film.remarks()) == [
            "4 numbers are missing between the first and the last of its pictures"
        ]


def test_mixed_sizes_are_refused_before_any_work(tmp_path: Path) -> None:
    write(tmp_path / "in", ["1.png", "2.png", "3.png"])
    write(tmp_path / "in", ["4.png"], size=(64, 24))
    with pytest.raises(InputError, match=r"4\.png: is 64x24, while 1\.png is 32x24"):
        NumberedPictures(tmp_path / "in", 24)


def test_pictures_of_any_depth_have_that_of_the_first(tmp_path: Path) -> None:
    write(tmp_path / "in", ["1.png", "2.png"])
    Image.fromarray(np.full((24, 32), 257 * 100, np.uint16)).save(tmp_path / "in" / "3.png")
    with NumberedPictures(tmp_path / "in", 24) as film:
        frames = list(film.frames())
    assert [int(frame.luma[0, 0]) for frame in frames] == [5, 15, 100]
    assert {frame.luma.dtype for frame in frames} == {np.dtype(np.uint8)}


def test_colour_pictures_have_their_own_colour(tmp_path: Path) -> None:
    write(tmp_path / "in", ["1.png", "2.png"], mode="RGB")
    with NumberedPictures(tmp_path / "in", 24) as film:
        assert all(frame.cb is not None and frame.cb.shape == (12, 16) for frame in film.frames())


def test_a_broken_picture_is_passed_over_and_its_time_kept(tmp_path: Path) -> None:
    names = [f"{n:02d}.png" for n in range(20)]
    write(tmp_path / "in", names)
    (tmp_path / "in" / "07.png").write_bytes(b"no picture")
    with NumberedPictures(tmp_path / "in", 24) as film:
        whole = list(film.frames())
        assert [frame.pts for frame in whole] == [n for n in range(20) if n != 7]
        assert [frame.index for frame in whole] == list(range(19))
        assert len(list(film.remarks())) == 1
        before = film.counted_before(10)
    assert before == Counted(damaged=1)
    with NumberedPictures(tmp_path / "in", 24, start=10, before=before) as film:
        rest = list(film.frames())
        assert film.damaged == 1
    assert [(frame.index, frame.pts) for frame in rest] == [(f.index, f.pts) for f in whole[10:]]


def test_where_many_are_broken_it_is_no_film(tmp_path: Path) -> None:
    write(tmp_path / "in", [f"{n:02d}.png" for n in range(20)])
    for n in range(7, 13):
        (tmp_path / "in" / f"{n:02d}.png").write_bytes(b"no picture")
    with NumberedPictures(tmp_path / "in", 24) as film, pytest.raises(UnreadablePicture, match="5 before it"):
        list(film.frames())


def test_a_few_are_seen_from_all_over(tmp_path: Path) -> None:
    write(tmp_path / "in", [f"{n}.png" for n in range(25)])
    facts = probe_pictures(tmp_path / "in", find_pictures(tmp_path / "in"), 24)
    places = [frame.pts for frame in glimpsed(facts, 5)]
    assert places == [2, 7, 12, 17, 22]
