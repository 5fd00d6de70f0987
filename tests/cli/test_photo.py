"""``tintcast photo`` as a user meets it: files, folders, what is there already, a line for every failure."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import numpy as np
import pytest
from exiftool import read_tags
from photos import STILLS, bomb, encoded, grey, make_folder, still
from PIL import Image
from said import complaints

from device.cli import main
from device.colour.measure import colourfulness

if TYPE_CHECKING:
    from pathlib import Path

HINTED = STILLS.parent.parent / "network" / "data" / "tiny-hints.tflite"
CAMPAIGN = STILLS.parent.parent / "campaigns" / "photos.py"
TINTCAST = [sys.executable, "-m", "device.cli", "photo"]


def photo(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which saves its start."""
    command = ["photo", *map(str, arguments)]
    out, error = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(error):
        for variable, value in environment.items():
            patch.setenv(variable, value)
        code = main(command)
    return subprocess.CompletedProcess(command, code, out.getvalue(), error.getvalue())


def done(*arguments: object, **environment: str) -> str:
    """What it said on standard output, where nothing went wrong."""
    result = photo(*arguments, **environment)
    assert (result.returncode, complaints(result.stderr)) == (0, "")
    return result.stdout


def refused(*arguments: object) -> tuple[int, str]:
    """Exit code and the one line on standard error."""
    result = photo(*arguments)
    assert result.stdout == ""
    (line,) = complaints(result.stderr).splitlines()
    assert line.startswith("tintcast: ")
    return result.returncode, line.removeprefix("tintcast: ")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their names."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder with a picture in grey, one in colour, one below, and what is no picture."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    (folder / "10.jpg").write_bytes(encoded(grey("coffee"), "JPEG"))
    (folder / "2.jpg").write_bytes((STILLS / "astronaut.jpg").read_bytes())
    (folder / "more" / "1.pgm").write_bytes(encoded(grey("cat"), "PPM"))
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_picture(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    command = [*TINTCAST, STILLS / "photographer.jpg", out]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.startswith(f"{out}: coloured in ")
    assert result.stderr == ""
    coloured = pixels(out)
    assert coloured.shape == (*pixels(STILLS / "photographer.jpg").shape[:2], 3)
    assert colourfulness(coloured) > 8
    assert list(tmp_path.iterdir()) == [out]
    assert out.stat().st_mtime == (STILLS / "photographer.jpg").stat().st_mtime


def test_a_folder_becomes_the_same_tree(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = done(album, out)
    assert said.startswith(
        f"{out}: 2 coloured; 1 in colour already, passed as they were; 1 other file passed over; "
    )
    assert sorted(files(out)) == ["10.jpg", "2.jpg", "more/1.ppm"]
    assert (out / "2.jpg").read_bytes() == (album / "2.jpg").read_bytes()
    assert colourfulness(pixels(out / "10.jpg")) > 8
    assert colourfulness(pixels(out / "more" / "1.ppm")) > 8


def test_what_is_there_stays_and_the_rest_is_done(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done(album, out)
    (out / "10.jpg").write_bytes(b"somebody's own")
    (out / "2.jpg").unlink()
    before = files(out)
    assert done(album, out).startswith(f"{out}: 1 in colour already, passed as they were; 2 there already; ")
    assert files(out) == before | {"2.jpg": (album / "2.jpg").read_bytes()}
    assert "there already" not in done(album, out, "--overwrite")
    assert colourfulness(pixels(out / "10.jpg")) > 8


def test_a_picture_that_changed_after_its_result_is_named(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done(album, out)
    later = time.time() + 60
    os.utime(album / "10.jpg", (later, later))
    result = photo(album, out)
    assert result.returncode == 1
    assert f"{album / '10.jpg'}: has changed since its result was made (--overwrite " in result.stderr
    assert "2 there already; 1 failed" in result.stdout


def test_colour_is_kept_byte_for_byte_or_written_as_another_kind(tmp_path: Path) -> None:
    source = STILLS / "coffee.jpg"
    assert done(source, tmp_path / "same.jpeg") == (
        f"{tmp_path / 'same.jpeg'}: in colour already, passed as it was\n"
    )
    assert (tmp_path / "same.jpeg").read_bytes() == source.read_bytes()
    done(source, tmp_path / "other.png")
    assert np.array_equal(pixels(tmp_path / "other.png"), pixels(source))


def test_always_and_never(tmp_path: Path) -> None:
    source = STILLS / "coffee.jpg"
    done(source, tmp_path / "always.png", "--colour", "always")
    assert not np.array_equal(pixels(tmp_path / "always.png"), pixels(source))
    grey_one = STILLS / "photographer.jpg"
    assert done(grey_one, tmp_path / "never.jpg", "--colour", "never").endswith(": passed as it was\n")
    assert (tmp_path / "never.jpg").read_bytes() == grey_one.read_bytes()
    done(grey_one, tmp_path / "never.png", "--colour", "never")
    assert np.array_equal(pixels(tmp_path / "never.png"), np.repeat(pixels(grey_one)[..., None], 3, axis=2))


def test_saturation_by_flag_variable_and_file(tmp_path: Path) -> None:
    source, file = STILLS / "photographer.jpg", tmp_path / "tintcast.toml"
    file.write_text("[colour]\nsaturation = 0\n")
    done(source, tmp_path / "file.png", "--config", file)
    done(source, tmp_path / "variable.png", TINTCAST_COLOUR_SATURATION="0")
    assert np.ptp(pixels(tmp_path / "file.png"), axis=2).max() == 0
    assert np.array_equal(pixels(tmp_path / "file.png"), pixels(tmp_path / "variable.png"))
    done(source, tmp_path / "flag.png", "--config", file, "--saturation", "2")
    assert colourfulness(pixels(tmp_path / "flag.png")) > 20


def test_before_and_after_side_by_side(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done(album, out)
    done(album, out, "--compare")
    assert {name for name in files(out) if "compare" in name} == {"10.compare.jpg", "more/1.compare.jpg"}
    both = pixels(out / "10.compare.jpg").astype(int)
    width = pixels(album / "10.jpg").shape[1]
    assert both.shape[1] == 2 * width + 8
    assert np.abs(np.diff(both[:, :width], axis=2)).max() <= 2, "grey before"
    assert np.ptp(both[:, -width:], axis=2).mean() > 8, "coloured after"


def test_a_contact_sheet_shows_all(album: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jpg"
    (album / "11.jpg").write_bytes(b"broken")
    result = photo(album, tmp_path / "out", "--contact-sheet", sheet)
    assert result.returncode == 1
    assert f"; contact sheet {sheet}\n" in result.stdout
    first = pixels(sheet)
    assert first.shape[1] > 1700
    assert not np.array_equal(first[200:, :400], first[200:, 430:830])
    sheet.unlink()
    photo(album, tmp_path / "out", "--contact-sheet", sheet)
    assert np.abs(pixels(sheet).astype(int) - first).mean() < 3, "of what is there already, too"


def test_a_sheet_over_a_picture_is_refused(album: Path, tmp_path: Path) -> None:
    before = files(album)
    code, said = refused(album, tmp_path / "out", "--contact-sheet", album / "10.jpg", "--overwrite")
    assert (code, said) == (2, f"{album / '10.jpg'}: is {album / '10.jpg'}, too (name another file)")
    assert files(album) == before


@pytest.mark.parametrize(
    ("source", "out", "code", "said"),
    [
        ("none.jpg", "out.jpg", 3, "none.jpg: no such file or folder"),
        ("broken.jpg", "out.jpg", 3, "broken.jpg: "),
        ("bomb.png", "out.jpg", 3, "bomb.png: more than the "),
        ("text.png", "out.jpg", 3, "text.png: not a picture"),
        ("grey.jpg", "grey.jpg", 2, "grey.jpg: is the picture that is read"),
        ("grey.jpg", "link.jpg", 2, "link.jpg: is the picture that is read"),
        ("grey.jpg", "there.jpg", 2, "there.jpg: is there already (--overwrite replaces it)"),
        ("grey.jpg", "out.gif", 2, "out.gif: no kind of picture that is written"),
        ("grey.jpg", "out", 2, "out: no kind of picture that is written"),
        ("folder", "folder", 2, "folder: is the folder that is read"),
        ("folder", "there.jpg", 2, "there.jpg: is a file"),
    ],
)
def test_one_line_for_every_failure_and_nothing_left(
    tmp_path: Path, source: str, out: str, code: int, said: str
) -> None:
    (tmp_path / "broken.jpg").write_bytes(encoded(grey(), "JPEG")[:2000])
    (tmp_path / "bomb.png").write_bytes(bomb())
    (tmp_path / "text.png").write_text("words")
    (tmp_path / "grey.jpg").write_bytes(encoded(grey(), "JPEG"))
    (tmp_path / "there.jpg").write_bytes(b"mine")
    (tmp_path / "link.jpg").symlink_to("grey.jpg")
    (tmp_path / "folder").mkdir()
    shutil.copy(tmp_path / "grey.jpg", tmp_path / "folder")
    before = files(tmp_path)
    found, line = refused(tmp_path / source, tmp_path / out)
    assert line.startswith(f"{tmp_path}/{said}")
    assert found == code
    assert files(tmp_path) == before


def test_a_folder_with_broken_ones_ends_with_one_and_names_them(tmp_path: Path) -> None:
    broken = make_folder(tmp_path / "in", 30, 5, width=200)
    result = photo(tmp_path / "in", tmp_path / "out")
    lines = complaints(result.stderr).splitlines()
    assert result.returncode == 1
    cmyk = ["note" in line for line in lines if "CMYK" in line]
    assert cmyk == [True, True], "one of the first, one of how many more"
    named = [line.partition(": ")[0] for line in lines[:-1] if ": note: " not in line]
    assert sorted(named) == sorted(map(str, broken))
    assert lines[-1] == f"tintcast: {tmp_path / 'in'}: 5 failed, listed above; the rest is done"
    assert result.stdout.startswith(f"{tmp_path / 'out'}: 25 coloured; 5 failed; ")
    assert len(files(tmp_path / "out")) == 25


def test_the_campaign_in_small() -> None:
    command = [sys.executable, CAMPAIGN, "--pictures", "60", "--broken", "5", "--width", "200"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert "55 of 55 sound pictures done" in result.stdout
    assert "3 pages of contact sheet" in result.stdout


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_end_leaves_whole_pictures_and_the_next_run_goes_on(tmp_path: Path, end: signal.Signals) -> None:
    make_folder(tmp_path / "in", 40, 0, width=500)
    command = subprocess.Popen(
        [*TINTCAST, tmp_path / "in", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while len(list((tmp_path / "out").rglob("*"))) < 5:
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(command.pid, end)
    out, said = command.communicate(timeout=30)
    if end == signal.SIGINT:
        assert (command.returncode, out) == (130, "")
        assert "run it again to go on from here" in said.splitlines()[-1]
        assert not list((tmp_path / "out").rglob("*.part"))
    left = {name: data for name, data in files(tmp_path / "out").items() if not name.endswith(".part")}
    assert 0 < len(left) < 40
    for name in left:
        with Image.open(tmp_path / "out" / name) as picture:
            picture.load()
    again = photo(tmp_path / "in", tmp_path / "out")
    assert again.returncode == 0
    assert f" {len(left)} there already; " in again.stdout
    assert len(files(tmp_path / "out")) == 40
    assert {name: files(tmp_path / "out")[name] for name in left} == left


def test_hints_need_a_network_that_takes_them_and_one_picture(album: Path, tmp_path: Path) -> None:
    code, said = refused(album, tmp_path / "out", "--hint", "3,4,#ff0000")
    assert (code, said) == (2, f"{album}: hints are for one picture, this is a folder")
    code, said = refused(album / "10.jpg", tmp_path / "out.jpg", "--hint", "3,4")
    assert code == 2
    assert "is no hint" in said


def test_a_comparison_never_replaces_the_picture(tmp_path: Path) -> None:
    source = tmp_path / "a.compare.jpg"
    source.write_bytes(encoded(grey(), "JPEG"))
    before = files(tmp_path)
    code, said = refused(source, tmp_path / "a.jpg", "--compare", "--overwrite")
    assert (code, said.partition(" (")[0]) == (
        2,
        f"{source}: is the picture that is read: it would be overwritten",
    )
    assert files(tmp_path) == before
    done(source, tmp_path / "a.jpg")


def test_what_was_made_by_a_machine_says_so_and_what_was_not_does_not(tmp_path: Path) -> None:
    done(STILLS / "photographer.jpg", tmp_path / "made.png")
    done(STILLS / "coffee.jpg", tmp_path / "passed.png")
    assert "compositeWithTrainedAlgorithmicMedia" in str(read_tags(tmp_path / "made.png"))
    assert "tintcast" not in str(read_tags(tmp_path / "passed.png")).replace(str(tmp_path), "")


def test_odd_names(tmp_path: Path) -> None:
    folder = tmp_path / "[bold] album"
    folder.mkdir()
    for name in (b"\xff\xfe.png", b"[red].png", b"two\nlines.png", "ümläut.png".encode()):
        (folder / os.fsdecode(name)).write_bytes(encoded(grey("cat", (64, 48)), "PNG"))
    (folder / os.fsdecode(b"broken \xff\x1b[31m.png")).write_bytes(b"text")
    result = subprocess.run(
        [*TINTCAST, folder, tmp_path / "out"],
        capture_output=True,
        timeout=60,
        check=False,
        env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm"},
    )
    assert result.returncode == 1, result.stderr
    assert b"4 coloured; 1 failed" in result.stdout
    assert b"\x1b[31m.png" not in result.stderr
    assert len(files(tmp_path / "out")) == 4


def test_a_network_that_is_not_there_is_said_before_anything_is_made(album: Path, tmp_path: Path) -> None:
    code, said = refused(album, tmp_path / "out", "--network", "nonsense")
    assert code == 4
    assert "compact" in said
    assert not (tmp_path / "out").exists()


def test_hints_colour_the_place_that_they_name(tmp_path: Path) -> None:
    flat, file = tmp_path / "flat.png", tmp_path / "hints.txt"
    flat.write_bytes(encoded(np.full((90, 160), 119, np.uint8), "PNG"))
    file.write_text("# lower right\n140, 80, #0000ff\n")
    said = done(flat, tmp_path / "out.png", "--network", HINTED, "--hint", "20,10,60,40", "--hints", file)
    assert "coloured" in said
    coloured = pixels(tmp_path / "out.png").astype(int)
    red, blue, between = coloured[10, 20], coloured[80, 140], coloured[45, 80]
    assert red[0] > red[2] + 60
    assert blue[2] > blue[0] + 40
    assert np.ptp(between) < 40


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ("200,10,60,40", "the hint at 200,10 lies outside the picture of 160x90 pixels"),
        ("20,10,60", "--hint: '20,10,60' is no hint"),
    ],
)
def test_hints_that_can_not_be(tmp_path: Path, hint: str, said: str) -> None:
    flat = tmp_path / "flat.png"
    flat.write_bytes(encoded(np.full((90, 160), 119, np.uint8), "PNG"))
    code, line = refused(flat, tmp_path / "out.png", "--network", HINTED, "--hint", hint)
    assert code == 2
    assert said in line
    assert list(tmp_path.iterdir()) == [flat]


def test_hints_for_a_picture_in_colour_are_said_to_be_of_no_use(tmp_path: Path) -> None:
    result = photo(STILLS / "coffee.jpg", tmp_path / "out.jpg", "--network", HINTED, "--hint", "20,10,60,40")
    assert result.returncode == 0
    assert "--colour always" in result.stderr


def test_a_network_that_takes_no_palette_says_so(tmp_path: Path) -> None:
    source, reference = STILLS / "photographer.jpg", STILLS / "cat.jpg"
    code, said = refused(source, tmp_path / "out.jpg", "--network", HINTED, "--reference", reference)
    assert code == 2
    assert "this network takes no palette" in said


def test_real_photographs(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "photos" / "bw"
    said = done(source, tmp_path / "out", "--contact-sheet", tmp_path / "sheet.png")
    count = len(list(source.iterdir()))
    assert f": {count} coloured; " in said
    for path in (tmp_path / "out").iterdir():
        before = pixels(source / path.name)
        before = before if before.ndim == 2 else before @ np.float32([0.299, 0.587, 0.114])
        assert np.abs(pixels(path) @ np.float32([0.299, 0.587, 0.114]) - before).mean() < 5
        assert colourfulness(pixels(path)) > 5


def test_the_stills_are_what_they_are_called() -> None:
    assert np.ptp(still("coffee"), axis=2).mean() > 20
