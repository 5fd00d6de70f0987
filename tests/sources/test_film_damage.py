"""What of a damaged film comes, and what is said: damage inside told apart from an end that is too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import make_film

from device.errors import UnreadableFilm
from device.sources.film import Counted, FilmSource

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "a.mp4": ("libx264", {"g": "25"}),
    "a.mkv": ("libx264", {"g": "25"}),
    "a.ts": ("libx264", {"g": "25"}),
    "a.mpg": ("mpeg2video", {}),
    "a.avi": ("mpeg4", {}),
    "a.wmv": ("wmv2", {}),
}


def film(folder: Path, name: str) -> tuple[Path, bytearray]:
    codec, options = KINDS[name]
    path = folder / name
    make_film(path, codec=codec, options=options, count=100, size=(160, 120))
    return path, bytearray(path.read_bytes())


def flip(path: Path, data: bytearray, count: int) -> None:
    """Flip so many bits, none of them in the first and the last tenth."""
    random = np.random.default_rng(2)
    for place in random.integers(len(data) // 10, len(data) * 9 // 10, count):
        data[place] ^= 1 << int(random.integers(8))
    path.write_bytes(data)


def read(path: Path) -> tuple[int, list[str]]:
    with FilmSource(path) as source:
        frames = len(list(source.frames()))
        return frames, list(source.remarks())


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_film_says_nothing_even_with_something_behind_it(tmp_path: Path, name: str) -> None:
    path, data = film(tmp_path, name)
    assert read(path) == (100, [])
    path.write_bytes(data + np.random.default_rng(1).bytes(len(data) // 10))
    frames, said = read(path)
    assert frames == 100
    assert said == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_bits_that_flipped_are_damage_inside(tmp_path: Path, name: str) -> None:
    path, data = film(tmp_path, name)
    flip(path, data, 6)
    frames, said = read(path)
    assert 90 <= frames <= 100
    assert any(line.startswith("it is damaged: ") for line in said)
    assert not any("cut short" in line for line in said)


@pytest.mark.parametrize("name", KINDS)
def test_a_film_that_is_mostly_damage_is_corrupt(tmp_path: Path, name: str) -> None:
    path, data = film(tmp_path, name)
    flip(path, data, len(data) // 40)
    with pytest.raises(UnreadableFilm, match=r"is corrupt: \d+ of its \d+|is cut short|can't be"):
        read(path)


def test_one_that_is_damaged_all_over_is_given_up_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    make_film(path, pixel_format="yuvj420p", codec="mjpeg", count=900, options={})
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as whole:
        packets = [(packet.pos or 0, packet.size) for packet in whole.demux(video=0) if packet.size]
    for number, (position, size) in enumerate(packets):
        if number % 4:
            data[position : position + size] = bytes(size)
    path.write_bytes(data)
    with FilmSource(path) as source:
        with pytest.raises(UnreadableFilm, match=r"is corrupt: \d+ of its \d+ frames are damaged"):
            list(source.frames())
        assert source.packets < 400


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.wmv"])
def test_a_little_that_is_missing_at_the_end_is_said(tmp_path: Path, name: str) -> None:
    path, data = film(tmp_path, name)
    path.write_bytes(data[: len(data) * 93 // 100])
    frames, said = read(path)
    assert 80 <= frames <= 100
    assert any(line.startswith("it is cut short: ") for line in said)


@pytest.mark.parametrize("name", ["a.mpg", "a.ts", "a.wmv"])
def test_frames_that_a_hole_swallowed_are_counted(tmp_path: Path, name: str) -> None:
    path, data = film(tmp_path, name)
    hole = slice(len(data) // 2, len(data) // 2 + len(data) // 20)
    data[hole] = bytes(hole.stop - hole.start)
    path.write_bytes(data)
    frames, said = read(path)
    assert frames < 100
    assert any(line.startswith("frames of it are missing in one place: ") for line in said)


def test_a_film_of_uneven_steps_has_no_gaps(tmp_path: Path) -> None:
    pts = [n * 2 + (n % 3 == 0) + (n > 50) * 6 for n in range(100)]
    make_film(tmp_path / "a.mkv", codec="libx264", count=100, pts=pts)
    assert read(tmp_path / "a.mkv") == (100, [])


def test_what_was_counted_before_is_gone_on_from(tmp_path: Path) -> None:
    path, data = film(tmp_path, "a.mpg")
    hole = slice(len(data) // 4, len(data) // 4 + len(data) // 20)
    data[hole] = bytes(hole.stop - hole.start)
    path.write_bytes(data)
    with FilmSource(path) as source:
        list(source.frames())
        before, whole = source.counted_before(70), source.counted
    assert before == whole != Counted()
    with FilmSource(path, start=70, before=before) as source:
        list(source.frames())
        assert source.counted == whole
