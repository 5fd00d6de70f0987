"""A film that cuts the night off whenever it is begun comes last, until it gets further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from turns_taken import Desk, Pulled, films_are, postponed

from device.errors import Interrupted, Postponed
from device.jobs.batch import work
from device.jobs.batch.starts import Starts

if TYPE_CHECKING:
    from pathlib import Path


def test_a_film_that_takes_the_board_down_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(*_: object, **__: object) -> None:
        raise Pulled

    monkeypatch.setattr(work, "run_film", pull)
    monkeypatch.setattr(Starts, "end", lambda *_: None)  # the board is down
    desk = Desk(tmp_path).lay("a.mp4", "b.mp4")
    for first in ("a.mp4", "a.mp4", "b.mp4"):
        with pytest.raises(Pulled):
            desk.turn()
        assert desk.queue.todo[0].item.relative == first
    said = [line for line in desk.queue.remarks() if "comes last" in line]
    assert len(said) == 1
    assert said[0].startswith("a.mp4: ")
    assert [line for line in desk.queue.remarks() if "comes last" in line] == []


def test_a_film_that_gets_further_is_none_of_those(tmp_path: Path) -> None:
    path = tmp_path / "starts.json"
    for segments in (0, 0, 1, 2):
        Starts(path).begin("a.mp4", segments)
    assert not Starts(path).is_suspect("a.mp4", 2)
    Starts(path).begin("a.mp4", 2)
    assert Starts(path).is_suspect("a.mp4", 2)
    assert not Starts(path).is_suspect("a.mp4", 3)
    assert not Starts(path).is_suspect("b.mp4", 0)


def test_it_does_not_change_its_place_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "starts.json"
    Starts(path).begin("a.mp4", 0)
    starts = Starts(path)
    starts.begin("a.mp4", 0)
    assert not starts.is_suspect("a.mp4", 0)
    assert Starts(path).is_suspect("a.mp4", 0)


@pytest.mark.parametrize("end", [Postponed("out of hours"), Interrupted()])
def test_an_end_in_good_order_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Interrupted
) -> None:
    films_are(monkeypatch, end, named=False)
    desk = Desk(tmp_path).lay("a.mp4", "b.mp4")
    for _ in range(3):
        with pytest.raises(type(end)):
            desk.turn()
        assert desk.queue.todo[0].item.relative == "a.mp4"
    assert not (desk.out / ".tintcast/starts.json").exists()
    films_are(monkeypatch, postponed())
    assert desk.turn() == {"a.mp4": "done"}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a.mp4": 3}', b'{"a.mp4": ["x", 1]}'])
def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "starts.json"
    path.write_bytes(content)
    starts = Starts(path)
    assert not starts.is_suspect("a.mp4", 0)
    starts.begin("a.mp4", 0)
    starts.end("a.mp4")
    assert not path.exists()
