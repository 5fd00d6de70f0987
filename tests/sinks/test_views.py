from __future__ import annotations

import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.media import view as view_room
from device.media.facts import read_facts
from device.sinks.views import View, Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 20.0
GRASS = (-30.0, 30.0)


def tinted(index: int = 0, size: tuple[int, int] = (96, 64), rotation: int = 0) -> TintedFrame:
    luma = np.full(size[::-1], 120 + index % 4, np.uint8)
    frame = Frame(
        luma, JPEG_COLOUR, index, index, Fraction(1, 30), rotation=rotation, captured_ns=time.monotonic_ns()
    )
    return TintedFrame(frame, luma[::4, ::4], np.full((8, 8, 2), GRASS, np.float32))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Encodings:
    """The real encoding, counted, and held up while ``gate`` is not set."""

    def __init__(self, real: Callable[..., bytes]) -> None:
        self.real = real
        self.made: list[tuple[int, int]] = []
        self.began = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, *args: object) -> bytes:
        self.began.set()
        assert self.gate.wait(LONG)
        facts = args[4]
        self.made.append((facts.sequence, facts.width))  # type: ignore[attr-defined]
        return self.real(*args)


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> Encodings:
    counted = Encodings(view_room.encode_jpeg)
    monkeypatch.setattr(view_room, "encode_jpeg", counted)
    return counted


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def views(clock: Clock) -> Iterator[Views]:
    with Views(lambda: "compact", "pi", clock=clock) as views:
        yield views


