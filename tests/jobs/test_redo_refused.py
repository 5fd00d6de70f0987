"""Shots that can't be redone, or not now: the film stays as it is, and why is said."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from colour_films import make_colour_film
from PIL import Image
from redoing import coloured, config, copied, other, redone, redone_from

from device.errors import ConfigurationError, FilmBusy, MissingInput, SourceChanged, UnreadableFilm
from device.jobs.film_shots import read_shots, shots_folder
from device.jobs.redo import known_shots, redo_film
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from pathlib import Path

PALE = {"colour": {"saturation": 0.3}}
DARK = {"colour": {"shadow_chroma": 1.0}}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "in.mkv"
    make_colour_film(path, [(17, "grey"), (9, "grey"), (12, "grey")], size=(96, 64))
    return path


@pytest.fixture(scope="module")
def film(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots."""
    out = tmp_path_factory.mktemp("film") / "out.mkv"
    coloured(source, out, config(codec="ffv1"))
    assert [(shot.first, shot.last) for shot in known_shots(out).shots] == [(0, 16), (17, 25), (26, 37)]
    return out


def test_the_source_may_have_moved_but_must_be_the_same(film: Path, source: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    moved = tmp_path / "moved.mkv"
    shutil.copy(source, moved)
    hidden = source.with_name("hidden")
    source.rename(hidden)
    try:
        with pytest.raises(MissingInput, match="--source"):
            redo_film(out, [2], PALE, config())
        assert redo_film(out, [2], PALE, config(), source=moved).frames == 9
        assert (
            redo_film(out, [2], {}, config(), undo=True).frames == 9
        )  # where it is now is known from then on
    finally:
        hidden.rename(source)
    changed_source = tmp_path / "changed.mkv"
    changed_source.write_bytes(source.read_bytes()[:-1] + b"?")
    with pytest.raises(SourceChanged, match="is not what the film was made from"):
        redo_film(out, [2], {"colour": {"saturation": 2}}, config(), source=changed_source)


def test_a_source_that_is_no_film_is_refused(film: Path, tmp_path: Path) -> None:
    out, pipe = copied(film, tmp_path), tmp_path / "pipe.mkv"
    os.mkfifo(pipe)
    with pytest.raises(UnreadableFilm, match=r"pipe\.mkv: is no file"):
        redo_film(out, [2], PALE, config(), source=pipe)
    for number in range(2):
        Image.new("L", (96, 64)).save(tmp_path / f"scan{number}.png")
    with pytest.raises(SourceChanged):
        redo_film(out, [2], PALE, config(), source=tmp_path)


def test_a_link_for_the_folder_of_shots_is_refused_before_anything_is_done(
    film: Path, source: Path, tmp_path: Path
) -> None:
    out, theirs = copied(film, tmp_path), tmp_path / "theirs"
    shots_folder(out).rename(theirs)
    (theirs / "diary.txt").write_text("mine")
    before = {path: path.read_bytes() for path in theirs.iterdir()}
    shots_folder(out).symlink_to(theirs)
    with pytest.raises(ConfigurationError, match="is a link"):
        redone(out, [2], PALE)
    with pytest.raises(ConfigurationError, match="is a link"):
        coloured(source, out, config(codec="ffv1"))
    assert not WorkFolder.path_for(out).exists()
    assert {path: path.read_bytes() for path in theirs.iterdir()} == before
    assert out.read_bytes() == film.read_bytes()


def test_wishes_that_can_not_be_are_refused_before_anything_is_done(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    for numbers, asked, reason in (
        ([], PALE, "no shot is named"),
        ([4], PALE, "has no shot 4 .*1 to 3"),
        ([0], PALE, "has no shot 0"),
        ([1], {}, "nothing else is asked for"),
        ([1], {"colour": {"saturation": 7}}, "colour.saturation = 7 is not allowed"),
        ([1], {"film": {"crf": 3}}, "crf can't be other for a shot alone"),
        ([1], {"hints": {"points": ["1,1,#ff0000x"]}}, "hints.points"),
    ):
        with pytest.raises(ConfigurationError, match=reason):
            redo_film(out, numbers, asked, config())
    assert out.read_bytes() == film.read_bytes()
    out.write_bytes(film.read_bytes() + b"?")
    with pytest.raises(ConfigurationError, match="nothing is known of its shots"):
        redo_film(out, [1], PALE, config())
    with pytest.raises(MissingInput, match="no such film"):
        redo_film(tmp_path / "nowhere.mp4", [1], PALE, config())


def test_a_film_that_is_made_afresh_is_not_touched(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    work = WorkFolder.path_for(out)
    work.mkdir()
    (work / "job.json").write_text('{"network": "another"}')
    (work / "00000000.mkv").write_bytes(b"frames")
    with pytest.raises(ConfigurationError, match="is being coloured afresh, and that was interrupted"):
        redone(out, [1], PALE)
    assert (work / "00000000.mkv").read_bytes() == b"frames"
    shutil.rmtree(work)
    with WorkFolder(out, {}), pytest.raises(FilmBusy, match="another run is writing this film"):
        redone(out, [1], PALE)
    assert read_shots(out) is not None


def test_what_was_worked_out_before_another_redo_ended_is_refused(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    known = known_shots(out)
    redone(out, [2], PALE)
    made = out.read_bytes()
    with pytest.raises(ConfigurationError, match=r"was changed just now .*run it again"):
        redone_from(known, out, [2], DARK)
    pale = known_shots(out)
    redone(out, [2], {}, undo=True)
    redone(out, [2], {"colour": {"saturation": 0.6}})
    now = out.read_bytes()
    assert now != made
    with pytest.raises(ConfigurationError, match="was changed just now"):
        redone_from(pale, out, [2], {}, undo=True)
    assert out.read_bytes() == now
    assert not WorkFolder.path_for(out).exists()
    redone_from(known, out, [3], DARK)  # of that shot nothing changed
    assert [shot.settings for shot in known_shots(out).shots] == [{}, {"colour": {"saturation": 0.6}}, DARK]


def test_a_film_that_was_made_otherwise_meanwhile_is_not_redone(
    film: Path, source: Path, tmp_path: Path
) -> None:
    out = copied(film, tmp_path)
    known = known_shots(out)
    coloured(source, out, other(config(codec="ffv1"), colour={"saturation": 0.6}))
    with pytest.raises(ConfigurationError, match="was changed just now"):
        redone_from(known, out, [1], DARK)
