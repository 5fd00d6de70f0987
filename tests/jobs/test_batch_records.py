"""What a night keeps of each file: whole whenever it is read, for one run at a time."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from nights import record

from device.errors import ConfigurationError, MissingInput
from device.jobs.batch.records import Begun, Ledger, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    done = record("sub/a.avi", out="sub/a.mp4", notes=("a note",), figures={"flicker": 0.5})
    failed = record("b.mp4", Outcome.FAILED, how="corrupt", reason="is cut short")
    with Ledger(tmp_path / "out").hold() as ledger:
        ledger.write(done)
        ledger.write(failed)
        assert ledger.get("b.mp4") == failed
    again = Ledger(tmp_path / "out")
    assert sorted(again.all(), key=lambda each: each.relative) == [failed, done]
    assert again.get("sub/a.avi") == done
    assert again.get("c.mp4") is None


@pytest.mark.parametrize(
    "name",
    [
        "キネマ/映画.mp4",
        os.fsdecode(b"caf\xe9/\xff.mp4"),
        "x" * 251 + ".mp4",
        "é" * 125 + ".mp4",
        "line\nbreak.mp4",
        ".",
    ],
)
def test_any_name_that_a_file_can_have_has_a_record(tmp_path: Path, name: str) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record(name, out="a.mp4"))
        ledger.begin((Begun(name, ("a.mp4",), {"network": "1"}),))
    again = Ledger(tmp_path)
    assert [each.relative for each in again.all()] == [name]
    assert again.begun() == (Begun(name, ("a.mp4",), {"network": "1"}),)


def test_a_folder_may_be_called_like_a_record(tmp_path: Path) -> None:
    with Ledger(tmp_path).hold() as ledger:
        for name in ("a.mp4", "a.mp4.json/b.mp4"):
            ledger.write(record(name))
    assert {each.relative for each in Ledger(tmp_path).all()} == {"a.mp4", "a.mp4.json/b.mp4"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1, "outcome": "odd"}'])
def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path, content: bytes) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record("a.mp4"))
        ledger.write(record("b.mp4"))
    (tmp_path / ".tintcast/jobs/a.mp4.json").write_bytes(content)
    assert [each.relative for each in Ledger(tmp_path).all()] == ["b.mp4"]


def test_what_a_later_version_writes_more_is_passed_over(tmp_path: Path) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record("a.mp4"))
    path = tmp_path / ".tintcast/jobs/a.mp4.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "weather": "fair"}))
    assert Ledger(tmp_path).all() == [record("a.mp4")]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with Ledger(tmp_path).hold():
        with pytest.raises(ConfigurationError, match="another run") as caught:
            Ledger(tmp_path).hold()
        assert str(tmp_path) in str(caught.value)
    with Ledger(tmp_path).hold():
        pass


def test_a_folder_that_cannot_be_made_is_a_wrong_argument(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError):
        Ledger(tmp_path / "file/out").hold()


def test_nothing_is_made_anew_where_the_disk_was_taken_out(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Ledger(out).hold() as ledger:
        out.rename(tmp_path / "unplugged")
        for write in (lambda: ledger.write(record("a.mp4")), lambda: ledger.begin(())):
            with pytest.raises(MissingInput, match="is gone"):
                write()
    assert not out.exists()


def test_what_was_begun_is_known_until_it_ends(tmp_path: Path) -> None:
    begun = (Begun("a.avi", ("a.mp4",), {"network": "x"}), Begun("b.gif", ("b.png", "b.gif"), {}))
    with Ledger(tmp_path).hold() as ledger:
        assert ledger.begun() == ()
        ledger.begin(begun)
        ledger.receipt.write_bytes(b"{}")
        assert Ledger(tmp_path).begun() == begun
        ledger.begin(begun[1:])
        assert not ledger.receipt.exists()
        ledger.end()
        assert Ledger(tmp_path).begun() == ()


def test_only_the_disk_of_the_results_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_disks() -> None:
        raise AssertionError

    monkeypatch.setattr(os, "sync", all_disks)
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record("a.png", kind="picture"))
        ledger.end()
    assert Ledger(tmp_path).get("a.png") is not None
