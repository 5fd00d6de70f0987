"""Redoing in a night's folder, of numbered pictures, and far into a long film."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from batches import lay_film, run
from films import make_film, panned
from PIL import Image
from redoing import coloured, config, other, packets, planes, redone

from device.errors import SourceChanged
from device.jobs.film_shots import read_shots
from device.jobs.redo import known_shots, redo_film
from device.jobs.shot_studio import marks_of
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

PALE = {"colour": {"saturation": 0.3}}


def test_a_night_knows_a_redone_film_for_its_own(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "sub" / "a.mkv", count=24, scenes=2, sound="aac")
    assert run(source, out).summary.done == 1
    film = out / "sub" / "a.mkv"
    redone(film, [2], PALE)
    made = film.stat()
    again = run(source, out)
    assert (again.summary.done, again.summary.before, again.summary.failed) == (0, 1, 0)
    assert film.stat() == made
    assert known_shots(film).shots[1].settings == PALE
    lay_film(source / "sub" / "a.mkv", count=26, scenes=2, sound="aac")
    assert run(source, out).summary.done == 1
    known = read_shots(film)
    assert known is not None
    assert [shot.settings for shot in known.shots] == [{}, {}]


def test_a_redone_film_stays_its_owners(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, size=(96, 64), count=24, scenes=2)
    coloured(source, out, config())
    owner = (12345, 12346) if os.geteuid() == 0 else (os.geteuid(), (os.getgroups() or [os.getegid()])[-1])
    os.chown(out, *owner)
    out.chmod(0o640)
    redone(out, [2], PALE)
    now = out.stat()
    assert (now.st_uid, now.st_gid, now.st_mode & 0o777) == (*owner, 0o640)


def test_numbered_pictures_made_into_a_film(tmp_path: Path) -> None:
    folder, out, whole = tmp_path / "scans", tmp_path / "out.mkv", tmp_path / "whole.mkv"
    folder.mkdir()
    for number, luma in enumerate([*panned(20, (96, 64)), *panned(15, (96, 64), seed=2)]):
        Image.fromarray(luma).save(folder / f"scan{number + 98}.png")
    (folder / "scan107.png").write_bytes(b"broken")
    settings = other(config(codec="ffv1"), batch={"rate": 12.5})
    coloured(folder, out, settings)
    assert [(shot.first, shot.last) for shot in known_shots(out).shots] == [(0, 18), (19, 33)]
    before = planes(out)
    assert redo_film(out, [2], PALE, config()).frames == 15
    coloured(folder, whole, other(settings, **PALE))
    assert planes(out) == before[:19] + planes(whole)[19:]
    Image.new("L", (96, 64)).save(folder / "scan120.png")
    with pytest.raises(SourceChanged):
        redo_film(out, [1], PALE, config())


def test_a_shot_far_into_a_film_is_sought(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    options = {"qp": "0", "bf": "2", "g": "12"}
    make_film(source, codec="libx264", size=(96, 64), count=240, scenes=4, options=options)
    coloured(source, out, config(50))
    known = known_shots(out)
    assert [(shot.first, shot.last + 1) for shot in known.shots] == list(pairwise((0, 60, 120, 180, 240)))
    shot = known.shots[3]
    with FilmSource(source, None, shot.first, marks_of(shot)) as film:
        frame = next(iter(film.frames()))
        assert (frame.index, film.sought) == (180, True)
        assert film.packets < 120
    before = packets(out)
    redone(out, [4], PALE)
    assert packets(out)[:180] == before[:180]
