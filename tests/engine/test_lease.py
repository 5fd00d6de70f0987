from __future__ import annotations

import pytest

from device.engine import Leases, Stop, fail_if_expired
from device.errors import TintcastError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_lease_runs_out_without_a_sign_of_life(clock: Clock) -> None:
    leases = Leases(clock)
    leases.lease("source", 5)
    clock.now += 5
    assert leases.expired() == []
    clock.now += 0.1
    assert leases.expired() == ["source"]


def test_a_beat_renews_it(clock: Clock) -> None:
    leases = Leases(clock)
    lease = leases.lease("source", 5)
    for _ in range(10):
        clock.now += 4
        lease.beat()
    assert leases.expired() == []
    clock.now += 6
    assert lease.expired


def test_waiting_counts_from_the_end_of_the_wait(clock: Clock) -> None:
    leases = Leases(clock)
    lease = leases.lease("camera", 5)
    lease.waiting("a camera", 60)
    clock.now += 64
    assert leases.expired() == []
    clock.now += 2
    assert leases.expired() == ["camera"]


def test_a_wait_that_should_be_over_is_not_shorter_than_none(clock: Clock) -> None:
    leases = Leases(clock)
    lease = leases.lease("camera", 5)
    lease.waiting("a camera", -60)
    clock.now += 4
    assert leases.expired() == []


def test_a_beat_after_a_wait_ends_it(clock: Clock) -> None:
    leases = Leases(clock)
    lease = leases.lease("camera", 5)
    lease.waiting("a camera", 1000)
    lease.beat()
    clock.now += 6
    assert leases.expired() == ["camera"]


def test_only_those_that_ran_out_are_named(clock: Clock) -> None:
    leases = Leases(clock)
    leases.lease("slow", 1)
    leases.lease("fine", 100)
    gone = leases.lease("gone", 1)
    gone.release()
    gone.release()
    clock.now += 10
    assert leases.expired() == ["slow"]


def test_two_leases_of_one_name_are_two(clock: Clock) -> None:
    leases = Leases(clock)
    with leases.lease("sink", 1):
        other = leases.lease("sink", 1)
    clock.now += 2
    assert leases.expired() == ["sink"]
    assert other.expired


def test_status_tells_people_what_is_going_on(clock: Clock) -> None:
    leases = Leases(clock)
    assert leases.status() == "nothing runs"
    leases.lease("source", 100)
    leases.lease("colour", 100).waiting("frames", 1)
    leases.lease("sink", 1)
    clock.now += 2
    assert leases.status() == "source works; colour waits for frames; sink does not answer"


def test_the_watchdog_names_who_is_stuck(clock: Clock) -> None:
    leases, stop = Leases(clock), Stop()
    leases.lease("decoder", 1)
    fail_if_expired(leases, stop)
    assert not stop.is_set()
    clock.now += 2
    fail_if_expired(leases, stop)
    with pytest.raises(TintcastError, match="decoder"):
        stop.raise_if_failed()


def test_the_watchdog_leaves_a_run_alone_that_is_ending(clock: Clock) -> None:
    leases, stop = Leases(clock), Stop()
    leases.lease("decoder", 1)
    stop.request()
    clock.now += 2
    fail_if_expired(leases, stop)
    stop.raise_if_failed()
