"""A film that is in colour from end to end is skipped with a word; at the first grey shot it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from colour_films import make_colour_film

from device.config import Config
from device.engine import Gate, Stop
from device.errors import Interrupted
from device.jobs.film import FilmResult, FilmTask, Progress
from device.jobs.film_checking import all_in_colour
from device.jobs.film_child import colorize
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    from colour_films import Shot

SETTINGS = {"film": {"preset": "ultrafast", "segment_frames": 5}}


def made(source: Path, out: Path, when: str = "auto") -> tuple[FilmResult, set[str]]:
    """The result, and what was said of the work on the way."""
    stop, stages = Stop(), set[str]()
    config = Config.model_validate({**SETTINGS, "colour": {"when": when}})

    def hear(message: object) -> None:
        assert isinstance(message, Progress)
        stages.add(message.stage)

    task = FilmTask(source, out, config, skip_colour=True)
    return colorize(task, hear, stop, gate=Gate(stop)), stages


def test_a_film_in_colour_is_skipped_and_leaves_nothing(tmp_path: Path) -> None:
    make_colour_film(tmp_path / "in.mkv", [(30, "colour"), (9, "black"), (30, "colour")])
    result, stages = made(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert (result.skipped, result.frames, result.passed) == ("in colour already", 69, 69)
    assert "colour" not in stages
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


@pytest.mark.parametrize("when", ["always", "never"])
def test_only_where_the_film_is_to_decide(tmp_path: Path, when: str) -> None:
    make_colour_film(tmp_path / "in.mkv", [(20, "colour")])
    result, _ = made(tmp_path / "in.mkv", tmp_path / "out.mp4", when)
    assert result.skipped is None
    assert (tmp_path / "out.mp4").exists()


def test_a_short_grey_shot_that_no_glimpse_meets_is_found(tmp_path: Path) -> None:
    make_colour_film(tmp_path / "in.mkv", [(150, "colour"), (4, "grey"), (150, "colour")], codec="libx264")
    result, _ = made(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert (result.skipped, result.passed, result.frames) == (None, 300, 304)


@pytest.mark.parametrize(
    ("shots", "expected", "looked_at"),
    [
        ([(40, "colour"), (40, "colour")], 80, 80),
        ([(40, "colour"), (20, "grey"), (200, "colour")], None, 75),
        ([(20, "sepia"), (200, "colour")], None, 35),
        ([(40, "black")], 40, 40),
        ([(40, "colour"), (5, "grey")], None, 45),
    ],
)
def test_it_stops_at_the_first_shot_that_would_be_tinted(
    tmp_path: Path, shots: list[Shot], expected: int | None, looked_at: int
) -> None:
    make_colour_film(tmp_path / "in.mkv", shots)
    ticks: list[int] = []
    with FilmSource(tmp_path / "in.mkv") as film:
        found = all_in_colour(film.frames(), (224, 224), lambda: ticks.append(1))
    assert found == expected
    assert len(ticks) <= looked_at


def test_it_can_be_interrupted(tmp_path: Path) -> None:
    make_colour_film(tmp_path / "in.mkv", [(20, "colour")])
    stop = Stop()
    stop.request()
    with FilmSource(tmp_path / "in.mkv") as film, pytest.raises(Interrupted):
        all_in_colour(film.frames(), (224, 224), stop.raise_if_stopped)
