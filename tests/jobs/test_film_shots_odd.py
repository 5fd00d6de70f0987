"""What anybody may have done to the folder of a film's shots: nothing of it is believed that can't be."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from nights import lay_film

from device.config import Config
from device.errors import ConfigurationError
from device.jobs.batch.report_stills import still
from device.jobs.film_shots import lay_down, read_shots, settle, shots_folder
from device.jobs.redo import film_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three shots of 25 frames."""
    lay_film(tmp_path, "film.mp4", [b"one", b"two", b"three"])
    return tmp_path / "film.mp4"


def change(film: Path, how: Callable[[Any], object]) -> None:
    path = shots_folder(film) / "shots.json"
    value = json.loads(path.read_bytes())
    how(value)
    path.write_text(json.dumps(value))


DEEP = '{"format": 1, "shots": ' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize("content", ["null", '"x"', "1", "[]", DEEP, '{"format": 1, "shots": null}'])
def test_json_that_is_no_object_is_nothing(film: Path, content: str) -> None:
    (shots_folder(film) / "shots.json").write_text(content)
    assert read_shots(film) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("first", "25"),
        ("first", 25.0),
        ("first", 24),
        ("first", 26),
        ("last", 24),
        ("last", 75),
        ("number", True),
        ("number", 3),
        ("begins", "0:01"),
        ("ends", float("inf")),
        ("ends", float("nan")),
        ("own_colour", "no"),
        ("figures", []),
        ("figures", {"flicker": "much"}),
        ("settings", None),
        ("settings", {"colour": 3}),
        ("before", [{"colour": None}]),
        ("changes", [[25, "0123", False]]),
        ("marks", [[1.5, 2]]),
        ("still", 5),
        ("still", "/etc/0001-0123456789ab.jpg"),
        ("still", "../0001-0123456789ab.jpg"),
        ("still", "shots.json"),
    ],
)
def test_a_shot_that_can_not_be_is_nothing(film: Path, key: str, value: object) -> None:
    change(film, lambda whole: whole["shots"][1].update({key: whole["shots"][1][key]}))
    assert read_shots(film) is not None
    change(film, lambda whole: whole["shots"][1].update({key: value}))
    assert read_shots(film) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("made", 3),
        ("source", None),
        ("frames", "75"),
        ("frames", 50),
        ("rate", None),
        ("pixel_aspect", "1"),
        ("identity", []),
        ("settings", {"film": []}),
        ("settings", {"hints": {"points": [[[[[[[[[[[[[1]]]]]]]]]]]]]}}),
        ("figures", None),
    ],
)
def test_a_film_that_can_not_be_is_nothing(film: Path, key: str, value: object) -> None:
    change(film, lambda whole: whole.update({key: value}))
    assert read_shots(film) is None


def test_of_the_settings_a_film_is_made_with_no_others_are_taken(film: Path) -> None:
    asked = {
        "network": {"name": "another", "threads": 7},
        "colour": {"saturation": 0.5},
        "batch": {"rate": 12.0, "priority": "normal"},
        "mqtt": {"host": "elsewhere"},
        "publish": {},
    }
    change(film, lambda whole: whole.update(settings=asked))
    known = read_shots(film)
    assert known is not None
    mine = Config()
    made = film_config(known, mine)
    assert (made.network.name, made.network.threads) == ("another", mine.network.threads)
    assert (made.colour.saturation, made.batch.rate) == (0.5, 12.0)
    assert made.batch.priority == mine.batch.priority
    assert made.mqtt == mine.mqtt


def test_a_link_in_the_place_of_the_folder_is_refused(film: Path, tmp_path: Path) -> None:
    known = read_shots(film)
    assert known is not None
    theirs = tmp_path / "theirs"
    shots_folder(film).rename(theirs)
    (theirs / "diary.txt").write_text("mine")
    before = sorted(theirs.iterdir())
    shots_folder(film).symlink_to(theirs)
    with pytest.raises(ConfigurationError, match=r"shots: is a link.* .delete the link"):
        settle(film)
    with pytest.raises(ConfigurationError, match="is a link"):
        lay_down(film, known, {})
    assert sorted(theirs.iterdir()) == before


def test_a_folder_of_somebody_else_fails_no_film(film: Path) -> None:
    theirs = shots_folder(film) / "@eaDir"
    theirs.mkdir()
    (theirs / "thumbnail").write_text("theirs")
    (shots_folder(film) / "0009-0123456789ab.jpg").write_text("of before")
    settle(film)
    assert (theirs / "thumbnail").read_text() == "theirs"
    assert not (shots_folder(film) / "0009-0123456789ab.jpg").exists()
    assert read_shots(film) is not None


def test_nobody_waits_at_a_pipe(film: Path) -> None:
    for name in ("shots.next.json", "0009-0123456789ab.jpg"):
        os.mkfifo(shots_folder(film) / name)
    assert read_shots(film) is not None
    assert still(shots_folder(film) / "0009-0123456789ab.jpg", 1.0) is None
    film.unlink()
    os.mkfifo(film)
    assert read_shots(film) is None
