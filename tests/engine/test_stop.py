from __future__ import annotations

import threading
import time

import pytest

from device.engine import POLL_S, Stop, Stopped
from device.errors import SpaceError, TintcastError


def test_a_fresh_stop_lets_the_run_go_on() -> None:
    stop = Stop()
    stop.raise_if_failed()
    stop.raise_if_stopped()
    assert not stop.is_set()
    assert stop.error is None


def test_a_request_ends_the_run_without_an_error() -> None:
    stop = Stop()
    stop.request()
    assert stop.is_set()
    assert stop.requested
    stop.raise_if_failed()
    with pytest.raises(Stopped):
        stop.raise_if_stopped()


def test_the_first_error_wins_and_is_raised_itself() -> None:
    stop = Stop()
    first = SpaceError("full", where="disk")
    stop.fail(first)
    stop.fail(ValueError("a consequence"))
    with pytest.raises(SpaceError) as caught:
        stop.raise_if_failed()
    assert caught.value is first
    assert stop.error is first
    assert "a consequence" in "".join(first.__notes__)


def test_an_error_after_a_request_is_not_lost() -> None:
    stop = Stop()
    stop.request()
    stop.fail(SpaceError("full"))
    with pytest.raises(SpaceError):
        stop.raise_if_failed()


def test_of_many_errors_at_once_exactly_one_wins() -> None:
    stop = Stop()
    errors = [TintcastError(str(number)) for number in range(32)]
    barrier = threading.Barrier(len(errors))

    def fail(error: TintcastError) -> None:
        barrier.wait(5)
        stop.fail(error)

    threads = [threading.Thread(target=fail, args=(error,)) for error in errors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert stop.error in errors
    assert len(getattr(stop.error, "__notes__", [])) == len(errors) - 1


def test_wait_sleeps_its_time_when_nothing_happens() -> None:
    begin = time.monotonic()
    assert not Stop().wait(0.05)
    assert 0.05 <= time.monotonic() - begin < 20


@pytest.mark.parametrize("how", ["request", "fail"])
def test_wait_ends_soon_after_the_stop(how: str) -> None:
    stop = Stop()
    act = stop.request if how == "request" else lambda: stop.fail(ValueError())
    timer = threading.Timer(0.05, act)
    timer.start()
    begin = time.monotonic()
    assert stop.wait(30)
    assert time.monotonic() - begin < 0.05 + POLL_S + 10
    timer.join(5)
