from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.engine import POLL_S, Channel, Closed, Leases, Stop, Stopped, Workers


@pytest.fixture
def stop() -> Stop:
    return Stop()


def test_items_come_out_in_order_and_then_the_end(stop: Stop) -> None:
    channel, lease = Channel[int](3, stop), Leases().lease("test")
    for number in range(3):
        channel.put(number, lease)
    assert len(channel) == 3
    channel.close()
    channel.close()
    assert list(channel.drain(lease)) == [0, 1, 2]
    with pytest.raises(Closed):
        channel.get(lease)


def test_a_closed_channel_takes_nothing(stop: Stop) -> None:
    channel, lease = Channel[int](1, stop), Leases().lease("test")
    channel.close()
    with pytest.raises(Closed):
        channel.put(1, lease)


def test_closing_frees_a_producer_that_waits_for_room(stop: Stop) -> None:
    channel, lease = Channel[int](1, stop), Leases().lease("test")
    channel.put(1, lease)
    timer = threading.Timer(0.05, channel.close)
    timer.start()
    with pytest.raises(Closed):
        channel.put(2, lease)
    timer.join(5)


def test_no_capacity_is_a_mistake(stop: Stop) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Channel[int](0, stop)


@pytest.mark.parametrize("side", ["put", "get"])
@pytest.mark.parametrize("how", ["request", "fail"])
def test_the_stop_frees_whoever_waits(stop: Stop, side: str, how: str) -> None:
    channel, lease = Channel[int](1, stop), Leases().lease("test")
    if side == "put":
        channel.put(1, lease)
    act = stop.request if how == "request" else lambda: stop.fail(ValueError())
    timer = threading.Timer(0.05, act)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        channel.put(2, lease) if side == "put" else channel.get(lease)
    assert time.monotonic() - begin < 0.05 + POLL_S + 10
    timer.join(5)


def test_a_stopped_run_hands_nothing_over_any_more(stop: Stop) -> None:
    channel, lease = Channel[int](2, stop), Leases().lease("test")
    channel.put(1, lease)
    stop.request()
    with pytest.raises(Stopped):
        channel.put(2, lease)
    with pytest.raises(Stopped):
        channel.get(lease)


def test_who_waits_long_keeps_the_lease_and_says_for_what(stop: Stop) -> None:
    now = [0.0]
    channel, leases = Channel[int](1, stop, name="frames"), Leases(lambda: now[0])
    consumer = leases.lease("consumer", 5)
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(channel.get(consumer)))
    thread.start()
    for _ in range(3):
        now[0] += 60
        deadline = time.monotonic() + 20
        while leases.expired() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert leases.expired() == []
        assert consumer.waiting_for == "frames"
    channel.put(7, Leases().lease("producer"))
    thread.join(20)
    assert taken == [7]
    assert consumer.waiting_for is None


@settings(deadline=None, max_examples=25)
@given(
    capacity=st.integers(1, 5),
    producers=st.integers(1, 3),
    consumers=st.integers(1, 3),
    count=st.integers(0, 60),
)
def test_nothing_is_lost_doubled_or_reordered(
    capacity: int, producers: int, consumers: int, count: int
) -> None:
    stop, leases = Stop(), Leases()
    channel = Channel[tuple[int, int]](capacity, stop)
    taken: list[list[tuple[int, int]]] = [[] for _ in range(consumers)]
    left = [producers]
    lock = threading.Lock()
    workers = Workers(stop, leases)

    def produce(producer: int) -> None:
        lease = leases.lease(f"p{producer}")
        for number in range(count):
            channel.put((producer, number), lease)
            assert len(channel) <= capacity
        with lock:
            left[0] -= 1
            if not left[0]:
                channel.close()

    for number in range(consumers):
        workers.start(f"c{number}", lambda lease, into=taken[number]: into.extend(channel.drain(lease)))
    for number in range(producers):
        workers.start(f"p{number}", lambda _lease, number=number: produce(number))
    workers.join(10)
    assert sorted(item for each in taken for item in each) == [
        (producer, number) for producer in range(producers) for number in range(count)
    ]
    for each in taken:
        for producer in range(producers):
            numbers = [number for who, number in each if who == producer]
            assert numbers == sorted(numbers)
