"""A gate holds who comes, says why, and lets go; a stop goes through it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from device.engine import Gate, Leases, Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 10.0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_open_gate_costs_nothing() -> None:
    gate = Gate(Stop())
    gate.wait(Leases().lease("source"))
    assert gate.held is None
    assert gate.held_s == 0


def test_who_waits_says_why_and_goes_on() -> None:
    gate, leases = Gate(Stop()), Leases()
    lease = leases.lease("source", 0.5)
    gate.hold("the board is hot")
    through = threading.Event()
    thread = threading.Thread(target=lambda: (gate.wait(lease), through.set()), daemon=True)
    thread.start()
    until(lambda: lease.waiting_for == "the board is hot")
    gate.hold("paused by the page")
    until(lambda: lease.waiting_for == "paused by the page")
    assert not through.wait(0.8)
    assert leases.expired() == []
    gate.release()
    assert through.wait(DEADLINE_S)
    assert lease.waiting_for is None
    thread.join(DEADLINE_S)


def test_a_stop_is_met_at_a_held_gate() -> None:
    stop = Stop()
    gate = Gate(stop)
    gate.hold("hot")
    threading.Timer(0.2, stop.request).start()
    with pytest.raises(Stopped):
        gate.wait()


def test_an_open_gate_lets_pass_what_a_stop_ends_elsewhere() -> None:
    stop = Stop()
    stop.request()
    Gate(stop).wait()


def test_the_time_that_it_was_held_is_counted_once() -> None:
    now = 100.0
    gate = Gate(Stop(), lambda: now)
    gate.release()
    gate.hold("hot")
    now = 103.0
    gate.hold("still hot")
    assert gate.held_s == 3
    now = 105.0
    gate.release()
    now = 200.0
    assert gate.held_s == 5
    gate.hold("again")
    now = 201.0
    assert gate.held_s == 6
