"""A guest's verdicts, with clocks, boards and disks that do what the test says."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from children import children
from odd_children import run
from worlds import World

from device.config import BatchSettings
from device.engine import Stop
from device.errors import Postponed, SpaceError
from device.jobs.batch import room
from device.jobs.batch.guest import Cause, Guest, Verdict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world() -> World:
    return World()


NIGHT = "22:00-07:00"


def test_without_rules_it_goes(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0)
    assert guest.verdict() == Verdict()
    assert guest.window() is None


def test_in_its_hours_it_goes_and_out_of_them_it_leaves(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    assert guest.verdict().kind == "go"
    world.set_clock("2026-11-22 07:00")
    assert guest.verdict() == Verdict("leave", Cause.HOURS, "out of hours until 22:00")
    with pytest.raises(Postponed, match="out of hours until 22:00"):
        raise guest.terms.leave() or ValueError
    window = guest.window()
    assert window is not None
    assert window.closes - window.opens == 9 * 3600


def test_a_clock_that_jumps_is_followed_in_both_directions(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    seen = []
    for text in (
        "2026-11-21 23:00",
        "2026-11-22 09:00",  # forward, out of the night
        "2026-11-21 23:30",  # back into it
        "1970-01-01 12:00",  # a battery that was taken out
        "2031-05-01 03:00",  # years forward, into a night
    ):
        world.set_clock(text)
        seen.append(guest.verdict().kind)
    assert seen == ["go", "leave", "go", "leave", "go"]


def test_it_looks_again_however_the_wall_clock_stands(world: World, tmp_path: Path) -> None:
    """How often it looks goes by the clock that can't be set."""
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    assert guest.verdict().kind == "go"
    world.wall -= 12 * 3600
    assert guest.verdict().kind == "go"
    world.later(1)
    assert guest.verdict().kind == "leave"


def test_hours_count_only_by_a_clock_that_is_right(world: World, tmp_path: Path) -> None:
    world.right = False
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    assert guest.verdict().cause is Cause.CLOCK
    assert "not synchronized" in guest.verdict().reason
    world.right = True
    world.later(1)
    assert guest.verdict().kind == "go"


@pytest.mark.parametrize("settings", [{}, {"between": NIGHT, "wait_for_clock": False}])
def test_who_has_no_hours_or_is_told_to_believe_it_needs_no_clock(
    world: World, tmp_path: Path, settings: dict[str, object]
) -> None:
    world.right = False
    assert world.guest(tmp_path, keep_free_mb=0, **settings).verdict().kind == "go"


def test_heat_and_people_pause_it(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0)
    world.degrees = 85
    assert guest.verdict() == Verdict("pause", Cause.HEAT, "the board is hot (85 degrees), goes on at 70")
    world.paused = "the page"
    assert guest.verdict() == Verdict("pause", Cause.USER, "paused by the page")
    assert guest.terms.held() == "paused by the page"
    assert guest.terms.leave() is None
    world.paused = None
    world.degrees = 60
    world.later(100)
    assert guest.verdict().kind == "go"
    assert guest.terms.held() is None


def test_who_has_to_leave_is_not_only_paused(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0, between="02:00-03:00")
    world.paused = "the page"
    world.degrees = 90
    assert guest.verdict().cause is Cause.HOURS
    assert guest.terms.held() is None


def test_a_short_disk_ends_what_is_written_but_is_not_waited_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: 3 * 10**6)
    guest = world.guest(tmp_path, keep_free_mb=10)
    assert guest.verdict().cause is Cause.ROOM
    with pytest.raises(SpaceError, match="the disk has 3 MB left, 10 MB stay free"):
        raise guest.terms.leave() or ValueError
    assert guest.wait(Stop(), lambda _: None)
    with pytest.raises(SpaceError):
        guest.room.check(1000)


def test_it_waits_and_tells_each_reason_once(world: World, tmp_path: Path) -> None:
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    world.set_clock("2026-11-21 20:00")
    told: list[Cause] = []

    def tell(verdict: Verdict) -> None:
        told.append(verdict.cause)
        if verdict.cause is Cause.HOURS:
            world.degrees = 90
            world.set_clock("2026-11-21 22:00")
        else:
            threading.Timer(0.5, cool).start()

    def cool() -> None:
        world.degrees = 40
        world.later(100)

    assert guest.wait(Stop(), tell)
    assert told == [Cause.HOURS, Cause.HEAT]


def test_a_stop_ends_the_wait(world: World, tmp_path: Path) -> None:
    world.set_clock("2026-11-21 12:00")
    stop = Stop()
    threading.Timer(0.3, stop.request).start()
    assert not world.guest(tmp_path, between=NIGHT, keep_free_mb=0).wait(stop, lambda _: None)


def test_its_bounds_are_those_of_the_configuration(world: World, tmp_path: Path) -> None:
    terms = world.guest(tmp_path, memory_mb=777, priority="normal").terms
    assert (terms.memory_mb, terms.low) == (777, False)
    assert world.guest(tmp_path).terms.low


def test_a_child_stands_back_rests_goes_on_and_leaves_by_these_rules(world: World, tmp_path: Path) -> None:
    """With a real process, and everything but the clock and the board real."""
    guest = world.guest(tmp_path, keep_free_mb=0, between=NIGHT)
    nice: list[int] = []
    counted: list[int] = []

    def hears(message: object) -> None:
        if message == 3:
            (child,) = children(os.getpid(), "odd_child")
            nice.append(os.getpriority(os.PRIO_PROCESS, child))
            world.degrees = 95
            world.later(2)
        if message == ("waits", "the board is hot (95 degrees), goes on at 70") and world.degrees > 90:
            world.degrees = 50
            world.later(100)
        if isinstance(message, int):
            counted.append(message)
        if message == 40:
            world.set_clock("2026-11-22 07:00")

    began = time.monotonic()
    with pytest.raises(Postponed, match="out of hours until 22:00"):
        run("count", stall_s=20, terms=guest.terms, hears=hears)
    assert nice == [19]
    assert counted == list(range(len(counted)))
    assert len(counted) > 40
    assert time.monotonic() - began < 30


def test_the_real_board_gives_a_verdict(tmp_path: Path) -> None:
    guest = Guest(BatchSettings(keep_free_mb=0, between="00:00-23:59"), tmp_path)
    assert guest.verdict().kind in {"go", "pause", "leave"}
