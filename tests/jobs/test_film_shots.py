"""What is kept of a film's shots: every one, with a good still, and the same after any kill."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from colour_films import make_colour_film
from films import make_film

from device.config import Config
from device.engine import Stop
from device.errors import Interrupted
from device.jobs.film import colorize_film
from device.jobs.film_shots import FilmShots, Made, lay_down, read_shots, settle, shots_folder
from device.media.facts import read_facts

if TYPE_CHECKING:
    from pathlib import Path

    from device.jobs.film import Progress

SMALL = Config.model_validate({"film": {"segment_frames": 10, "preset": "ultrafast"}})


def known_of(film: Path) -> FilmShots:
    known = read_shots(film)
    assert known is not None
    return known


def contents(film: Path) -> tuple[FilmShots, dict[str, bytes]]:
    """What is known of a film, but for what no two runs have in common; and its stills."""
    known, folder = known_of(film), shots_folder(film)
    stills = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".jpg"}
    return dataclasses.replace(known, film="", made=Made(known.made.bytes, "", 0)), stills


def test_every_shot_is_known_with_a_still(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, size=(320, 240), count=60, scenes=4)
    result = colorize_film(source, out, SMALL)
    known = known_of(out)
    assert (known.film, known.frames, known.rate, known.source) == ("out.mp4", 60, 25, str(source))
    places = [(shot.number, shot.first, shot.last) for shot in known.shots]
    assert places == [(1, 0, 14), (2, 15, 29), (3, 30, 44), (4, 45, 59)]
    assert [(shot.begins, shot.ends) for shot in known.shots] == list(pairwise([0, 0.6, 1.2, 1.8, 2.4]))
    assert not any(shot.own_colour or shot.settings for shot in known.shots)
    assert all(shot.figures["colourfulness"] > 0 for shot in known.shots)
    assert known.figures == result.figures
    assert known.settings["colour"]["saturation"] == 1
    folder = shots_folder(out)
    named = [str(shot.still) for shot in known.shots]
    assert {path.name for path in folder.iterdir()} == {"shots.json", *named}
    for shot, name in zip(known.shots, named, strict=True):
        facts = read_facts((folder / name).read_bytes())
        assert shot.first < facts.sequence <= shot.last
        picture = cv2.imread(str(folder / name))
        assert picture is not None
        assert picture.shape == (240, 320, 3)
        assert np.ptp(picture.astype(int), axis=2).max() > 5  # it has colour


def test_black_makes_no_still_and_colour_is_said_to_have_passed(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    shots = [(14, "black"), (20, "grey"), (5, "black"), (20, "colour"), (15, "grey")]
    make_colour_film(source, shots, size=(160, 120))
    colorize_film(source, out, SMALL)
    known = known_of(out)
    assert [(shot.first, shot.last, shot.own_colour) for shot in known.shots] == [
        (0, 13, True),
        (14, 38, False),
        (39, 58, True),
        (59, 73, False),
    ]
    stills = [(shots_folder(out) / str(shot.still)).read_bytes() for shot in known.shots]
    facts = [read_facts(still) for still in stills]
    assert 14 < facts[1].sequence < 34
    assert [each.own_colour for each in facts] == [True, False, True, False]
    assert [change[2] for shot in known.shots for change in shot.changes] == [True, False, True, False]


@pytest.mark.parametrize("segments", [1, 3])
def test_a_killed_run_records_the_same(tmp_path: Path, segments: int) -> None:
    source, whole, out = tmp_path / "in.mkv", tmp_path / "whole.mkv", tmp_path / "out.mkv"
    make_colour_film(
        source, [(35, "grey"), (12, "colour"), (95, "grey"), (11, "grey"), (40, "colour"), (60, "grey")]
    )
    colorize_film(source, whole, SMALL)
    stop = Stop()

    def stop_soon(_now: Progress) -> None:
        if len(list((tmp_path / ".out.mkv.tintcast").glob("0*.json"))) >= segments:
            stop.request()

    with pytest.raises(Interrupted):
        colorize_film(source, out, SMALL, progress=stop_soon, stop=stop)
    assert colorize_film(source, out, SMALL).resumed > 0
    assert contents(out) == contents(whole)
    assert [shot.number for shot in known_of(out).shots] == [1, 2, 3, 4, 5, 6]


def test_a_film_that_is_done_afresh_replaces_them(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, size=(160, 120), count=24, scenes=2)
    colorize_film(source, out, SMALL)
    before, stills = contents(out)
    paler = SMALL.model_copy(update={"colour": SMALL.colour.model_copy(update={"saturation": 0.3})})
    colorize_film(source, out, paler)
    now, others = contents(out)
    assert now.settings["colour"]["saturation"] == 0.3
    assert len(others) == len(stills) == 2
    assert not others.keys() & stills.keys()
    assert now.figures["colourfulness"] < before.figures["colourfulness"]
    without = SMALL.model_copy(update={"film": SMALL.film.model_copy(update={"keep_shots": False})})
    colorize_film(source, out, without)
    assert read_shots(out) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv", "out.mp4"]


def test_whoever_reads_between_two_steps_gets_what_is_true_of_the_film(tmp_path: Path) -> None:
    film, other, still = tmp_path / "film.mp4", tmp_path / "other", tmp_path / "still"
    film.write_bytes(b"one" * 1000)
    other.write_bytes(b"two" * 1000)
    still.write_bytes(b"a picture")

    def known(made: Path) -> FilmShots:
        return FilmShots(
            film=film.name,
            made=Made.of(made),
            source="",
            frames=1,
            rate=25.0,
            pixel_aspect=1.0,
            identity={},
            settings={},
            figures={},
            shots=(),
        )

    first, second = known(film), known(other)
    lay_down(film, first, {"0001.jpg": still})
    assert read_shots(film) == first
    settle(film)
    assert {path.name for path in shots_folder(film).iterdir()} == {"shots.json"}
    lay_down(film, second, {})
    assert read_shots(film) == first
    other.replace(film)
    assert read_shots(film) == second
    settle(film)
    assert read_shots(film) == second
    film.write_bytes(b"of a stranger")
    assert read_shots(film) is None
    film.unlink()
    assert read_shots(film) is None


def test_what_is_true_outlives_two_runs_that_were_killed(tmp_path: Path) -> None:
    """One between the film's name and settling, the next before its film had a name."""
    film, made = tmp_path / "film.mp4", tmp_path / "made"
    for number, run in enumerate(("whole", "killed after its name", "killed before its name")):
        made.write_bytes(run.encode())
        shots = FilmShots(film.name, Made.of(made), "", 1, 25.0, 1.0, {}, {"run": {"n": number}}, {}, ())
        lay_down(film, shots, {})
        if number == 2:
            break
        made.replace(film)
        if number == 0:
            settle(film)
    known = read_shots(film)
    assert known is not None
    assert known.settings == {"run": {"n": 1}}


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"format": 1}', b'{"format": 1, "shots": [3]}'])
def test_what_can_not_be_read_is_nothing(tmp_path: Path, content: bytes) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    shots_folder(film).mkdir()
    (shots_folder(film) / "shots.json").write_bytes(content)
    assert read_shots(film) is None
