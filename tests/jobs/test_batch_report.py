"""report.json and report.html of a night: whole, bounded, and safe with whatever files are called."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import pytest
from nights import HOSTILE_NAMES, jpeg, lay_film, record
from PIL import Image

from device.config import load_config
from device.engine import Stop
from device.jobs.batch import report as report_module
from device.jobs.batch import report_page
from device.jobs.batch.naming import shell_word
from device.jobs.batch.records import Ledger, Outcome
from device.jobs.batch.report import Report, own_page, refresh_page
from device.jobs.batch.report_page import page_of
from device.jobs.batch.report_schema import NightReport
from device.jobs.batch.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.jobs.batch.records import Record

CONFIG = load_config(overrides={"network": {"name": "<b>"}, "hints": {"reference": os.fsdecode(b"\xff.png")}})


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def night(records: Sequence[Record], **others: Any) -> Status:
    return Status(**{"state": "working", "left": 2, "records": tuple(records), **others})


def read(out: Path) -> NightReport:
    return NightReport.model_validate_json((out / "report.json").read_bytes())


def page(out: Path) -> str:
    return (out / "report.html").read_text(encoding="utf-8")


def written(out: Path, records: Sequence[Record], said: list[str], **others: Any) -> NightReport:
    """Write both as at the end of a night, and read the first."""
    status = night(records, **others)
    Report(out.parent / "in", out, CONFIG, say=said.append).close(status, records)
    return read(out)


def test_it_is_there_after_every_file_and_says_all_of_it(out: Path, said: list[str]) -> None:
    report = Report(out.parent / "in", out, CONFIG, say=said.append)
    records: list[Record] = []
    for each in (
        record("a.mp4", passed=50, resumed=100, figures={"flicker": 0.123456, "colourfulness": None}),
        record("b.avi", Outcome.FAILED, how="crashed", reason="died of SIGSEGV"),
        record("c.mp4", Outcome.SKIPPED, reason="it is in colour already"),
        record("p.png", kind="picture", frames=1, seconds=1.0),
    ):
        records.append(each)
        report.tell(night(records), records)
        assert len(read(out).files) == len(records)
    earlier = [record("z.mp4"), *records]
    report.close(night(records, state="finished", left=0), earlier)
    told = read(out)
    assert [each.file for each in told.files] == ["b.avi", "a.mp4", "p.png", "z.mp4", "c.mp4"]
    failed, done, _, other, _ = told.files
    assert (failed.outcome, failed.how, failed.reason) == ("failed", "crashed", "died of SIGSEGV")
    assert (done.figures, done.this_run, other.this_run) == (
        {"flicker": 0.1235, "colourfulness": None},
        True,
        False,
    )
    assert told.totals.model_dump() == {
        "films": 2,
        "pictures": 1,
        "skipped": 1,
        "failed": 1,
        "left": 0,
        "arriving": 0,
        "frames": 500,
        "passed": 50,
        "seconds": 26.0,
        "rate": 20.0,
        "out_bytes": 15_000_000,
    }
    assert told.network.sha256 == "ab" * 32
    assert told.settings["film"]["codec"] == "h264"
    assert "mqtt" not in told.settings
    assert told.machine.cores > 0
    assert told.state == "finished"
    assert said == []


def test_every_key_of_the_schema_is_described() -> None:
    def described(schema: dict[str, Any]) -> None:
        for name, each in schema.get("properties", {}).items():
            assert each.get("description"), name
        for each in schema.get("$defs", {}).values():
            described(each)

    described(NightReport.model_json_schema())


def test_hostile_names_are_told_whole_and_do_no_harm(out: Path, said: list[str]) -> None:
    records = [record(name, notes=(name,), reason=name) for name in HOSTILE_NAMES]
    records += [record(f"x{name}", Outcome.FAILED, reason=name, notes=(name,)) for name in HOSTILE_NAMES]
    for name in HOSTILE_NAMES[:-1]:
        lay_film(out, name, [jpeg(1), jpeg(2)])
    told = written(out, records, said)
    assert {unquote_to_bytes(each.href) for each in told.files} == {
        os.fsencode(each.relative) for each in records
    }
    json.loads((out / "report.json").read_bytes().decode("utf-8"))
    html = page(out)
    assert "<img src=x" not in html
    assert "49 " not in re.sub(r"data:[^\")]*", "", html)
    assert html.count("<script>") == 1
    assert 'onload="alert' not in html
    assert html.isprintable() or all(line.isprintable() for line in html.splitlines())
    assert all(not re.match(r"(?i)javascript:", link) for link in re.findall(r'href="([^"]*)"', html))
    assert said == []


def test_a_films_page_has_its_strip_its_shots_and_the_line_to_redo_one(out: Path, said: list[str]) -> None:
    lay_film(out, "reel 1/grandma's.mp4", [jpeg(seed, (320, 180)) for seed in range(3)], own=(2,))
    written(out, [record("reel 1/grandma's.mp4")], said)
    html = page(out)
    film = out / "reel 1/grandma's.mp4"
    words = f"tintcast redo {shell_word(film)} --shot 3".replace("'", "&#39;").replace('"', "&#34;")
    assert words in html
    assert html.count(">in its own colour<") == 1
    pictures = [base64.b64decode(each) for each in re.findall(r"data:image/jpeg;base64,([^\")]+)", html)]
    strip, *stills = (Image.open(io.BytesIO(each)) for each in pictures)
    assert len(stills) == 3
    assert stills[0].width / stills[0].height == pytest.approx(320 / 180, rel=0.02)
    middle = strip.height // 2
    above = strip.crop((0, 0, strip.width // 4, middle - 4)).convert("YCbCr")
    below = strip.crop((0, middle + 4, strip.width // 4, strip.height)).convert("YCbCr")
    assert _spread(above) < 12 < _spread(below)
    assert (above.width, above.height) == (below.width, below.height)


def _spread(picture: Image.Image) -> int:
    """How far apart chroma lies."""
    return max(high - low for low, high in (picture.getchannel(c).getextrema() for c in ("Cb", "Cr")))  # type: ignore[operator,misc]


def test_stills_that_are_broken_or_gone_are_left_out(out: Path, said: list[str]) -> None:
    lay_film(out, "a.mp4", [jpeg(1), b"no picture at all", jpeg(2)[:300], jpeg(3, (5000, 40))])
    next(out.glob(".a.mp4.shots/0001-*")).unlink()
    written(out, [record("a.mp4")], said)
    assert page(out).count("data:image/jpeg") == 0
    assert page(out).count("--shot") == 4
    assert said == []


def test_a_film_without_shots_has_its_figures(out: Path, said: list[str]) -> None:
    written(out, [record("a.mp4", figures={"flicker": 0.5, "colourfulness": 31.4})], said)
    assert "flicker 0.5" in page(out)
    assert "colourfulness 31.4" in page(out)


def test_hundreds_of_films_with_many_shots_stay_within_bounds(
    out: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_page, "_BYTES", 400_000)
    monkeypatch.setattr(report_page, "_STRIP_BYTES", 200_000)
    monkeypatch.setattr(report_page, "_MOST_SHOTS", 200)
    still = jpeg(1, (640, 480))
    records = [record(f"{number:03d}.mp4") for number in range(30)]
    for each in records:
        lay_film(out, each.relative, [still] * 20)
    many = [record(f"{number}.png", kind="picture") for number in range(3000)]
    told = written(out, [*records, *many], said)
    html = page_of(told, out, Stop())
    pictures = sum(map(len, re.findall(r"data:[^\")]*", html)))
    assert pictures < 420_000
    assert html.count('<details class="film ') == 30
    assert html.count("--shot") == 30 * 6
    assert "20 shots" in html
    assert len(html) - pictures < 600_000


def test_what_a_card_is_written_for_reports_is_a_small_share(
    out: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "_SMALL", 2000)
    monkeypatch.setattr(Report, "_begin_page", lambda _: None)
    report = Report(out.parent / "in", out, CONFIG, say=said.append)
    records: list[Record] = []
    sizes = []
    for number in range(200):
        records.append(record(f"{number}.png", kind="picture", out_bytes=1000))
        report.tell(night(records), records)
        sizes.append((out / "report.json").stat().st_ino)
    assert len(set(sizes)) <= 3
    records.append(record("film.mp4", out_bytes=50_000_000))
    report.tell(night(records), records)
    assert len(read(out).files) == 201


def test_a_shot_that_was_done_again_is_seen_on_the_page(out: Path, said: list[str]) -> None:
    lay_film(out, "reel 1/a.mp4", [jpeg(1), jpeg(2)])
    assert refresh_page(out / "reel 1/a.mp4", Stop()) is None  # of no night
    with Ledger(out).hold():
        written(out, [record("reel 1/a.mp4")], said)
        before = page(out)
        lay_film(out, "reel 1/a.mp4", [jpeg(1), jpeg(3)], figures={"flicker": 0.25})
        assert refresh_page(out / "reel 1/a.mp4", Stop()) is None  # the night goes on
        assert page(out) == before
    assert refresh_page(out / "reel 1/a.mp4", Stop()) == out / "report.html"
    assert "flicker 0.25" in page(out)
    assert _stills(page(out)) != _stills(before)
    (out / "report.html").write_text("<h1>my own</h1>")
    assert refresh_page(out / "reel 1/a.mp4", Stop()) is None
    assert page(out) == "<h1>my own</h1>"


def _stills(html: str) -> set[str]:
    return set(re.findall(r"data:image/jpeg[^\")]+", html))


def test_files_of_others_under_these_names_are_left_alone(out: Path, said: list[str]) -> None:
    (out / "report.html").write_text("<h1>my own report</h1>")
    written(out, [record("a.mp4")], said)
    assert page(out) == "<h1>my own report</h1>"
    assert own_page(out) is None
    assert said == ["report.html is there and not ours: it is left alone"]
    (out / "report.html").unlink()
    assert own_page(out) is None
    for _ in range(2):
        written(out, [record("a.mp4")], said)
    assert "a.mp4" in page(out)
    assert own_page(out) == out / "report.html"
    assert len(said) == 1


def test_what_failed_is_tried_again_with_the_settings_of_the_night(out: Path, said: list[str]) -> None:
    written(out, [record("a.mp4", Outcome.FAILED, reason="crashed")], said)
    assert "run the command of that night again with <code>--retry-failed</code> added" in page(out)
    assert "tintcast batch" not in page(out)


def test_what_cant_be_written_is_said_once_and_ends_nothing(out: Path, said: list[str]) -> None:
    report = Report(out.parent / "in", out, CONFIG, say=said.append)
    (out / "report.json.part").mkdir()
    for _ in range(3):
        report.tell(night([record("a.mp4")]), [record("a.mp4")])
    report.close(night([record("a.mp4")]), [record("a.mp4")])
    assert 1 <= len(said) <= 3
    assert any("report.json" in line and "goes on" in line for line in said)


def test_a_run_that_is_stopped_ends_soon_and_its_report_says_so(out: Path, said: list[str]) -> None:
    still = jpeg(1, (640, 480))
    for number in range(40):
        lay_film(out, f"{number}.mp4", [still] * 20)
    records = [record(f"{number}.mp4") for number in range(40)]
    report = Report(out.parent / "in", out, CONFIG, say=said.append)
    began = time.monotonic()
    report.close(night(records), records, stopped=True)
    assert time.monotonic() - began < 10
    assert read(out).state == "stopped"
    assert said == []
