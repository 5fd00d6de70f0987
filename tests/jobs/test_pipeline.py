from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.config import ColourSettings
from device.engine import Stop, Workers, stop_on_signals
from device.errors import InputError, Interrupted, SpaceError, Stuck
from device.frames import ColourSpace, Frame
from device.jobs.deciding import MOST_WAITING
from device.jobs.pipeline import Colorizer, run_pipeline
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.engine import Lease
    from device.frames import TintedFrame

TINY = Path(__file__).parents[1] / "network" / "data" / "tiny-int8.tflite"


class Boom(Exception):
    pass


def no_hook(_place: str, _number: int) -> None:
    pass


class Frames:
    """A source of ``count`` small frames; calls ``hook("read", number)`` before each and after the last."""

    def __init__(self, count: int, hook: Callable[[str, int], None] = no_hook) -> None:
        self._hook = hook
        self.read = 0
        random = np.random.default_rng(5)
        self.made = [
            Frame(
                luma=random.integers(16, 236, (36, 64), np.uint8),
                colour_space=ColourSpace(),
                index=index,
                pts=2 * index,
                time_base=Fraction(1, 50),
            )
            for index in range(count)
        ]

    def frames(self) -> Iterator[Frame]:
        for frame in self.made:
            self.read += 1
            self._hook("read", frame.index)
            yield frame
        self._hook("read", len(self.made))

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Kept:
    """A sink that keeps what it takes, and what became of it; calls ``hook`` before everything it does."""

    def __init__(self, hook: Callable[[str, int], None] = no_hook) -> None:
        self._hook = hook
        self.taken: list[TintedFrame] = []
        self.ends: list[str] = []

    def write(self, tinted: TintedFrame) -> None:
        self._hook("write", tinted.frame.index)
        self.taken.append(tinted)

    def close(self) -> None:
        self._hook("close", 0)
        self.ends.append("closed")

    def abort(self) -> None:
        self.ends.append("aborted")
        self._hook("abort", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load(TINY, threads=1) as loaded:
        yield loaded


@pytest.fixture
def colorizer(network: Network) -> Colorizer:
    return Colorizer(network, ColourSettings())


def at(place: str, number: int, act: Callable[[], object]) -> Callable[[str, int], None]:
    """A hook that calls ``act`` at one place."""

    def hook(here: str, count: int) -> None:
        if (here, count) == (place, number):
            act()

    return hook


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_every_frame_reaches_every_sink_in_order_with_its_luma_untouched(colorizer: Colorizer) -> None:
    source, sinks, seen = Frames(25), [Kept(), Kept(), Kept()], []
    summary = run_pipeline(source, colorizer, sinks, Stop(), seen.append)
    for sink in sinks:
        assert [tinted.frame for tinted in sink.taken] == source.made
        assert all(a.frame.luma is b.luma for a, b in zip(sink.taken, source.made, strict=True))
        assert sink.ends == ["closed"]
    assert seen == list(range(1, 26))
    assert summary.frames == 25
    assert summary.rate == pytest.approx(25 / summary.seconds)
    assert 0 < summary.network_ms < 1000 * summary.seconds


def test_sinks_share_one_colour(colorizer: Colorizer) -> None:
    first, second = Kept(), Kept()
    run_pipeline(Frames(3), colorizer, [first, second], Stop())
    assert all(a is b for a, b in zip(first.taken, second.taken, strict=True))


def test_an_empty_source_closes_its_sinks(colorizer: Colorizer) -> None:
    sink = Kept()
    assert run_pipeline(Frames(0), colorizer, [sink], Stop()).frames == 0
    assert sink.ends == ["closed"]


def test_a_slow_sink_gets_everything_and_memory_stays_bounded(colorizer: Colorizer) -> None:
    ahead: list[int] = []
    read = [0]

    def hook(place: str, number: int) -> None:
        if place == "read":
            read[0] = number
        if place == "write":
            time.sleep(0.01)
            ahead.append(read[0] - number)

    sink, quick = Kept(hook), Kept()
    run_pipeline(Frames(40, hook), colorizer, [sink, quick], Stop())
    assert len(sink.taken) == len(quick.taken) == 40
    assert max(ahead) <= 10


def test_long_black_is_not_kept_until_something_is_seen(colorizer: Colorizer) -> None:
    source, sink = Frames(200), Kept()
    black, neutral = np.full((36, 64), 16, np.uint8), np.full((18, 32), 128, np.uint8)
    source.made = [replace(frame, luma=black, cb=neutral, cr=neutral) for frame in source.made]
    ahead: list[int] = []

    def progress(_done: int) -> None:
        ahead.append(source.read - len(sink.taken))

    assert run_pipeline(source, colorizer, [sink], Stop(), progress).frames == 200
    assert [tinted.frame for tinted in sink.taken] == source.made
    assert MOST_WAITING <= max(ahead) <= MOST_WAITING + 10


@pytest.mark.parametrize(
    ("place", "number"), [("read", 0), ("read", 7), ("read", 20), ("write", 0), ("write", 7), ("write", 19)]
)
def test_a_failure_anywhere_ends_the_run_with_its_reason(
    colorizer: Colorizer, place: str, number: int
) -> None:
    error = SpaceError("full", where="disk")
    hook = at(place, number, raising(error))
    source, bad, other = Frames(20, hook), Kept(hook), Kept()
    begin = time.monotonic()
    with pytest.raises(SpaceError) as caught:
        run_pipeline(source, colorizer, [bad, other], Stop())
    assert caught.value is error
    assert time.monotonic() - begin < 20
    assert bad.ends == other.ends == ["aborted"]
    assert [tinted.frame.index for tinted in other.taken] == list(range(len(other.taken)))


def test_a_network_that_fails_ends_the_run(network: Network) -> None:
    closed = Network.load(TINY)
    closed.close()
    sink = Kept()
    with pytest.raises(ValueError, match="closed"):
        run_pipeline(Frames(5), Colorizer(closed, ColourSettings()), [sink], Stop())
    assert sink.ends == ["aborted"]
    assert network.size == (32, 32)


def test_a_progress_bar_that_fails_ends_the_run(colorizer: Colorizer) -> None:
    sink = Kept()

    def broken(_done: int) -> None:
        raise Boom

    with pytest.raises(Boom):
        run_pipeline(Frames(5), colorizer, [sink], Stop(), broken)
    assert sink.ends == ["aborted"]


def test_a_sink_that_fails_to_close_fails_the_run(colorizer: Colorizer) -> None:
    bad, good = Kept(at("close", 0, raising(SpaceError("full")))), Kept()
    with pytest.raises(SpaceError):
        run_pipeline(Frames(5), colorizer, [bad, good], Stop())
    assert bad.ends == ["aborted"]
    assert good.ends == ["closed", "aborted"]


def test_a_sink_that_fails_to_abort_does_not_hide_the_reason(colorizer: Colorizer) -> None:
    bad, other = Kept(at("abort", 0, raising(OSError("no such device")))), Kept()
    with pytest.raises(InputError, match="cut off") as caught:
        run_pipeline(
            Frames(5, at("read", 3, raising(InputError("cut off")))), colorizer, [bad, other], Stop()
        )
    assert "no such device" in "".join(caught.value.__notes__)
    assert other.ends == ["aborted"]


@pytest.mark.parametrize(("place", "number"), [("read", 5), ("write", 5)])
def test_a_request_to_stop_is_an_interruption(colorizer: Colorizer, place: str, number: int) -> None:
    stop = Stop()
    hook = at(place, number, stop.request)
    sink = Kept(hook)
    with pytest.raises(Interrupted):
        run_pipeline(Frames(1000, hook), colorizer, [sink], stop)
    assert sink.ends == ["aborted"]
    assert len(sink.taken) < 20


@pytest.mark.parametrize("handled", [True, False])
def test_ctrl_c_is_an_interruption_with_and_without_a_handler(colorizer: Colorizer, *, handled: bool) -> None:
    stop = Stop()
    sink = Kept(at("write", 5, lambda: os.kill(os.getpid(), signal.SIGINT)))
    handler = stop_on_signals(stop) if handled else nullcontext()
    begin = time.monotonic()
    with handler, pytest.raises(Interrupted):
        run_pipeline(Frames(1000), colorizer, [sink], stop)
    assert time.monotonic() - begin < 20
    assert sink.ends == ["aborted"]


def test_a_request_while_all_is_closed_in_good_order_comes_too_late(colorizer: Colorizer) -> None:
    stop = Stop()
    sink = Kept(at("close", 0, stop.request))
    assert run_pipeline(Frames(3), colorizer, [sink], stop).frames == 3
    assert sink.ends == ["closed"]


def test_a_sink_that_leaves_its_closing_for_the_stop_was_interrupted(colorizer: Colorizer) -> None:
    stop = Stop()

    def leave() -> None:
        stop.request()
        stop.raise_if_stopped()

    sink = Kept(at("close", 0, leave))
    with pytest.raises(Interrupted):
        run_pipeline(Frames(3), colorizer, [sink], stop)
    assert sink.ends == ["aborted"]


def test_a_thread_that_can_not_be_started_leaves_none_behind(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Workers.start

    def limited(self: Workers, name: str, function: Callable[[Lease], None], *, lease_s: float) -> None:
        if name == "Kept (2)":
            raise RuntimeError("can't start new thread")
        start(self, name, function, lease_s=lease_s)

    monkeypatch.setattr(Workers, "start", limited)
    sinks = [Kept(), Kept()]
    with pytest.raises(RuntimeError, match="new thread"):
        run_pipeline(Frames(1000), colorizer, sinks, Stop())
    assert [sink.ends for sink in sinks] == [["aborted"], ["aborted"]]
    assert not {"source", "colorizer", "Kept (1)"} & {thread.name for thread in threading.enumerate()}


def test_a_stuck_source_is_named_and_the_run_ends(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.jobs.pipeline._GRACE_S", 0.3)
    free = threading.Event()
    sink = Kept()
    begin = time.monotonic()
    with pytest.raises(Stuck, match="stuck in source"):
        run_pipeline(Frames(9, at("read", 4, lambda: free.wait(30))), colorizer, [sink], Stop(), patience_s=1)
    assert time.monotonic() - begin < 20
    assert sink.ends == ["aborted"]
    free.set()


@pytest.mark.parametrize("place", ["write", "close"])
def test_a_stuck_sink_is_left_alone_and_the_others_aborted(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("device.jobs.pipeline._GRACE_S", 0.3)
    free = threading.Event()
    stuck, other = Kept(at(place, 0, lambda: free.wait(30))), Kept()
    with pytest.raises(Stuck, match=r"stuck in Kept \(1\)"):
        run_pipeline(Frames(9), colorizer, [stuck, other], Stop(), patience_s=1, closing_s=1)
    assert "aborted" not in stuck.ends
    assert other.ends[-1] == "aborted"
    free.set()


def test_who_asks_a_stuck_run_to_stop_is_told_what_was_left(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.jobs.pipeline._GRACE_S", 0.3)
    free, stop = threading.Event(), Stop()

    def deaf() -> None:
        stop.request()
        free.wait(30)

    with pytest.raises(Interrupted, match="source did not end") as caught:
        run_pipeline(Frames(9, at("read", 4, deaf)), colorizer, [Kept()], stop)
    assert caught.value.exit_code == 130
    free.set()


@settings(deadline=None, max_examples=25)
@given(
    count=st.integers(0, 8),
    fault=st.tuples(st.sampled_from(["read", "write", "close"]), st.integers(0, 8)),
    sinks=st.integers(1, 3),
    request=st.booleans(),
)
def test_a_run_always_ends_in_one_of_two_ways(
    network: Network, count: int, fault: tuple[str, int], sinks: int, *, request: bool
) -> None:
    stop = Stop()
    hook = at(*fault, stop.request if request else raising(Boom()))
    kept = [Kept(hook if number == 0 else no_hook) for number in range(sinks)]
    begin = time.monotonic()
    try:
        run_pipeline(Frames(count, hook), Colorizer(network, ColourSettings()), kept, stop)
    except (Boom, Interrupted):
        ended = "aborted"
    else:
        ended = "closed"
        assert all(len(sink.taken) == count for sink in kept)
    assert time.monotonic() - begin < 20
    assert all(sink.ends[-1] == ended for sink in kept)
    reached = {"read": fault[1] <= count, "write": fault[1] < count, "close": fault[1] == 0}
    assert (ended == "aborted") == (reached[fault[0]] and not (request and fault[0] == "close"))
