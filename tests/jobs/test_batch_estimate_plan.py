"""A night's plan: what fits into its hours, and how that is said."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from batches import toml
from films import make_film

from device.cli.batch_plan import plan_text
from device.jobs.batch.estimate import Estimate, How
from device.jobs.batch.plan import plan

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0


def at(hour: int) -> float:
    return datetime(2026, 2, 3, hour).timestamp()  # noqa: DTZ001 - the clock on the wall is meant


def films(*hours: float) -> dict[str, Estimate]:
    return {
        f"{n}.mp4": Estimate(
            How.MEASURED, seconds=each * HOUR, frames=1000, bytes=5_000_000, rate=2, length=40
        )
        for n, each in enumerate(hours)
    }


@pytest.mark.parametrize(
    ("hours", "between", "hour", "said"),
    [
        ((2, 3), "", 20, "2 films will take 5 h 00 min"),
        ((2,), "", 20, "1 film will take 2 h 00 min"),
        ((2, 3), "22:00-07:00", 20, "all 2 films will take 5 h 00 min, which fits into 22:00-07:00"),
        ((2,), "22:00-07:00", 20, "the film will take 2 h 00 min, which fits into 22:00-07:00"),
        (
            (4, 4, 3),
            "22:00-07:00",
            20,
            "2 of 3 films fit into 22:00-07:00; the rest takes 2 h 00 min more, 2 nights in all",
        ),
        (
            (3, 6),
            "22:00-07:00",
            2,
            (
                "1 of 2 films fits into what is left of 22:00-07:00 (5 h 00 min); "
                "the rest takes 4 h 00 min more, 2 nights in all"
            ),
        ),
        (
            (30,),
            "22:00-07:00",
            20,
            "no film fits into 22:00-07:00; the rest takes 21 h 00 min more, 4 nights in all",
        ),
    ],
)
def test_all_is_set_against_the_hours(hours: tuple[float, ...], between: str, hour: int, said: str) -> None:
    assert plan(films(*hours), between, at(hour)).verdict == said


def test_what_passes_and_what_cant_be_told_is_counted() -> None:
    found = films(1) | {
        "colour.mp4": Estimate(How.COLOUR, seconds=HOUR / 2, frames=1000, rate=50, length=40),
        "bad.mp4": Estimate(How.UNKNOWN, why="is empty"),
    }
    said = plan(found, "", at(1)).verdict
    assert said == (
        "2 films will take 1 h 30 min; 1 of them in colour already, to be skipped; "
        "what 1 film will take can't be told"
    )


def test_nothing_to_do_is_said() -> None:
    assert plan({}, "22:00-07:00", at(1)).verdict == "there is nothing to do"


def test_what_earlier_runs_did_is_taken_off() -> None:
    made = plan(films(8), "", at(1), {"0.mp4": 750})
    assert made.seconds == 2 * HOUR
    assert made.verdict == "1 film will take 2 h 00 min"


def test_a_busy_board_is_mentioned() -> None:
    busy = {name: Estimate(each.how, each.seconds, each.frames, busy=0.61) for name, each in films(1).items()}
    assert plan(busy, "", at(1)).verdict.endswith(
        "; other work took 61% of this board while it was measured, without that it goes faster"
    )


def test_where_there_is_no_terminal_there_are_plain_lines() -> None:
    found = films(1) | {
        "a\x1b[31mb.mp4": Estimate(How.UNKNOWN, why="is empty"),
        "x.mp4": Estimate(How.ALIKE, seconds=90, frames=2500, bytes=1_500_000_000, rate=28, length=100),
    }
    out = plan_text(plan(found, "", at(1), {"x.mp4": 500}), table=False)
    assert out.splitlines()[:3] == [
        "0.mp4: 0:00:40, 1000 frames, 2.0 frames/s, will take 1 h 00 min, 5.0 MB",
        "a\N{REPLACEMENT CHARACTER}[31mb.mp4: how long it takes can't be told: is empty",
        (
            "x.mp4: 0:01:40, 2500 frames, 28.0 frames/s, will take 1 min, 1.5 GB "
            "(as others of its kind, 20% done by earlier runs)"
        ),
    ]
    assert "\x1b" not in out


def test_a_plan_alone_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    make_film(source / "grey.mp4", size=(160, 120), count=30, codec="libx264")
    (source / "bad.mp4").write_bytes(b"")
    (tmp_path / "c.toml").write_text(toml())
    command = [sys.executable, "-m", "device.cli", "batch", str(source), str(out), "--plan"]
    command += ["--between", "22:00-07:00", "-c", str(tmp_path / "c.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    bad, grey, verdict = done.stdout.splitlines()
    assert bad == "bad.mp4: how long it takes can't be told: is empty"
    assert grey.startswith("grey.mp4: 0:00:01, ")
    assert "22:00-07:00" in verdict
    assert not out.exists()


def test_on_a_terminal_there_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = {"a very long name " * 8 + ".mp4": Estimate(How.ALIKE, HOUR, 1000, 5_000_000, 0.3, 40.0)}
    *table, verdict = plan_text(plan(found, "", at(1)), table=True).splitlines()
    assert max(map(len, table)) < 80
    assert table[0].split() == ["film", "length", "frames", "frames/s", "will", "take", "size"]
    assert table[1].endswith("0:00:40    1000       0.3  1 h 00 min  5.0 MB")
    assert "as others of its kind" in " ".join(" ".join(table).split())
    assert verdict == "1 film will take 1 h 00 min"
