"""Frames from all over a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from colour_films import make_colour_film
from films import make_film

from device.media.probe import probe
from device.sources.film import FilmSource
from device.sources.glimpses import glimpses

if TYPE_CHECKING:
    from pathlib import Path


def test_they_are_frames_of_the_film_spread_over_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    make_colour_film(path, [(40, "colour"), (40, "grey"), (40, "colour")])
    facts = probe(path)
    with FilmSource(path, facts) as whole:
        by_pts = {frame.pts: frame for frame in whole.frames()}
    places = []
    for number, frame in enumerate(glimpses(path, facts, 6)):
        same = by_pts[frame.pts]
        places.append(same.index)
        assert frame.index == number
        for one, other in zip((frame.luma, frame.cb, frame.cr), (same.luma, same.cb, same.cr), strict=True):
            np.testing.assert_array_equal(one, other)
    assert places == sorted(places)
    assert np.diff(places).max() <= 30
    assert min(places) < 20
    assert max(places) > 100


def test_where_decoding_can_begin_only_once_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    make_film(path, count=30, codec="libx264")
    assert len(list(glimpses(path, probe(path)))) == 1


def test_damage_only_makes_them_fewer(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    make_colour_film(path, [(60, "colour")])
    facts = probe(path)
    whole = len(list(glimpses(path, facts)))
    data = bytearray(path.read_bytes())
    rest = len(data) - len(data) // 3
    data[rest:] = bytes(len(data) - rest)
    path.write_bytes(data)
    assert 0 < len(list(glimpses(path, facts))) < whole
