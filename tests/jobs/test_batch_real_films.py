"""A night makes of films what ``tintcast film`` makes of each of them; those in colour it leaves."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from films import make_film
from killed_nights import Night
from night_results import as_films_alone, results

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)

#: In colour from end to end; grey.
FEW = ("realshort.mp4", "oldfilm_house_bw.mp4")
SETTINGS = """
[film]
preset = "ultrafast"
[batch]
settle_seconds = 0
keep_free_mb = 0
measure = false
priority = "normal"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "night.toml").write_text(SETTINGS)
    return tmp_path


def test_real_films_come_out_as_tintcast_film_makes_them(folder: Path, shared: Path) -> None:
    for name in FEW:
        shutil.copy2(shared / "data" / "videos" / name, folder / "in")
    assert done_as_alone(folder) == ["oldfilm_house_bw.mp4"]


def test_films_come_out_as_tintcast_film_makes_them(folder: Path) -> None:
    make_film(folder / "in" / "sound.mp4", codec="libx264", sound="aac", count=30)
    make_film(folder / "in" / "turned.mov", codec="libx264", rotation=270, count=30)
    assert done_as_alone(folder) == ["sound.mp4", "turned.mov"]


def done_as_alone(folder: Path) -> list[str]:
    """What a night made of the films, which must be what is made of each alone."""
    night = Night(folder / "in", folder / "out", folder / "night.toml")
    assert night.run() == 0
    assert night.wrong == []
    assert list(as_films_alone(night.source, night.out, night.config)) == []
    return [path.name for path in results(night.out)]
