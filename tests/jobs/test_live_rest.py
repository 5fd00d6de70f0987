"""What rests while nobody looks, how soon it is back, and what survives a restart."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from brokers import wait_until
from live import FakeCamera, Kept, Painter, Running, configured, load_tiny

from device.errors import SpaceError
from device.media.facts import read_facts
from device.sinks.views import View
from device.sources.pattern import PatternSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.config import Config
    from device.frames import Frame, TintedFrame


def resting(seconds: float = 0.2) -> Config:
    return configured(live={"idle_seconds": seconds}, colour={"when": "always"})


def test_network_and_source_rest_while_nobody_looks_and_are_back_within_a_second() -> None:
    network, camera = Painter(), FakeCamera(rate=30)
    with Running(lambda: camera, resting(), network=network) as run:
        wait_until(lambda: run.desk.figures()["state"] == "resting")
        assert camera.rests[-1] is True
        asked = network.asked
        time.sleep(1.1)
        assert network.asked <= asked + 1
        with run.desk.interest.hold("page"), run.desk.views.watch(View()) as watch:
            began = time.monotonic()
            shown = watch.take(10)
            assert shown is not None
            assert time.monotonic() - began < 1
            assert camera.rests[-1] is False
            assert run.desk.figures()["state"] == "live"
            assert run.desk.figures()["holders"] == ("page",)
        wait_until(lambda: run.desk.figures()["state"] == "resting")
        assert camera.rests[-1] is True


def test_one_that_rests_at_its_pace_is_back_within_a_second_too() -> None:
    with Running(lambda: PatternSource((64, 48), 30), resting(), network=Painter()) as run:
        wait_until(lambda: run.desk.figures()["state"] == "resting")
        time.sleep(1.1)
        with run.desk.interest.hold("page"), run.desk.views.watch(View()) as watch:
            began = time.monotonic()
            assert watch.take(10) is not None
            assert time.monotonic() - began < 1


def test_a_glimpse_runs_the_network_once_with_the_colour_of_that_very_frame() -> None:
    network = Painter(seconds=0.4)
    with Running(lambda: PatternSource((64, 48), 30), resting(), network=network) as run:
        wait_until(lambda: run.desk.figures()["state"] == "resting")
        time.sleep(0.5)
        asked = network.asked
        with run.desk.views.watch(View()) as watch:
            run.desk.glimpse()
            shown = watch.take(10)
            assert shown is not None
            assert shown.facts.chroma_age_ns == 0
            assert watch.take(0.6) is None
        assert network.asked == asked + 1
        assert run.desk.figures()["state"] == "resting"


def test_off_closes_the_camera_and_survives_a_restart(tmp_path: Path) -> None:
    cameras: list[FakeCamera] = []

    def opener() -> FakeCamera:
        cameras.append(FakeCamera())
        return cameras[-1]

    with Running(opener, network=Painter(), folder=tmp_path) as run:
        wait_until(lambda: run.desk.figures()["state"] == "live")
        run.desk.switches.set("live", "off", by="test")
        wait_until(lambda: run.desk.figures()["source"] is None)
        assert run.desk.figures()["state"] == "off"
    with Running(opener, network=Painter(), folder=tmp_path) as run:
        time.sleep(0.5)
        assert run.desk.figures()["state"] == "off"
        assert len(cameras) == 1
        run.desk.switches.set("live", "on", by="test")
        wait_until(lambda: run.desk.figures()["state"] == "live")
        assert len(cameras) == 2
    assert run.error is None


def test_hints_survive_a_restart(tmp_path: Path) -> None:
    with Running(FakeCamera, network=Painter(), folder=tmp_path) as run:
        placed = run.desk.add_hint(0.25, 0.5, 40, 20)
    with Running(FakeCamera, network=Painter(), folder=tmp_path) as run:
        assert run.desk.hints() == (placed,)


def test_a_slow_sink_and_a_dead_one_slow_nobody() -> None:
    def sleep(_tinted: TintedFrame) -> None:
        time.sleep(0.3)

    def fail(_tinted: TintedFrame) -> None:
        raise SpaceError("no space left", where="film.mkv")

    slow, dead, quick = Kept(sleep), Kept(fail), Kept()
    sinks = {"slow": slow, "record": dead, "quick": quick}
    with Running(lambda: FakeCamera(rate=50), configured(), network=Painter(), sinks=sinks) as run:
        wait_until(lambda: len(quick.frames) > 30)
        assert len(slow.frames) < len(quick.frames) / 3
        assert run.said[0] == "record: film.mkv: no space left; the rest goes on without it"
        assert run.desk.figures()["troubles"] == ("record: film.mkv: no space left",)
        assert set(run.desk.interest.holders()) == {"slow", "quick"}
    assert (slow.ends, dead.ends, quick.ends) == (["closed"], ["aborted"], ["closed"])
    assert any(line.startswith("slow: ") and "frames were left out" in line for line in run.said)
    assert run.error is None


@pytest.mark.parametrize("where", ["write", "close"])
def test_a_mistake_in_a_sink_ends_that_one_alone(where: str, caplog: pytest.LogCaptureFixture) -> None:
    class Mistaken(Kept):
        def __exit__(self, kind: object, *more: object) -> None:
            super().__exit__(kind, *more)
            if where == "close":
                raise ValueError("odd")

    def fail(_tinted: TintedFrame) -> None:
        if where == "write":
            raise ValueError("odd")

    mistaken, quick = Mistaken(fail), Kept()
    sinks = {"window": mistaken, "quick": quick}
    with (
        caplog.at_level("DEBUG", "device.jobs.live.outlets"),
        Running(lambda: FakeCamera(rate=50), configured(), network=Painter(), sinks=sinks) as run,
    ):
        wait_until(lambda: len(quick.frames) > 10)
        if where == "write":
            assert run.desk.troubles == ("window: a mistake of ours: ValueError: odd",)
    assert run.error is None
    ends = "" if where == "close" else "; the rest goes on without it"
    assert f"window: a mistake of ours: ValueError: odd{ends}" in run.said
    assert "Traceback" in caplog.text
    assert quick.ends == ["closed"]


def test_a_sink_that_hangs_is_named_and_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.jobs.live.outlets._SILENT_S", 0.5)
    hung = Kept(lambda _: time.sleep(7))
    with Running(lambda: FakeCamera(rate=50), configured(), network=Painter(), sinks={"hung": hung}) as run:
        wait_until(lambda: run.desk.troubles, 20)
        assert "hung: has not answered for" in run.desk.troubles[0]
        run.stop.request()
        began = time.monotonic()
        run.thread.join(20)
        assert time.monotonic() - began < 8
    assert any(line.startswith("left behind: hung") for line in run.said)
    assert run.error is None


def test_a_film_that_ends_ends_it_and_its_last_frame_is_out() -> None:
    kept = Kept()
    run = Running(lambda: PatternSource((64, 48), 20, count=10), load=load_tiny, sinks={"kept": kept})
    with run:
        run.thread.join(20)
        assert not run.thread.is_alive()
    assert run.error is None
    assert 3 <= len(kept.frames) <= 10
    assert kept.ends == ["closed"]


def test_a_stop_ends_all_threads_within_seconds() -> None:
    with Running(lambda: PatternSource((64, 48), 30), load=load_tiny) as run:
        wait_until(lambda: run.job.meter.frames > 3)
        with run.desk.views.watch(View()) as watch:
            shown = watch.take(5)
            assert shown is not None
            assert read_facts(shown.jpeg).network == "tiny-int8"
        run.stop.request()
        began = time.monotonic()
        run.thread.join(20)
        assert time.monotonic() - began < 5
        assert run.job.workers.alive() == []


def test_a_tick_that_fails_ends_it_as_anything_else_would() -> None:
    kept = Kept()
    run = Running(FakeCamera, network=Painter(), sinks={"kept": kept})

    def tick() -> None:
        if len(kept.frames) > 3:
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        run.job.run(run.stop, tick)
    assert run.job.workers.alive() == []
    assert kept.ends == ["closed"]
    assert run.said == []


@pytest.mark.parametrize("wedged", [True, False])
def test_what_is_left_behind_at_a_stop_is_told(*, wedged: bool) -> None:
    free = threading.Event()

    class Wedged(FakeCamera):
        def __exit__(self, *_: object) -> None:
            if wedged:
                free.wait(20)

    with Running(Wedged, network=Painter()) as run:
        wait_until(lambda: run.desk.figures()["state"] == "live")
        run.stop.request()
        run.thread.join(20)
    free.set()
    assert run.error is None
    assert run.job.left_behind == wedged
    assert [line.startswith("left behind: test camera: it hangs") for line in run.said] == [True] * wedged


def test_a_stop_does_not_wait_for_a_camera_that_takes_long_to_open() -> None:
    def opener() -> FakeCamera:
        time.sleep(8)
        return FakeCamera()

    with Running(opener, network=Painter()) as run:
        wait_until(lambda: run.desk.figures()["state"] == "opening")
        time.sleep(0.3)
        run.stop.request()
        began = time.monotonic()
        run.thread.join(20)
        assert time.monotonic() - began < 6
    assert run.error is None


class SlowClock(FakeCamera):
    """Says that its frames are three seconds apart."""

    def frames(self) -> Iterator[Frame]:
        began = time.monotonic_ns()
        for frame in super().frames():
            yield replace(frame, captured_ns=began + frame.index * 3_000_000_000)


def test_a_source_that_is_always_slow_has_no_pauses() -> None:
    kept, network = Kept(), Painter((20, 10), seconds=0.9)
    config = configured(colour={"when": "always", "shadow_chroma": 1})
    with Running(lambda: SlowClock(rate=20), config, network=network, sinks={"kept": kept}):
        wait_until(lambda: network.asked > 1)
        wait_until(lambda: kept.frames[-1].chroma_age_ns > 0)
        assert kept.frames[-1].ab.any()


def test_after_a_pause_no_old_colour_is_carried_on() -> None:
    """A camera that was away for long: who knows what it shows now."""
    kept, network = Kept(), Painter((20, 10), seconds=0.3)

    def script(index: int) -> None:
        if index == 20:
            time.sleep(2.5)
            network.ab = (-20, 10)

    camera = FakeCamera(script, rate=20)
    config = configured(camera={"stall_seconds": 10}, colour={"when": "always", "shadow_chroma": 1})
    with Running(lambda: camera, config, network=network, sinks={"kept": kept}):
        wait_until(lambda: kept.frames and kept.frames[-1].frame.index > 40, 30)
    reds = [tinted.ab[..., 0].mean() for tinted in kept.frames if tinted.frame.index >= 20]
    assert max(reds) <= 0.01
    assert min(reds) < -19
