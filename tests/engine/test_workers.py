from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.engine import Channel, Lease, Leases, Stop, Workers
from device.errors import SpaceError, TintcastError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Boom(Exception):
    pass


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """An event for threads that are to be stuck; set at the end, so that none outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def test_join_returns_when_all_are_done(stop: Stop) -> None:
    leases, done = Leases(), []
    workers = Workers(stop, leases)
    for number in range(3):
        workers.start(f"w{number}", lambda _lease, number=number: done.append(number))
    workers.join()
    assert sorted(done) == [0, 1, 2]
    assert workers.alive() == []
    assert leases.status() == "nothing runs"


def test_nothing_started_is_done(stop: Stop) -> None:
    Workers(stop, Leases()).join()


def test_threads_carry_their_names(stop: Stop) -> None:
    names: list[str] = []
    workers = Workers(stop, Leases())
    workers.start("encoder", lambda lease: names.extend([threading.current_thread().name, lease.name]))
    workers.join()
    assert names == ["encoder", "encoder"]


def test_the_first_error_comes_out_with_its_own_type(stop: Stop) -> None:
    workers = Workers(stop, Leases())
    error = SpaceError("full", where="disk")

    def fail(_lease: Lease) -> None:
        raise error

    def wait(_lease: Lease) -> None:
        while True:
            stop.raise_if_stopped()
            time.sleep(0.01)

    workers.start("waits", wait)
    workers.start("fails", fail)
    with pytest.raises(SpaceError) as caught:
        workers.join()
    assert caught.value is error
    assert workers.alive() == []


def test_even_a_system_exit_in_a_thread_ends_the_run(stop: Stop) -> None:
    workers = Workers(stop, Leases())

    def leave(_lease: Lease) -> None:
        raise SystemExit(3)

    workers.start("leaves", leave)
    with pytest.raises(SystemExit):
        workers.join()


def test_a_request_ends_in_good_order(stop: Stop) -> None:
    workers = Workers(stop, Leases())
    channel = Channel[int](1, stop)
    workers.start("waits", lambda lease: list(channel.drain(lease)) and None)
    threading.Timer(0.05, stop.request).start()
    workers.join()
    assert stop.requested
    assert workers.alive() == []


def test_a_thread_that_does_not_end_is_named_and_left(stop: Stop, released: threading.Event) -> None:
    workers = Workers(stop, Leases())
    workers.start("deaf", lambda _lease: released.wait(30) and None)
    stop.request()
    begin = time.monotonic()
    with pytest.raises(TintcastError, match=r"deaf did not end within 0\.3 s"):
        workers.join(0.3)
    assert time.monotonic() - begin < 20


def test_the_first_error_is_kept_over_the_thread_that_does_not_end(
    stop: Stop, released: threading.Event
) -> None:
    workers = Workers(stop, Leases())
    workers.start("deaf", lambda _lease: released.wait(30) and None)
    stop.fail(Boom("the reason"))
    with pytest.raises(Boom, match="the reason") as caught:
        workers.join(0.3)
    assert "deaf" in "".join(caught.value.__notes__)


def test_a_stuck_thread_ends_the_run_by_its_lease(stop: Stop, released: threading.Event) -> None:
    workers = Workers(stop, Leases())
    channel = Channel[int](1, stop)
    workers.start("stuck", lambda _lease: released.wait(30) and None, lease_s=1)
    workers.start("waits", lambda lease: list(channel.drain(lease)) and None, lease_s=1)
    begin = time.monotonic()
    with pytest.raises(TintcastError, match="stuck in stuck, the run was ended") as caught:
        workers.join(0.3)
    assert time.monotonic() - begin < 20
    assert "waits waits for items" in str(caught.value)


class Chain:
    """A source of ``count`` numbers, some stages and a sink; all call ``step`` for every number."""

    def __init__(
        self, stop: Stop, stages: int, capacity: int, count: int, step: Callable[[int, int], None]
    ) -> None:
        self.leases = Leases()
        self.workers = Workers(stop, self.leases)
        self.arrived: list[int] = []
        self._count = count
        self._step = step
        self._channels = [Channel[int](capacity, stop) for _ in range(stages - 1)]

    def start(self) -> None:
        self.workers.start("source", self._source)
        for stage in range(1, len(self._channels)):
            self.workers.start(f"stage {stage}", partial(self._middle, stage))
        self.workers.start("sink", self._sink)

    def _source(self, lease: Lease) -> None:
        for number in range(self._count):
            self._step(0, number)
            self._channels[0].put(number, lease)
        self._step(0, self._count)
        self._channels[0].close()

    def _middle(self, stage: int, lease: Lease) -> None:
        for number in self._channels[stage - 1].drain(lease):
            self._step(stage, number)
            self._channels[stage].put(number, lease)
        self._step(stage, self._count)
        self._channels[stage].close()

    def _sink(self, lease: Lease) -> None:
        last = len(self._channels)
        for number in self._channels[-1].drain(lease):
            self._step(last, number)
            self.arrived.append(number)
        self._step(last, self._count)


@settings(deadline=None, max_examples=40)
@given(
    stages=st.integers(2, 5),
    capacity=st.integers(1, 3),
    count=st.integers(1, 30),
    fault=st.none() | st.tuples(st.integers(0, 4), st.integers(0, 30)),
)
def test_a_chain_ends_whoever_raises_wherever(
    stages: int, capacity: int, count: int, fault: tuple[int, int] | None
) -> None:
    """Everything arrives, or the run ends with the error that was raised and nothing is out of order."""

    def step(stage: int, number: int) -> None:
        if (stage, number) == fault:
            raise Boom

    chain = Chain(Stop(), stages, capacity, count, step)
    chain.start()
    if fault is not None and fault[0] < stages and fault[1] <= count:
        with pytest.raises(Boom):
            chain.workers.join(20)
        assert chain.arrived == list(range(len(chain.arrived)))
    else:
        chain.workers.join(20)
        assert chain.arrived == list(range(count))
    assert chain.workers.alive() == []
    assert chain.leases.expired() == []


@settings(deadline=None, max_examples=15)
@given(stages=st.integers(2, 5), at=st.integers(0, 25))
def test_a_chain_ends_when_it_is_asked_to(stages: int, at: int) -> None:
    stop = Stop()

    def step(stage: int, number: int) -> None:
        if stage == stages - 1 and number == at:
            stop.request()

    chain = Chain(stop, stages, 2, 1000, step)
    chain.start()
    chain.workers.join(20)
    assert chain.workers.alive() == []
    assert chain.arrived == list(range(at + 1))
