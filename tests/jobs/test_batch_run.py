"""A night over small folders, with real films, real processes and the bundled network."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from batches import files, lay_film, lay_picture, run, settings
from films import sound_packets, stamps
from PIL import Image

from device.errors import ConfigurationError, InputError, MissingInput, NetworkFileError
from device.jobs.batch.records import Ledger, Outcome
from device.jobs.film_identity import changed, told_changed
from device.jobs.film_shots import lay_down, read_shots, settle

if TYPE_CHECKING:
    from pathlib import Path

#: On a busy machine.
pytestmark = pytest.mark.timeout(300)


def test_a_folder_comes_out_as_the_same_tree_and_the_bad_are_set_aside(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.avi")
    lay_film(source / "sub" / "b.mp4", sound="aac")
    lay_picture(source / "sub" / "c.pgm")
    lay_picture(source / "d.png")
    name = os.fsdecode(b"caf\xe9.mkv")
    lay_film(source / "plain.mkv").rename(source / name)
    (source / "broken.mp4").write_bytes((source / "sub/b.mp4").read_bytes()[:900])
    (source / "torn.png").write_bytes((source / "d.png").read_bytes()[:40])
    (source / "letter.txt").write_text("to grandma")
    first = run(source, out)
    assert first.outcomes() == {
        "a.avi": "done",
        "broken.mp4": "corrupt",
        name: "done",
        "d.png": "done",
        "sub/b.mp4": "done",
        "sub/c.pgm": "done",
        "torn.png": "corrupt",
    }
    assert files(out) == ["a.mp4", name, "d.png", "sub/b.mp4", "sub/c.ppm"]
    assert len(stamps(out / "a.mp4")) == first.records["a.avi"].frames == 12
    assert sound_packets(out / "sub/b.mp4") == sound_packets(source / "sub/b.mp4")
    with Image.open(out / "sub/c.ppm") as picture:
        assert picture.mode == "RGB"
    assert (first.summary.done, first.summary.failed, first.summary.others) == (5, 2, 1)
    for record in first.records.values():
        assert record.source == str(source / record.relative)
        assert record.identity
        assert record.began <= record.ended
    assert not (out / ".tintcast/begun.json").exists()

    made = {name: (out / name).stat() for name in files(out)}
    again = run(source, out)
    assert (again.summary.done, again.summary.before, again.summary.aside) == (0, 5, 2)
    assert {name: (out / name).stat() for name in files(out)} == made
    assert again.records == first.records


def test_what_changed_is_done_again_and_says_why(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a.mkv", "b.mkv", "c.mkv"):
        lay_film(source / name, count=6)
    assert run(source, out).summary.done == 3
    lay_film(source / "a.mkv", count=9)
    (out / "b.mkv").unlink()
    again = run(source, out)
    assert (again.summary.done, again.summary.before) == (2, 1)
    assert again.records["a.mkv"].frames == 9
    assert again.records["a.mkv"].notes == ("begun afresh: source changed since it was made",)
    assert again.records["b.mkv"].notes == ("its result is gone",)


def test_other_settings_begin_everything_afresh_unless_the_old_is_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=6)
    lay_picture(source / "b.png")
    run(source, out)
    pale = {"saturation": 0.5}
    kept = run(source, out, settings(colour=pale, batch={"keep_old": True}))
    assert (kept.summary.done, kept.summary.before) == (0, 2)
    again = run(source, out, settings(colour=pale))
    assert again.summary.done == 2
    assert {each.notes for each in again.records.values()} == {
        ("begun afresh: colour.saturation changed since it was made",)
    }
    # How a night goes about its work changes nothing; nor does a copy that brings its times along.
    shutil.copy2(source / "a.mkv", tmp_path / "copy")
    (tmp_path / "copy").replace(source / "a.mkv")
    assert run(source, out, settings(colour=pale, batch={"look_seconds": 2})).summary.done == 0


def test_shots_that_were_redone_are_not_lost_without_a_word(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=6)
    run(source, out)
    known = read_shots(out / "a.mkv")
    assert known is not None
    own = tuple(replace(shot, settings={"colour": {"saturation": 0.5}}) for shot in known.shots)
    lay_down(out / "a.mkv", replace(known, shots=own), {})
    settle(out / "a.mkv")
    again = run(source, out, settings(colour={"saturation": 0.9}))
    assert again.records["a.mkv"].notes == (
        "begun afresh: colour.saturation changed since it was made",
        "1 shot that was redone is as the rest again (tintcast redo)",
    )


def test_what_is_not_whole_by_its_name_says_so(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=6)
    for name in (".b.mp4", "c.mp4", "c.mp4.part"):
        (source / name).write_bytes(b"\x00begun")
    ran = run(source, out)
    assert ran.summary.partial == 3
    whole = "it is not whole, and nobody goes on with it"
    assert {f"{name}: left out: by its name {whole}" for name in (".b.mp4", "c.mp4.part")} <= {*ran.said}
    assert f"c.mp4: left out: by a file beside it {whole}" in ran.said


def test_of_many_changes_the_first_are_named() -> None:
    before = {"source": {"bytes": 1}, "network": "a", "versions": {"av": "1"}, "settings": {"film": {}}}
    now = {
        "source": {"bytes": 2},
        "network": "b",
        "versions": {"av": "2"},
        "settings": {"film": {"crf": None}},
    }
    assert changed(before, before) == []
    assert changed(before, now) == ["source", "network", "versions.av", "film.crf"]
    assert told_changed(changed(before, now)) == "source, network, versions.av and 1 more"


def test_what_failed_is_tried_again_when_that_is_wished_or_it_became_another(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.mp4").write_bytes(b"\x00nothing")
    (source / "b.png").write_bytes(b"\x00nothing")
    first = run(source, out)
    assert first.outcomes() == {"a.mp4": "corrupt", "b.png": "corrupt"}
    retried = run(source, out, settings(batch={"retry_failed": True}))
    assert (retried.summary.failed, retried.summary.aside) == (2, 0)
    lay_film(source / "a.mp4", count=6)
    mended = run(source, out)
    assert mended.outcomes() == {"a.mp4": "done", "b.png": "corrupt"}
    assert (mended.summary.done, mended.summary.aside) == (1, 1)


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    lay_film(source / "a.mkv", count=6)
    lay_picture(source / "b.png")
    out.mkdir()
    (out / "a.mkv").write_text("my diary")
    (out / "b.png").symlink_to("nowhere")
    ran = run(source, out)
    assert ran.outcomes() == {"a.mkv": "there", "b.png": "there"}
    assert "is not ours" in ran.records["a.mkv"].reason
    assert (out / "a.mkv").read_text() == "my diary"
    assert (out / "b.png").is_symlink()
    (out / "a.mkv").unlink()
    (out / "b.png").unlink()
    assert run(source, out).outcomes() == {"a.mkv": "done", "b.png": "done"}
    # What was changed since is no longer ours.
    (out / "a.mkv").write_text("cut by hand")
    other = run(source, out, settings(colour={"saturation": 0.5}))
    assert other.outcomes() == {"a.mkv": "there", "b.png": "done"}
    assert "was changed since" in other.records["a.mkv"].reason
    assert (out / "a.mkv").read_text() == "cut by hand"


@pytest.mark.parametrize(("inside", "outside"), [("family", "family/colour"), ("all/family", "all")])
def test_one_folder_may_lie_in_the_other(tmp_path: Path, inside: str, outside: str) -> None:
    source, out = tmp_path / inside, tmp_path / outside
    lay_film(source / "a.mkv", count=6)
    assert run(source, out).outcomes() == {"a.mkv": "done"}
    assert run(source, out).summary.before == 1
    assert stamps(out / "a.mkv") == stamps(source / "a.mkv")


def test_no_result_is_written_among_the_sources(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path
    lay_film(source / "in/a.mkv", count=6)
    ran = run(source, out)
    assert ran.outcomes() == {"in/a.mkv": "refused"}
    assert files(source) == ["in/a.mkv"]


def test_numbered_pictures_become_a_film(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for number in range(9):
        lay_picture(source / f"reel/{number:03d}.png", seed=number // 3)
    lay_picture(source / "still.png")
    ran = run(source, out, settings(batch={"rate": 12}))
    assert ran.outcomes() == {"reel": "done", "still.png": "done"}
    assert files(out) == ["reel.mp4", "still.png"]
    assert len(stamps(out / "reel.mp4")) == 9
    assert float(stamps(out / "reel.mp4")[1]) == pytest.approx(1 / 12)
    assert run(source, out, settings(batch={"rate": 12})).summary.before == 2


def test_a_network_that_is_not_there_ends_it_before_anything_is_begun(tmp_path: Path) -> None:
    lay_film(tmp_path / "in/a.mkv", count=6)
    with pytest.raises(NetworkFileError, match="no network has this name"):
        run(tmp_path / "in", tmp_path / "out", settings(network={"name": "nobody"}))
    assert Ledger(tmp_path / "out").all() == []


def test_folders_that_cannot_be_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(MissingInput):
        run(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(InputError, match="tintcast film"):
        run(tmp_path / "file", tmp_path / "out")
    with pytest.raises(ConfigurationError, match="is a file"):
        run(tmp_path / "in", tmp_path / "file")
    with pytest.raises(ConfigurationError, match="is the folder that is read"):
        run(tmp_path / "in", tmp_path / "in")
    assert not (tmp_path / "out").exists()


def test_real_films_and_pictures(shared: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("realshort.mp4", "video_90.mov"):
        shutil.copy(shared / "data/videos" / name, source)
    picture = min((shared / "data/photos/bw").glob("*.jpg"))
    shutil.copy(picture, source)
    ran = run(source, out)
    assert {each.outcome for each in ran.records.values()} <= {Outcome.DONE, Outcome.SKIPPED}
    assert (out / picture.name).exists()


def test_results_of_another_folder_are_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    lay_film(tmp_path / "mine/a.mkv", count=6)
    lay_film(tmp_path / "yours/a.mkv", count=7)
    lay_film(tmp_path / "yours/b.mkv", count=7)
    first = run(tmp_path / "mine", out)
    before = (out / "a.mkv").read_bytes()
    ran = run(tmp_path / "yours", out)
    assert (ran.summary.done, ran.summary.failed) == (1, 1)
    assert (out / "a.mkv").read_bytes() == before
    assert ran.records["a.mkv"] == first.records["a.mkv"]
    # The same folder, elsewhere by now.
    (tmp_path / "mine").rename(tmp_path / "moved")
    assert run(tmp_path / "moved", out).summary.before == 1


def test_a_film_with_a_long_name_and_one_in_another_codec(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    name = "映" * 83 + ".mkv"
    lay_film(tmp_path / "a.mkv", count=6).rename((source.mkdir() or source) / name)
    first = run(source, out)
    assert first.outcomes() == {name: "done"}
    other = run(source, out, settings(film={"codec": "prores", "container": "mov"}))
    (record,) = other.records.values()
    assert record.out is not None
    assert record.out.endswith(".mov")
    assert record.notes[0].startswith("begun afresh: film.codec, film.container changed")
    assert record.notes[1] == f"its earlier result stays, {first.records[name].out}"
    assert len(files(out)) == 2
