"""A result that has its name when its work ends badly is ours, recorded once, and nothing is left over."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from batches import settings
from turns_taken import Desk, Pulled, films_are, pictures_are, postponed

from device.errors import FilmBusy, FilmTooLarge, InputError, Interrupted, Postponed, SpaceError
from device.jobs.batch import picture_work, work
from device.jobs.batch.outcomes import how_of
from device.jobs.batch.picture_task import PictureDone

DONE = PictureDone(passed=False, seconds=1.0, network_ms=1.0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def finish(item: Any, place: Path, got: Any, _failed: Any) -> None:
    place.write_bytes(b"result")
    got(item.relative, DONE)


@pytest.mark.parametrize(("deleted", "how"), [(False, "changed"), (True, "gone")])
def test_a_picture_whose_source_becomes_another_leaves_nothing_and_is_done_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, deleted: bool, how: str
) -> None:
    def change(item: Any, place: Path, got: Any, failed: Any) -> None:
        if deleted:
            item.path.unlink()
        else:
            os.utime(item.path, (1.1e9, 1.1e9))
        finish(item, place, got, failed)

    pictures_are(monkeypatch, change)
    assert desk.lay("a.jpg").turn() == {"a.jpg": how}
    assert not (desk.out / "a.jpg").exists()
    pictures_are(monkeypatch, finish)
    assert desk.lay("a.jpg").turn() == {"a.jpg": "done"}


def test_a_picture_that_has_its_name_is_done_whatever_its_process_comes_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(item: Any, place: Path, _got: Any, failed: Any) -> None:
        place.write_bytes(b"result")
        failed(item.relative, FilmTooLarge("needs too much"))

    pictures_are(monkeypatch, lose)
    assert desk.lay("a.jpg").turn() == {"a.jpg": "done"}
    assert desk.turn() == {}


def test_pictures_that_have_their_names_when_the_night_leaves_are_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(item: Any, place: Path, _got: Any, _failed: Any) -> None:
        if item.relative == "b.jpg":
            raise postponed()
        place.write_bytes(b"result")

    pictures_are(monkeypatch, leave)
    with pytest.raises(Postponed):
        desk.lay("a.jpg", "b.jpg").turn()
    assert [each.relative for each in desk.records] == ["a.jpg"]
    pictures_are(monkeypatch, finish)
    assert desk.turn() == {"b.jpg": "done"}


def test_a_source_that_cannot_be_looked_at_is_that_pictures_failure_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise InputError("can't be read: input/output error")

    pictures_are(monkeypatch, lambda item, _place, got, _failed: got(item.relative, DONE))
    monkeypatch.setattr(picture_work, "is_source", broken)
    assert desk.lay("a.jpg", "b.jpg").turn() == {"a.jpg": "refused", "b.jpg": "refused"}


def test_a_disk_that_answers_with_an_error_fails_a_film_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def broken(path: Path, **how: Any) -> os.stat_result:
        if path == desk.source / "a.mp4":
            raise OSError(errno.EIO, "input/output error")
        return stat(path, **how)

    def fail(*_: object, **__: object) -> None:
        monkeypatch.setattr(Path, "stat", broken)
        raise InputError("can't be read")

    monkeypatch.setattr(work, "run_film", fail)
    assert desk.lay("a.mp4").turn() == {"a.mp4": "refused"}


@pytest.mark.parametrize("end", [Postponed("out of hours"), Interrupted()])
def test_a_film_that_has_its_name_when_the_night_leaves_is_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, end: Interrupted
) -> None:
    films_are(monkeypatch, end)
    assert desk.lay("a.mp4").turn() == {"a.mp4": "done"}
    assert desk.records[0].identity
    assert desk.hidden() == []
    assert desk.turn() == {}


def test_a_film_without_its_name_goes_on_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    films_are(monkeypatch, postponed(), named=False)
    with pytest.raises(Postponed):
        desk.lay("a.mp4").turn()
    assert desk.hidden() == [".a.mp4.tintcast"]


def test_an_old_result_is_not_taken_for_one_by_other_settings(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise SpaceError("does not fit")

    films_are(monkeypatch, Pulled())
    with pytest.raises(Pulled):
        desk.lay("a.mp4").turn()
    desk.config = settings(colour={"saturation": 0.5})
    assert desk.turn(check=full) == {"a.mp4": "space"}
    assert not (desk.out / ".tintcast/receipt.json").exists()


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_killed_process_left_beside_a_finished_film_is_tidied_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, recorded: bool
) -> None:
    def pull(_: object) -> None:
        raise Pulled

    with monkeypatch.context() as patch:
        films_are(patch, Interrupted() if recorded else Pulled())
        if recorded:
            patch.setattr("device.jobs.batch.work.tidy", lambda _: None)
            patch.setattr("device.jobs.batch.records.Ledger.end", pull)
        with pytest.raises(Pulled):
            desk.lay("a.mp4").turn()
    shots = desk.out / ".a.mp4.shots"
    shots.mkdir()
    (shots / "shots.next.json").write_text("{}")
    assert len(desk.hidden()) == 2
    assert desk.turn() == {}
    assert desk.hidden() == []


@pytest.mark.parametrize("others", [True, False])
def test_work_on_a_film_that_was_deleted_goes_with_it_but_not_with_its_disk(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, others: bool
) -> None:
    films_are(monkeypatch, postponed(), named=False)
    with pytest.raises(Postponed):
        desk.lay("a.mp4", *(["b.txt"] if others else [])).turn()

    def lose() -> None:
        (desk.source / "a.mp4").unlink()
        raise InputError("can't be read")

    assert desk.turn(check=lose) == {"a.mp4": "gone"}
    assert desk.hidden() == ([] if others else [".a.mp4.tintcast"])


def test_a_film_that_another_run_is_writing_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise FilmBusy("another run is writing this film")

    monkeypatch.setattr(work, "run_film", busy)
    assert desk.lay("a.mp4").turn() == {"a.mp4": "busy"}
    assert desk.turn() == {"a.mp4": "busy"}
    assert how_of(FilmBusy("")) == "busy"
