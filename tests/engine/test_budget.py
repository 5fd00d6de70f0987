from __future__ import annotations

import threading
import time

import pytest

from device.engine import Budget, Leases, Stop, Stopped


def start(budget: Budget, amount: int, log: list[int], hold: threading.Event) -> threading.Thread:
    def run() -> None:
        with budget.use(amount, Leases().lease("test")):
            log.append(amount)
            hold.wait(5)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.05)
    return thread


def test_what_fits_is_used_at_once_and_the_rest_waits_its_turn() -> None:
    budget, log, hold = Budget(10, Stop()), [], threading.Event()
    threads = [start(budget, amount, log, hold) for amount in (4, 6, 7, 1)]
    assert log == [4, 6], "1 would fit nowhere before 7, which came first"
    hold.set()
    for thread in threads:
        thread.join(5)
    assert log == [4, 6, 7, 1]


def test_what_is_larger_than_all_has_it_to_itself() -> None:
    budget, log, hold = Budget(10, Stop()), [], threading.Event()
    first = start(budget, 3, log, hold)
    large = start(budget, 99, log, hold)
    assert log == [3]
    hold.set()
    first.join(5)
    large.join(5)
    assert log == [3, 99]


def test_a_stop_ends_the_wait_and_leaves_the_queue() -> None:
    stop = Stop()
    budget = Budget(1, stop)
    lease = Leases().lease("test")
    with budget.use(1, lease):
        threading.Timer(0.1, stop.request).start()
        with pytest.raises(Stopped), budget.use(1, lease):
            pass
    assert not budget._queue


def test_what_fails_gives_back_what_it_used() -> None:
    budget, lease = Budget(1, Stop()), Leases().lease("test")
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"), budget.use(1, lease):
            raise ValueError("mine")
    with budget.use(1, lease):
        pass
