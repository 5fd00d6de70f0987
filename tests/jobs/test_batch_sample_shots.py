"""Which pictures stand for a film, and how they are come by in little time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from films import make_film

from device.jobs.batch.sample_shots import Pick, Shots
from device.media.probe import probe
from device.sources.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path


def shots(count: int, pictures: int, *, lit: bool = True) -> Shots[int]:
    """So many shots of so many pictures, a second each."""
    found = Shots[int]()
    for n in range(count * pictures):
        found.add(Pick(float(n), 0.2, n) if lit else None, float(n), cut=n % pictures == 0)
    return found


def times(found: Shots[int]) -> list[float]:
    return [pick.seconds for pick in found.chosen()]


def test_every_shot_gives_one_picture_and_not_its_first_or_last() -> None:
    assert [int(at) // 5 for at in times(shots(20, 5))] == list(range(20))
    assert all(int(at) % 5 in {1, 2, 3} for at in times(shots(20, 5)))


@pytest.mark.parametrize(("count", "pictures"), [(61, 1), (100, 4), (240, 1), (1000, 3), (5000, 1), (7, 900)])
def test_of_many_shots_some_are_taken_evenly(count: int, pictures: int) -> None:
    found = times(shots(count, pictures))
    assert len(found) == min(count, 60)
    assert found == sorted(found)
    length = count * pictures
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert max(gaps) < 3.5 * length / len(found)
    assert found[0] < 2 * length / len(found)
    assert found[-1] > length - 2.5 * length / len(found)


def test_of_shots_of_unlike_length_the_long_ones_are_not_all_there_is() -> None:
    found = Shots[int]()
    for n in range(3600):
        cut = n % 10 == 0 if n < 1800 else n % 100 == 0
        found.add(Pick(float(n), 0.2, n), float(n), cut=cut)
    first_half = sum(at < 1800 for at in times(found))
    assert 25 <= first_half <= 50


def test_what_is_kept_is_bounded() -> None:
    found = shots(3000, 4)
    assert sum(len(shot.picks) for shot in found._shots) <= 360


def test_a_film_of_few_shots_shows_more_of_them() -> None:
    assert len(times(shots(1, 40))) == 6
    assert len(times(shots(2, 40))) == 6
    assert times(shots(1, 1)) == [0.0]
    short = Shots[int]()
    for n in range(40):
        short.add(Pick(n / 20, 0.2, n), n / 20, cut=n == 0)
    assert len(times(short)) <= 3  # a second apart
    found = times(shots(1, 100))
    assert found[-1] - found[0] > 60


def test_the_most_is_seen_in_the_picture_with_the_most_contrast() -> None:
    found = Shots[int]()
    for n, contrast in enumerate([0.9, 0.1, 0.3, 0.2, 0.8]):
        found.add(Pick(float(n), contrast, n), float(n), cut=n == 0)
    assert [pick.what for pick in found.chosen(least=1)] == [2]


def test_black_shots_are_left_out() -> None:
    assert times(shots(3, 5, lit=False)) == []


def test_of_many_key_frames_nothing_else_is_looked_at(tmp_path: Path) -> None:
    make_film(tmp_path / "keys.mkv", size=(64, 48), count=300, codec="mjpeg", pixel_format="yuvj420p")
    walk = Walk(probe(tmp_path / "keys.mkv"), most=80, seconds=30)
    found = [frame.pts for frame in walk.frames()]
    assert len(found) == 80
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (pytest.approx(60, abs=60), pytest.approx(11_900, abs=60))
    assert walk.reached == 1


def test_of_few_key_frames_what_lies_between_is_looked_at(tmp_path: Path) -> None:
    make_film(tmp_path / "one.mp4", size=(64, 48), count=200, codec="libx264")
    facts = probe(tmp_path / "one.mp4")
    walk = Walk(facts, most=80, seconds=30)
    found = [float(frame.pts * frame.time_base) for frame in walk.frames()]
    assert len(found) == pytest.approx(8 * 5, abs=12)
    assert found == sorted(set(found))
    assert found[0] < 0.3
    assert found[-1] > 7
    assert walk.reached == 1


def test_without_time_for_it_all_it_says_how_far_it_came(tmp_path: Path) -> None:
    make_film(tmp_path / "one.mp4", size=(64, 48), count=200, codec="libx264")
    walk = Walk(probe(tmp_path / "one.mp4"), most=80, seconds=0)
    assert len(list(walk.frames())) >= 1
    assert walk.reached < 0.5


def test_a_film_that_cant_be_sought_in_is_looked_at_from_its_start(tmp_path: Path) -> None:
    make_film(tmp_path / "raw.h264", size=(64, 48), count=100, codec="libx264")
    found = list(Walk(probe(tmp_path / "raw.h264"), most=80, seconds=30).frames())
    assert len(found) > 10
