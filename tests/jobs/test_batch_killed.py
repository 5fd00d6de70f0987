"""A night that is killed (-9) and started again leaves what a night that was left alone leaves."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import pytest
from killed_nights import SETTINGS, Night, make_few
from night_results import differences, results

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)

#: Longer than a film takes: a sign that it waits for comes.
_PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources in ``in``, settings in ``night.toml``, the results of a night left alone in ``alone``."""
    folder = tmp_path_factory.mktemp("killed")
    make_few(folder / "in", 30, (96, 64))
    (folder / "night.toml").write_text(SETTINGS)
    alone = night(folder, "alone")
    assert alone.run("--no-measure") == 0
    assert len(results(alone.out)) == 4
    assert alone.wrong == []
    return folder


def night(folder: Path, name: str) -> Night:
    return Night(folder / "in", folder / name, folder / "night.toml")


@pytest.mark.parametrize(
    ("victim", "sign"),
    [
        ("parent", "**/.*.tintcast/job.json"),
        ("child", "**/.*.tintcast/*0.mkv"),
        ("all", ".tintcast/jobs/**/*.json"),
    ],
)
def test_wherever_a_night_is_killed_nothing_is_lost_or_done_twice(
    folder: Path, victim: str, sign: str
) -> None:
    killed = night(folder, f"killed-{victim}")
    chance = random.Random(1)  # noqa: S311 - the same every time
    killed.run("--no-measure", until=partial(killed.kill, chance, _PATIENCE_S, victim=victim, sign=sign))
    assert killed.kills == [f"{victim} at {sign}"]
    assert killed.run("--no-measure") == 0
    assert killed.wrong == []
    assert list(differences(folder / "alone", killed.out)) == []
