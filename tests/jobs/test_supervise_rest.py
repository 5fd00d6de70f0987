"""A child is held and goes on, is told to leave, and does not hear what is said to its whole service."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from children import children
from odd_children import run

from device.engine import Stop
from device.errors import Interrupted, Postponed, SpaceError
from device.jobs.supervise import Stalled, Terms

if TYPE_CHECKING:
    from device.errors import TintcastError


class Script:
    """Holds and releases a child by what it says, and has it leave in the end."""

    def __init__(self, *, hold_at: int, rest_s: float, leave_at: int) -> None:
        self.hold_at, self.leave_at, self.rest_s = hold_at, leave_at, rest_s
        self.reason: str | None = None
        self.why: TintcastError | None = None
        self.before: list[Any] = []
        self.while_held: list[Any] = []

    def hears(self, message: Any) -> None:
        if message == self.hold_at:
            self.reason = "the board is hot"
            threading.Timer(self.rest_s, self.release).start()
        elif self.reason is not None:
            self.while_held.append(message)
        if message == self.leave_at:
            self.why = Postponed("out of hours until 22:00")

    def release(self) -> None:
        self.reason = None

    @property
    def terms(self) -> Terms:
        return Terms(held=lambda: self.reason, leave=lambda: self.why)


def test_a_held_child_rests_says_why_and_goes_on_where_it_was() -> None:
    script = Script(hold_at=5, rest_s=2.5, leave_at=20)
    with pytest.raises(Postponed, match="out of hours until 22:00"):
        # It rests for longer than it may be stuck.
        run("count", stall_s=1.5, terms=script.terms, hears=script.hears)
    rests = script.while_held.index(("waits", "the board is hot"))
    # What was under way when the word came is all.
    assert script.while_held[:rests] == list(range(6, 6 + rests))
    assert not [message for message in script.while_held[rests:] if isinstance(message, int)]


def test_after_a_rest_a_child_that_gets_nowhere_is_found_out() -> None:
    began = time.monotonic()
    with pytest.raises(Stalled):
        run("hang", stall_s=0.8, terms=Terms(held=lambda: "hot" if time.monotonic() - began < 1.5 else None))
    assert time.monotonic() - began > 2.2


def test_a_stop_ends_a_child_that_rests() -> None:
    stop, script = Stop(), Script(hold_at=3, rest_s=60, leave_at=-1)
    timer = threading.Timer(1.5, stop.request)
    timer.start()
    began = time.monotonic()
    with pytest.raises(Interrupted) as caught:
        run("count", stop, terms=script.terms, hears=script.hears)
    assert type(caught.value) is Interrupted
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("task", ["wait", "hang", "segfault"])
def test_who_is_to_leave_leaves_with_the_reason_whatever_becomes_of_the_child(task: str) -> None:
    terms = Terms(leave=lambda: SpaceError("the disk has 3 MB left"))
    began = time.monotonic()
    with pytest.raises(SpaceError, match="3 MB left"):
        run(task, terms=terms)
    assert time.monotonic() - began < 15


def test_a_child_that_is_done_when_it_is_to_leave_is_done() -> None:
    script = Script(hold_at=-1, rest_s=0, leave_at=-1)

    def hears(message: Any) -> None:
        if message == 11:
            script.why = Postponed("out of hours")

    assert run("busy", terms=script.terms, hears=hears)[0] == "BUSY"


def test_a_childs_own_error_counts_more_than_a_wish_to_leave() -> None:
    with pytest.raises(Exception, match="is broken"):
        run("fail", terms=Terms(leave=lambda: Postponed("out of hours")))


def test_a_stop_signal_to_the_whole_service_reaches_the_parent_alone() -> None:
    """The service manager sends it to each process; who ends the child is its parent."""
    signalled: list[int] = []

    def hears(message: Any) -> None:
        if message == 2:
            signalled.extend(children(os.getpid(), "odd_child"))
            for child in signalled:
                os.kill(child, signal.SIGTERM)

    assert run("busy", hears=hears)[0] == "BUSY"
    assert len(signalled) == 1


def test_a_child_may_make_room_for_others_without_standing_back() -> None:
    found: list[tuple[int, int]] = []

    def hears(message: Any) -> None:
        if message == 2:
            (child,) = children(os.getpid(), "odd_child")
            found.append((os.getpriority(os.PRIO_PROCESS, child), os.sched_getscheduler(child)))

    run("busy", terms=Terms(nice=3), hears=hears)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert found == [(min(ours + 3, 19), os.sched_getscheduler(0))]