def settle(views: Views) -> None:
    """Wait until everything that is due is encoded and handed out."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        with views.lock:
            newest = views._newest
            if newest is None or not any(r.wants(newest, views.clock()) for r in views._rooms.values()):
                return
        time.sleep(0.0005)
    raise TimeoutError


def test_one_encoding_serves_all_who_look_alike(views: Views, encodings: Encodings) -> None:
    watches = [views.watch(View()) for _ in range(5)]
    as_wide, narrow = views.watch(View(width=4000)), views.watch(View(width=48))
    for number in range(3):
        views.write(tinted(number))
        taken = [watch.take(LONG) for watch in watches]
        first = taken[0]
        assert first is not None
        assert all(shown is first for shown in taken)
        assert as_wide.take(LONG) is first, "what is never made wider is the same"
        small = narrow.take(LONG)
        assert small is not None
        assert (small.facts.width, small.facts.height) == (48, 32)
        assert read_facts(small.jpeg) == small.facts
    assert sorted(encodings.made) == sorted((n, width) for n in range(3) for width in (96, 48))


def test_pictures_are_in_colour_at_any_width_and_upright(views: Views) -> None:
    for size, rotation, width, wanted in (
        ((96, 64), 0, 0, (96, 64)),
        ((97, 63), 0, 0, (97, 63)),
        ((97, 63), 0, 41, (41, 26)),
        ((96, 64), 90, 32, (32, 48)),
        ((96, 64), 270, 5000, (64, 96)),
        ((1000, 300), 0, 1, (1, 2)),
    ):
        views.write(tinted(size=size, rotation=rotation))
        with views.watch(View(width, 95)) as watch:
            shown = watch.take(LONG)
        assert shown is not None
        assert (shown.facts.width, shown.facts.height) == wanted
        pixels = cv2.imdecode(np.frombuffer(shown.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        assert pixels.shape[:2] == wanted[::-1]
        blue, green, red = pixels.reshape(-1, 3).mean(axis=0)
        assert green > max(red, blue) + 10, wanted


def test_facts_are_of_the_stream(views: Views) -> None:
    with views.watch(View()) as watch:
        for number in range(2):
            views.write(tinted(number))
            shown = watch.take(LONG)
            assert shown is not None
            assert (shown.facts.sequence, shown.facts.network, shown.facts.device) == (
                number,
                "compact",
                "pi",
            )
            assert shown.facts.captured_ns is not None
            assert 0 <= time.time_ns() - shown.facts.captured_ns < LONG * 1e9


def test_nothing_is_encoded_while_nobody_looks(views: Views, encodings: Encodings) -> None:
    for number in range(5):
        views.write(tinted(number))
    assert views.watched == 0
    with views.watch(View()) as watch:
        assert views.watched == 1
        shown = watch.take(LONG)
        assert shown is not None
        assert shown.facts.sequence == 4, "who begins to look sees what is there"
    for number in range(5, 10):
        views.write(tinted(number))
    with views.watch(View(48)) as other:
        assert other.take(LONG) is not None
    assert encodings.made == [(4, 96), (9, 48)]


def test_what_is_old_is_not_shown_to_who_comes_now(views: Views, clock: Clock) -> None:
    views.write(tinted())
    clock.now += 5
    with views.watch(View()) as watch:
        assert watch.take(0.05) is None
        views.write(tinted(1))
        shown = watch.take(LONG)
        assert shown is not None
        assert shown.facts.sequence == 1


def test_the_newest_wins_while_one_is_encoded(views: Views, encodings: Encodings) -> None:
    with views.watch(View()) as watch:
        encodings.gate.clear()
        views.write(tinted(0))
        assert encodings.began.wait(LONG)
        for number in range(1, 50):
            views.write(tinted(number))  # nothing waits for the encoder
        encodings.gate.set()
        seen = []
        while not seen or seen[-1] != 49:
            shown = watch.take(LONG)
            assert shown is not None
            seen.append(shown.facts.sequence)
    assert seen in ([0, 49], [49])
    assert encodings.made == [(0, 96), (49, 96)]


@pytest.mark.parametrize(
    ("camera", "rate", "expected"), [(30, 10, 10), (30, 25, 25), (10, 30, 10), (25, 0, 25)]
)
def test_a_watch_keeps_to_its_rate(
    views: Views, clock: Clock, camera: float, rate: float, expected: float
) -> None:
    seconds = 4
    jitter = np.random.default_rng(1).uniform(-0.1, 0.1, int(camera * seconds)) / camera
    capped, every = views.watch(View(), rate), views.watch(View())
    taken = 0
    for number, late in enumerate(jitter):
        clock.now = 100 + number / camera + late
        views.write(tinted(number))
        assert every.take(LONG) is not None  # the same encoding: by now the other has its own, if it is due
        taken += capped.take(0) is not None
    assert taken == pytest.approx(expected * seconds, abs=2)
    assert capped.dropped == 0


def test_who_never_comes_costs_nothing(views: Views, clock: Clock, encodings: Encodings) -> None:
    watch = views.watch(View())
    for number in range(100):
        clock.now += 0.1
        views.write(tinted(number))
        settle(views)
    lately = len(encodings.made)
    assert 10 <= lately <= 12, "a second's worth"
    assert watch.take(0) is None, "and what is left of it is not shown any more"
    views.write(tinted(100))
    shown = watch.take(LONG)
    assert shown is not None
    assert shown.facts.sequence >= 99
    assert watch.dropped == lately


def test_who_is_slow_is_not_made_every_picture(views: Views, clock: Clock, encodings: Encodings) -> None:
    watch = views.watch(View())
    taken = []
    for number in range(200):
        clock.now += 0.04
        views.write(tinted(number))
        settle(views)
        if number % 10 == 9:  # every 0.4 s
            shown = watch.take(LONG)
            assert shown is not None
            taken.append(number - shown.facts.sequence)
    assert max(taken) <= 1, "what it gets is new all the same"
    assert len(encodings.made) < 100


def test_a_callback_says_when_there_is_something_to_take(views: Views) -> None:
    told = threading.Semaphore(0)
    with views.watch(View(), on_new=told.release) as watch:
        for number in range(3):
            views.write(tinted(number))
            assert told.acquire(timeout=LONG)
            shown = watch.take(0)
            assert shown is not None
            assert shown.facts.sequence == number
        assert watch.take(0) is None
        views.close()
        assert told.acquire(timeout=LONG)
        assert watch.ended


def test_a_callback_that_fails_ends_nobody_else(views: Views, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("Event loop is closed")

    with views.watch(View(), on_new=fail), views.watch(View()) as watch:
        for number in range(2):
            views.write(tinted(number))
            assert watch.take(LONG) is not None
    assert "callback failed" in caplog.text


def test_closing_ends_every_wait(views: Views) -> None:
    watches = [views.watch(View()), views.watch(View(quality=50))]
    found: list[object] = []
    threads = [threading.Thread(target=lambda w=watch: found.append(w.take(LONG))) for watch in watches]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    views.close()
    for thread in threads:
        thread.join(LONG)
    assert found == [None, None]
    assert not any(thread.name.startswith("view ") for thread in threading.enumerate())
    assert watches[0].take(LONG) is None


def test_a_watch_that_closes_ends_its_own_wait_and_the_thread(views: Views) -> None:
    watch = views.watch(View(quality=33))
    assert any(thread.name == "view full q33" for thread in threading.enumerate())
    waiting = threading.Thread(target=watch.take, args=[LONG])
    waiting.start()
    time.sleep(0.05)
    watch.close()
    waiting.join(LONG)
    assert watch.ended
    deadline = time.monotonic() + LONG
    while any(thread.name == "view full q33" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_goes_wrong_with_encoding_is_raised_by_the_next_write(
    views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(view_room, "encode_jpeg", broken)
    views.watch(View())

    def write_on() -> None:
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            views.write(tinted())
            time.sleep(0.01)

    with pytest.raises(MemoryError):
        write_on()


@pytest.mark.parametrize("wrong", [{"width": -1}, {"quality": 0}, {"quality": 101}])
def test_no_such_view(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no picture"):
        View(**wrong)
