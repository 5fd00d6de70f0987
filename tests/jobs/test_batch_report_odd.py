"""Reports on nights with odd names, odd files beside them, and a great many records."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from nights import jpeg, lay_film, record

from device.config import load_config
from device.engine import Stop
from device.jobs.batch.records import Ledger
from device.jobs.batch.report import Report, refresh_page
from device.jobs.batch.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.jobs.batch.records import Record


def told(out: Path, records: Sequence[Record]) -> list[str]:
    """Report on ``records``; returns what was said."""
    said: list[str] = []
    status = Status(state="finished", records=tuple(records))
    Report(out / "in", out, load_config(), say=said.append).close(status, records)
    return said


@pytest.mark.parametrize("ending", [".gif", ".mp4"])
def test_a_name_as_long_as_a_disk_takes_ends_no_report(tmp_path: Path, ending: str) -> None:
    name = "x" * 250 + ending
    assert told(tmp_path, [record(name, kind="picture" if ending == ".gif" else "film")]) == []
    (entry,) = json.loads((tmp_path / "report.json").read_bytes())["files"]
    assert (entry["file"], entry["shots"]) == (name, None)


@pytest.mark.parametrize(
    "edited", [b"tintcast night {", b'{"format": "tintcast night"}', b'"tintcast night"']
)
def test_a_report_that_was_edited_by_hand_is_no_trouble_for_a_redone_film(
    tmp_path: Path, edited: bytes
) -> None:
    lay_film(tmp_path, "a.mp4", [jpeg(1)])
    with Ledger(tmp_path).hold():
        told(tmp_path, [record("a.mp4")])
    (tmp_path / "report.json").write_bytes(edited)
    assert refresh_page(tmp_path / "a.mp4", Stop()) is None


def test_a_pipe_under_the_name_of_a_report_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.json")
    assert told(tmp_path, [record("a.mp4")]) == ["report.json is there and not ours: it is left alone"]
    assert refresh_page(tmp_path / "a.mp4", Stop()) is None


def test_a_report_on_very_many_files_is_written_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("device.jobs.batch.report.time.monotonic", lambda: now)
    monkeypatch.setattr(Report, "_begin_page", lambda _: None)
    report = Report(tmp_path / "in", tmp_path, load_config(), say=pytest.fail)
    records = [record(f"{number}.png", kind="picture", out_bytes=0) for number in range(4000)]
    written: list[int] = []
    monkeypatch.setattr("device.jobs.batch.report.write_bytes", lambda _, data: written.append(len(data)))
    for _ in range(10):
        report.tell(Status(state="working", records=tuple(records)), records)
        now += 61
    assert 1 <= len(written) <= 610 / 60 / (written[0] / 1e6) + 1 < 10
