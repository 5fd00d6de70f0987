"""``tintcast redo`` as a user meets it: which shots there are, which are meant, and what is refused."""

from __future__ import annotations

import io
import json
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from films import make_film
from redoing import coloured, config, copied
from said import complaints

from device.cli import main
from device.jobs.film_shots import shots_folder
from device.jobs.redo import known_shots

TINY = Path(__file__).parent.parent / "network" / "data" / "tiny-hints.tflite"


def redo(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which saves its start."""
    command = ["redo", *map(str, arguments)]
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        code = main(command)
    return subprocess.CompletedProcess(command, code, out.getvalue(), error.getvalue())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shots of a second each."""
    folder = tmp_path_factory.mktemp("film")
    make_film(folder / "in.mkv", size=(128, 96), count=100, scenes=4)
    coloured(folder / "in.mkv", folder / "out.mp4", config())
    return folder / "out.mp4"


def test_its_shots_are_listed(film: Path) -> None:
    listed = redo(film, "--list")
    assert listed.returncode == 0
    rows = [line for line in listed.stdout.splitlines() if "0:00:0" in line]
    assert len(rows) == 4
    cells = [cell.strip() for cell in rows[2].split("│")]
    assert cells[1:6] == ["3", "0:00:02.0", "0:00:03.0", "25", "made"]


def test_shots_are_named_by_number_or_time_and_keep_what_was_asked(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    done = redo(out, "--shot", "1-2", "--at", "0:03.5", "--tame", "350-40:0.2", "--tame", "90-100")
    assert (done.returncode, complaints(done.stderr)) == (0, "")
    assert done.stdout.startswith(f"{out}: shots 1, 2, 4 coloured again: 75 frames, ")
    tame = [{"start": 350.0, "end": 40.0, "keep": 0.2}, {"start": 90.0, "end": 100.0, "keep": 0.5}]
    asked = [shot.settings for shot in known_shots(out).shots]
    assert asked == [{"colour": {"tame": tame}}] * 2 + [{}, {"colour": {"tame": tame}}]
    done = redo(out, "--shot", "2", "--network", TINY, "--hint", "10,10,#ff0000", "--colour-every", "2")
    assert (done.returncode, complaints(done.stderr)) == (0, "")
    assert done.stdout.startswith(f"{out}: shot 2 coloured again: 25 frames, ")
    settings = known_shots(out).shots[1].settings
    assert settings["colour"] == {"tame": tame}
    assert settings["network"] == {"name": str(TINY)}
    assert settings["film"] == {"colour_every": 2}
    assert settings["hints"]["points"][0].startswith("10.0,10.0,80.")
    listed = redo(out, "--list").stdout
    assert "tame 350-40:0.2 90-100:0.5" in listed
    done = redo(out, "--shot", "2", "--colour", "never")
    assert "25 frames, 25 of them in their own colour" in done.stdout
    assert redo(out, "--shot", "2", "--undo").returncode == 0
    assert "when" not in known_shots(out).shots[1].settings["colour"]


def test_a_name_that_is_no_text_and_words_in_brackets_are_told(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out [1]\udcff.mp4"
    copy = copied(film, tmp_path)
    shots_folder(copy).rename(shots_folder(out))
    copy.rename(out)
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(said), redirect_stderr(io.StringIO()):
        assert main(["redo", str(out), "--shot", "2", "--saturation", "0.5"]) == 0
    said.seek(0)
    assert said.read().startswith(f"{tmp_path}/out [1]\N{REPLACEMENT CHARACTER}.mp4: shot 2 coloured again")
    kept = shots_folder(out) / "shots.json"
    whole = json.loads(kept.read_bytes())
    whole["shots"][0]["settings"] = {"hints": {"reference": "/home/[old]/x[/y].jpg"}}
    kept.write_text(json.dumps(whole))
    listed = redo(out, "--list")
    assert listed.returncode == 0
    assert "reference /home/[old]/x[/y].jpg" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--shot", "5", "--saturation", "1"], 2, "has no shot 5 (it has shots 1 to 4)"),
        (["--shot", "1-999999999", "--saturation", "1"], 2, "has no shot 5"),
        (["--shot", "9-7", "--saturation", "1"], 2, "--shot 9-7 ends before it begins"),
        (["--shot", "9" * 5000, "--saturation", "1"], 2, "is not of the form 3 or 3,7-9"),
        (["--at", "9" * 5000 + ":00", "--saturation", "1"], 2, "is not a time"),
        (["--shot", "x", "--saturation", "1"], 2, "--shot x is not of the form 3 or 3,7-9"),
        (["--at", "9:00", "--saturation", "1"], 2, "--at 9:00 is not within the film"),
        (["--at", "soon"], 2, "--at soon is not a time"),
        (["--shot", "1"], 2, "nothing else is asked for"),
        (["--saturation", "1"], 2, "no shot is named (--list prints all that it has)"),
        (["--shot", "1", "--tame", "red"], 2, "--tame red is not of the form 20-60 or 20-60:0.3"),
        (["--shot", "1", "--saturation", "9"], 2, "colour.saturation = 9.0 is not allowed"),
        (["--shot", "1", "--undo"], 2, "shot 1 was not redone: nothing to undo"),
        (["--shot", "1", "--undo", "--saturation", "2"], 2, "leave out the others"),
        (["--shot", "1", "--hint", "500,1,#ff0000", "--network", TINY], 2, "outside"),
        (["--shot", "1", "--network", "nosuch"], 4, "nosuch"),
        (["--shot", "1", "--saturation", "2", "--source", "nowhere.mkv"], 3, "say where it is now"),
    ],
)
def test_what_can_not_be_is_one_line(film: Path, arguments: list[object], code: int, reason: str) -> None:
    before = film.read_bytes()
    done = redo(film, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = complaints(done.stderr).splitlines()
    assert line.startswith("tintcast: ")
    assert reason in line
    assert film.read_bytes() == before


def test_a_film_that_is_not_ours_is_one_line(tmp_path: Path) -> None:
    make_film(tmp_path / "in.mkv", count=4)
    for name, code, reason in (
        ("in.mkv", 2, "nothing is known of its shots"),
        ("nowhere.mkv", 3, "no such film"),
    ):
        done = redo(tmp_path / name, "--list")
        assert done.returncode == code
        assert reason in complaints(done.stderr)
