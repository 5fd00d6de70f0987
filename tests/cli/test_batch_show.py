"""What a night shows on a terminal and in a journal, and its last words."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import record
from rich.cells import cell_len

from device.cli.batch_lines import bars, ended, plain, shortened, summary
from device.cli.batch_show import NightShow
from device.jobs.batch.records import Outcome
from device.jobs.batch.status import Night, Status
from device.jobs.film import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = os.fsdecode(b"reel \x1b[31m\xff\n\x07 1.mp4")
WORKING = Status(
    state="working",
    file="grandma/1938 at the sea.mp4",
    progress=Progress("colour", 1200, 5000, 23.4, 31.0, 1210),
    done=11,
    failed=1,
    left=28,
    arriving=2,
    film_seconds_left=162.4,
    night_seconds_left=12_100,
)


def shown(status: Status, width: int) -> list[str]:
    return [line.plain for line in bars(status, width)]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_bars_tell_film_and_night_with_rate_and_time_left() -> None:
    night, film, name, counts = shown(WORKING, 100)
    assert night.endswith("12/40  3 h 22 min left")
    assert film.endswith("1200/5000  3 min left  23.4 frames/s")
    assert name == "grandma/1938 at the sea.mp4"
    assert counts == "1 failed, 2 arriving"
    assert film.split()[1] == "━" * 9 + "╸" + "─" * 30


@pytest.mark.parametrize("width", [1, 2, 5, 12, 20, 33, 40, 60, 80, 200])
@pytest.mark.parametrize("name", [WORKING.file, "長い名前" * 30 + ".mp4", HOSTILE * 5])
def test_lines_never_wrap(width: int, name: str) -> None:
    for status in (
        Status(),
        WORKING,
        Status(**{**fields(WORKING), "file": name}),
        Status(state="paused", reason="81 degrees", file=name),
        Status(state="waiting", reason="until 22:00"),
    ):
        lines = shown(status, width)
        assert all(cell_len(line) <= max(width - 1, 1) for line in lines)
        assert all(line.isprintable() for line in lines)


def fields(status: Status) -> dict[str, Any]:
    return {name: getattr(status, name) for name in status.__slots__}


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert shortened("a film of the summer of 1938.mp4", 17) == "a film o…1938.mp4"
    assert shortened("short.mp4", 9) == "short.mp4"


@given(st.text(), st.integers(1, 40))
def test_what_is_shortened_fits(text: str, width: int) -> None:
    assert cell_len(shortened(text, width)) <= max(width, 1)


def test_a_pause_and_a_wait_say_why() -> None:
    paused = Status(state="paused", reason="81 degrees", file="a.mp4", left=1)
    assert "paused: 81 degrees (a.mp4)" in shown(paused, 80)
    assert plain(paused) == "paused: 81 degrees (a.mp4) (0/1 files)"
    assert "paused by MQTT" in shown(Status(state="paused", reason="paused by MQTT"), 80)
    assert "waiting: until 22:00" in shown(Status(state="waiting", reason="until 22:00"), 80)


def test_a_plain_line_tells_all_of_it() -> None:
    assert plain(WORKING) == (
        "grandma/1938 at the sea.mp4, frame 1200/5000, 23.4 frames/s, 3 min left "
        "(12/40 files, 1 failed, 2 arriving, 3 h 22 min left in all)"
    )


def test_without_a_terminal_there_are_lines_and_no_control_characters(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    said: list[str] = []

    def read() -> str:
        said.append(capfd.readouterr().err)
        return "".join(said)

    night = Night()
    with NightShow(plain_s=0.05) as show:
        show.watch(night.status)
        night.change(state="working", file=HOSTILE, progress=Progress("colour", 1, 5, 2.0), left=2)
        wait_for(lambda: "frame 1/5" in read())
        night.change(records=(record(HOSTILE), record("b.mp4", Outcome.FAILED, reason="not\na film")), done=1)
    text = read()
    assert "done: reel " in text
    assert "failed: b.mp4: not a film\n" in text
    assert all(line.isprintable() for line in text.splitlines())
    assert "\x1b" not in text


@pytest.mark.parametrize("error", [BrokenPipeError, OSError])
def test_a_night_goes_on_although_nobody_reads_of_it(
    error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        tried = 0

        def write(self, _text: str) -> int:
            self.tried += 1
            raise error(errno.EPIPE, "gone")

    monkeypatch.setattr(sys, "stderr", gone := Gone())
    night = Night()
    with NightShow(plain_s=0.01) as show:
        show.watch(night.status)
        for number in range(3):
            show.say(f"line {number}")
            night.change(records=(*night.status().records, record(f"{number}.mp4")))
        wait_for(lambda: gone.tried >= 6)
    monkeypatch.undo()


def test_each_file_is_told_once_and_the_last_ones_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    night = Night()
    with NightShow() as show:
        show.watch(night.status)
        for count in range(1, 4):
            night.change(records=tuple(record(f"{number}.mp4") for number in range(count)))
    said = capfd.readouterr().err
    assert [said.count(f"done: {number}.mp4") for number in range(3)] == [1, 1, 1]


def test_one_line_for_each_kind_of_end() -> None:
    done = record("a.mp4", resumed=100, notes=("its 10 bits were rounded to 8",))
    assert ended(done) == (
        "done: a.mp4: 250 frames in 12 s, 20.0 frames/s, 100 of them in earlier runs; "
        "its 10 bits were rounded to 8"
    )
    assert ended(record("p.png", kind="picture")) == ""
    broken = record("p.png", Outcome.FAILED, kind="picture", reason="is broken")
    assert ended(broken) == "failed: p.png: is broken"
    skipped = record("c.mp4", Outcome.SKIPPED, reason="it is in colour already")
    assert ended(skipped) == "passed over: c.mp4: it is in colour already"


def test_last_words() -> None:
    records = (
        record("a.mp4"),
        record("b.mp4", Outcome.FAILED, reason="crashed"),
        record("b.mp4"),
        record("p.png", kind="picture", seconds=1.0),
        record("c.mp4", Outcome.SKIPPED, reason="it is in colour already"),
        record("d.avi", Outcome.FAILED, reason="not a film"),
    )
    status = Status(state="finished", records=records, before=3, arriving=1, left=2)
    assert summary(status, "out/report.html") == [
        "2 films and 1 picture done in 26 s: 500 frames, 20.0 frames/s",
        "1 file passed over: it is in colour already",
        "3 files finished in earlier runs",
        "2 files left: run it again to go on from here",
        "1 file still arriving: left for the next run",
        "1 file failed (--retry-failed tries again):",
        "  d.avi: not a film",
        "to look at: out/report.html",
    ]
    assert summary(Status(state="finished"), None) == ["nothing to do"]


def test_what_every_run_tries_again_needs_no_retry() -> None:
    there = record("a.mp4", Outcome.FAILED, how="there", reason="a.mp4 is not ours")
    broken = record("b.mp4", Outcome.FAILED, how="corrupt", reason="not a film")
    assert summary(Status(records=(there,)), None)[0] == "1 file failed:"
    both = summary(Status(records=(there, broken)), None)[0]
    assert both == "2 files failed (--retry-failed tries 1 of them again):"


def test_a_film_has_the_same_rate_in_its_line_and_at_the_end() -> None:
    film = record("a.mp4", seconds=100.0, rate=20.0)
    assert "20.0 frames/s" in ended(film)
    assert "20.0 frames/s" in summary(Status(records=(film,)), None)[0]


def test_a_thousand_failures_are_not_listed_one_by_one() -> None:
    records = tuple(record(f"{n}.mp4", Outcome.FAILED, reason="broken") for n in range(1000))
    said = summary(Status(records=records), None)
    assert len(said) < 30
    assert said[-1] == "  and 980 more"
