"""Records that were damaged or edited count as none; two files never share one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from nights import record

from device.jobs.batch.records import Begun, Ledger

if TYPE_CHECKING:
    from pathlib import Path

_DEEP = "[" * 500 + "]" * 500


@pytest.mark.parametrize(
    "wrong",
    [
        *({"out": out} for out in ("/etc/x.mp4", "../../x.mp4", "a/../../x.mp4", 5, "", ".", "a\0.mp4")),
        {"out": ".tintcast/lock"},
        *({"relative": relative} for relative in ([], "/a.mp4", "../a.mp4", "\ud800.mp4")),
        *({"identity": identity} for identity in (None, [], {"source": "x"})),
        *({"began": None}, {"kind": "song"}, {"kind": []}, {"notes": [1]}, {"notes": 1}),
        *({"rate": rate} for rate in ("x", None, float("nan"), 10**30)),
        *({"frames": 1.5}, {"reason": None}, {"source": 1}, {"figures": []}),
    ],
    ids=str,
)
def test_a_record_that_says_what_we_never_write_counts_as_none(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record("a.mp4"))
        ledger.write(record("b.mp4"))
    path = tmp_path / ".tintcast/jobs/a.mp4.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **wrong}))
    again = Ledger(tmp_path)
    assert again.all() == [record("b.mp4")]
    with again.hold():
        again.write(record("a.mp4"))
    assert len(Ledger(tmp_path).all()) == 2


@pytest.mark.parametrize("deep", [_DEEP, "[" * 10**5, '{"a":' * 300 + "1" + "}" * 300])
def test_no_record_is_so_deep_that_it_ends_a_night(tmp_path: Path, deep: str) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.write(record("a.mp4"))
    path = tmp_path / ".tintcast/jobs/a.mp4.json"
    path.write_text(path.read_text().replace('"figures": {}', f'"figures": {{"a": {deep}}}'))
    (tmp_path / ".tintcast/begun.json").write_text(deep)
    assert Ledger(tmp_path).all() == []
    assert Ledger(tmp_path).begun() == ()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"outs": outs} for outs in ([5], ["/etc/x"], ["../x"], [""], 5, None)),
        *({"relative": relative} for relative in ([], "../a.mp4")),
        *({"identity": identity} for identity in (None, [], {"source": None})),
    ],
    ids=str,
)
def test_what_was_begun_is_as_we_wrote_it_or_nothing(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with Ledger(tmp_path).hold() as ledger:
        ledger.begin((Begun("a.avi", ("a.mp4",), {"source": {}}),))
    path = tmp_path / ".tintcast/begun.json"
    path.write_text(json.dumps([{**json.loads(path.read_text())[0], **wrong}]))
    assert Ledger(tmp_path).begun() == ()


def test_files_whose_records_would_meet_each_have_one(tmp_path: Path) -> None:
    names = ["a.json/x.mp4", "a.json_/x.mp4"]
    for _ in range(2):
        with Ledger(tmp_path).hold() as ledger:
            for name in names:
                ledger.write(record(name))
    again = Ledger(tmp_path)
    assert sorted(each.relative for each in again.all()) == names
    assert len(list((tmp_path / ".tintcast/jobs").rglob("*.json"))) == 2


def test_pipes_under_the_names_of_records_are_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / ".tintcast"
    (folder / "jobs").mkdir(parents=True)
    for name in ("jobs/a.mp4.json", "begun.json", "starts.json"):
        os.mkfifo(folder / name)
    with Ledger(tmp_path).hold() as ledger:
        assert (ledger.all(), ledger.begun()) == ([], ())
        assert not ledger.starts.is_suspect("a.mp4", 0)
        ledger.write(record("a.mp4"))
    assert Ledger(tmp_path).all() == [record("a.mp4")]
