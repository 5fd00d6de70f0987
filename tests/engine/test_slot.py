from __future__ import annotations

import threading
import time

from device.engine import Slot


def test_the_newest_wins_and_is_taken_once() -> None:
    slot = Slot[int]()
    assert not slot.put(1)
    assert slot.put(2)
    assert slot.take(0) == 2
    assert slot.take(0) is None
    assert not slot.put(3)


def test_take_waits_no_longer_than_it_is_told() -> None:
    begin = time.monotonic()
    assert Slot[int]().take(0.05) is None
    assert 0.05 <= time.monotonic() - begin < 20


def test_take_wakes_for_an_item() -> None:
    slot = Slot[str]()
    timer = threading.Timer(0.05, slot.put, ("here",))
    timer.start()
    begin = time.monotonic()
    assert slot.take(30) == "here"
    assert time.monotonic() - begin < 20
    timer.join(5)


def test_under_load_order_holds_and_the_last_arrives() -> None:
    slot, count = Slot[int](), 20_000
    dropped = [0]

    def produce() -> None:
        for number in range(1, count + 1):
            dropped[0] += slot.put(number)

    producer = threading.Thread(target=produce)
    producer.start()
    taken: list[int] = []
    deadline = time.monotonic() + 30
    while (not taken or taken[-1] != count) and time.monotonic() < deadline:
        item = slot.take(0.1)
        if item is not None:
            taken.append(item)
    producer.join(5)
    assert taken == sorted(set(taken))
    assert taken[-1] == count
    assert len(taken) + dropped[0] == count
