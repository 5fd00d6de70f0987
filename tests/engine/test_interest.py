"""Whether anybody looks, on a clock of the test's own and on the real one."""

from __future__ import annotations

import threading
import time

from device.engine import Interest


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_lingers_from_its_beginning_and_after_the_last_has_gone() -> None:
    clock = Clock()
    interest = Interest(10, clock)
    assert interest.active
    clock.now += 10
    assert not interest.active
    with interest.hold("page"), interest.hold("page"):
        clock.now += 1000
        assert interest.active
        assert interest.holders() == ("page", "page")
    clock.now += 9.9
    assert interest.active
    assert interest.holders() == ()
    clock.now += 0.2
    assert not interest.active


def test_without_lingering_it_ends_at_once() -> None:
    interest = Interest(0)
    assert not interest.active
    with interest.hold("page"):
        assert interest.active
    assert not interest.active


def test_who_waits_wakes_when_somebody_comes() -> None:
    interest = Interest(0)
    assert not interest.wait(active=True, timeout=0.01)
    leave = threading.Event()

    def come() -> None:
        with interest.hold("page"):
            leave.wait(30)

    timer = threading.Timer(0.05, come)
    began = time.monotonic()
    timer.start()
    assert interest.wait(active=True, timeout=30)
    assert time.monotonic() - began < 10
    leave.set()
    timer.join()


def test_who_waits_for_rest_wakes_when_the_last_has_lingered() -> None:
    interest = Interest(0.1)
    with interest.hold("page"):
        assert not interest.wait(active=False, timeout=0.01)
    assert interest.wait(active=False, timeout=30)
    assert not interest.active
