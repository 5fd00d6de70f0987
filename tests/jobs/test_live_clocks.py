"""Two clocks: luma at the camera's rate whatever the network needs, colour that follows; cuts; switches."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from brokers import wait_until
from live import FakeCamera, Kept, Painter, Running, configured, grey, scene

from device.colour.lightness import lightness
from device.errors import NetworkFileError
from device.frames import JPEG_COLOUR
from device.jobs.hinting import HintBoard
from device.jobs.live.colouring import Colour, Colouring, Seen
from device.sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.frames import Frame

PLAIN = {"when": "always", "shadow_chroma": 1.0, "steadiness": 0.0}


def test_a_slow_network_holds_nothing_up() -> None:
    """Three predictions a second, fifty frames a second: all frames pass, none waits for its colour."""
    network, kept = Painter(seconds=0.3), Kept()
    camera = FakeCamera(rate=50)
    with Running(lambda: camera, configured(colour=PLAIN), network=network, sinks={"kept": kept}) as run:
        wait_until(lambda: len(kept.frames) > 10)
        before, began, asked = len(kept.frames), time.monotonic(), network.asked
        time.sleep(1.5)
        passed, seconds = len(kept.frames) - before, time.monotonic() - began
        figures = run.desk.figures()
    assert network.asked - asked <= seconds / 0.3 + 2
    assert passed > 3 * (network.asked - asked)
    frames = [tinted.frame for tinted in kept.frames]
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    ages = [tinted.chroma_age_ns / 1e9 for tinted in kept.frames[before:]]
    assert all(0 <= age < 2 for age in ages)
    assert sum(ages) / len(ages) > 0.2
    behind = {(tinted.frame.captured_ns or 0) - tinted.chroma_age_ns for tinted in kept.frames}
    assert behind <= camera.stamps, "ages lead to frames"
    assert 200 < figures["chroma_age_p95_ms"] < 2000  # type: ignore[operator]
    assert figures["network_ms"] == pytest.approx(300, rel=0.5)


@pytest.mark.parametrize(("network_s", "waits"), [(0.0, True), (0.2, False)])
def test_a_network_is_waited_for_only_where_it_can_be_in_time(
    network_s: float, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    patience: list[float] = []
    newest = Colouring.newest

    def noted(self: Colouring, seen: Seen, patience_s: float) -> Colour | None:
        patience.append(patience_s)
        return newest(self, seen, patience_s)

    monkeypatch.setattr(Colouring, "newest", noted)
    with Running(lambda: FakeCamera(rate=10), configured(colour=PLAIN), network=Painter(seconds=network_s)):
        wait_until(lambda: len(patience) > 12)
    assert all(0 <= each <= 0.5 for each in patience)
    assert (np.median(patience[6:]) > 0.01) == waits


def test_each_frame_has_its_own_colour_where_there_is_time() -> None:
    network, kept = Painter(), Kept()
    with Running(
        lambda: FakeCamera(rate=4), configured(colour=PLAIN), network=network, sinks={"kept": kept}
    ) as run:
        wait_until(lambda: len(kept.frames) > 5)
        assert run.desk.figures()["state"] == "live"
    assert [tinted.chroma_age_ns for tinted in kept.frames[1:6]] == [0] * 5
    np.testing.assert_allclose(kept.frames[3].ab, np.tile(np.float32((20, 10)), (8, 8, 1)))


def test_colour_follows_what_moves() -> None:
    """Old colour, carried along, is nearer to what the network would say now than it was when it was new."""

    def paint(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        small = lightness.reshape(16, 2, 16, 2).mean(axis=(1, 3)) - 50
        return np.dstack([small, -small]).astype(np.float32)

    def script(index: int) -> NDArray[np.uint8]:
        return scene(3, shift=abs(index % 64 - 32))

    network, kept = Painter(seconds=0.15, paint=paint), Kept()
    camera = FakeCamera(script, rate=40)
    with Running(lambda: camera, configured(colour=PLAIN), network=network, sinks={"kept": kept}):
        wait_until(lambda: len(kept.frames) > 80, 30)
    by_time = {tinted.frame.captured_ns: tinted for tinted in kept.frames}
    carried, stayed = [], []
    for tinted in kept.frames[20:]:
        captured = tinted.frame.captured_ns
        assert captured is not None
        behind = by_time.get(captured - tinted.chroma_age_ns, tinted)
        if abs(behind.frame.index - tinted.frame.index) < 3:
            continue
        now, then = (paint(_light(each.small)) for each in (tinted, behind))
        carried.append(np.abs(tinted.ab - now).mean())
        stayed.append(np.abs(then - now).mean())
    assert len(carried) > 20
    assert np.mean(carried) < 0.8 * np.mean(stayed)


def _light(small: Any) -> NDArray[np.float32]:
    return lightness(small, JPEG_COLOUR, 8)


def test_no_old_colour_over_a_new_scene() -> None:
    def paint(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        red = lightness.mean() < 50
        return np.full((8, 8, 2), 30 if red else -30, np.float32)

    def script(index: int) -> NDArray[np.uint8]:
        dark, light = scene(1) // 3, 255 - scene(2) // 3
        return dark if index < 40 else light

    kept = Kept()
    colour = PLAIN | {"steadiness": 0.8}
    network = Painter(seconds=0.2, paint=paint)
    camera = FakeCamera(script, rate=40)
    with Running(lambda: camera, configured(colour=colour), network=network, sinks={"kept": kept}):
        wait_until(lambda: kept.frames and kept.frames[-1].frame.index > 70, 30)
    before = [each.ab.mean() for each in kept.frames if each.frame.index < 40]
    after = [each.ab.mean() for each in kept.frames if each.frame.index >= 40]
    assert max(before) == pytest.approx(30, abs=1)
    assert max(after) <= 0.01
    assert after[-1] == pytest.approx(-30, abs=1)
    assert {round(value) for value in after} == {0, -30}, "nothing of the scene before is mixed in"
    assert sum(each.cut for each in kept.frames) <= 2


class InColour(FakeCamera):
    """True colour, as a camera by day brings it."""

    def frames(self) -> Iterator[Frame]:
        hues = np.random.default_rng(5).integers(60, 196, (2, 6, 8)).repeat(8, axis=1).repeat(8, axis=2)
        cb, cr = hues.astype(np.uint8)
        for frame in super().frames():
            yield grey(scene(1), frame.index, cb=cb, cr=cr)


def test_true_colour_passes_and_switches_act_at_once() -> None:
    network, kept = Painter(), Kept()
    config = configured(colour=PLAIN | {"when": "auto"})
    with Running(lambda: InColour(rate=50), config, network=network, sinks={"kept": kept}) as run:
        wait_until(lambda: len(kept.frames) > 5)
        assert network.asked == 0
        assert all(tinted.own_colour for tinted in kept.frames)
        assert run.desk.figures()["own_colour"] is True
        run.desk.switches.set("colour", "always", by="test")
        wait_until(lambda: not kept.frames[-1].own_colour)
        run.desk.switches.set("saturation", 0.5, by="test")
        wait_until(lambda: kept.frames[-1].ab.max() == pytest.approx(10, abs=0.1))
        run.desk.switches.set("colour", "never", by="test")
        wait_until(lambda: kept.frames[-1].own_colour)
        run.desk.switches.set("colour", "auto", by="test")
        time.sleep(0.2)
        assert kept.frames[-1].own_colour
    assert run.error is None


class Dusk(InColour):
    """True colour until its sixtieth frame, then the grey of an infrared camera."""

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            grey_planes = {"cb": np.full((48, 64), 128, np.uint8), "cr": np.full((48, 64), 128, np.uint8)}
            yield frame if frame.index < 60 else replace(frame, **grey_planes)


def test_night_turns_to_tinting_by_itself() -> None:
    network, kept = Painter(), Kept()
    config = configured(colour=PLAIN | {"when": "auto"})
    with Running(lambda: Dusk(rate=50), config, network=network, sinks={"kept": kept}) as run:
        wait_until(lambda: kept.frames and not kept.frames[-1].own_colour)
        assert run.desk.figures()["own_colour"] is False
    night = [tinted for tinted in kept.frames if tinted.frame.index >= 60]
    assert all(tinted.own_colour for tinted in kept.frames if tinted.frame.index < 60)
    turned = next(tinted.frame.captured_ns for tinted in night if not tinted.own_colour)
    began = night[0].frame.captured_ns
    assert turned is not None
    assert began is not None
    assert 0.2 < (turned - began) / 1e9 < 4


def test_the_rate_is_capped() -> None:
    kept = Kept()
    config = configured(colour=PLAIN)
    with Running(lambda: FakeCamera(rate=60), config, network=Painter(), sinks={"kept": kept}) as run:
        run.desk.switches.set("rate", 10, by="test")
        wait_until(lambda: len(kept.frames) > 2)
        time.sleep(0.2)
        before = len(kept.frames)
        time.sleep(1.5)
        assert 5 <= len(kept.frames) - before <= 20
        run.desk.switches.set("rate", 0, by="test")
        before = len(kept.frames)
        wait_until(lambda: len(kept.frames) - before > 30)


def test_another_network_comes_without_a_hole_and_one_that_is_broken_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = {"one": Painter((20, 10)), "two": Painter((-20, 10))}
    loading = threading.Event()
    monkeypatch.setattr(HintBoard, "check", lambda *_: None)
    monkeypatch.setattr(
        "device.jobs.live.things.available_networks", lambda: dict.fromkeys(["one", "two", "broken"])
    )

    def load(name: str) -> Any:
        if name == "broken":
            raise NetworkFileError("sha256 is wrong", where="broken.tflite")
        if loading.is_set():
            time.sleep(0.5)
        loading.set()
        return networks[name]

    kept = Kept()
    config = configured(colour=PLAIN, network={"name": "one"})
    run = Running(lambda: FakeCamera(rate=40), config, load=load, sinks={"kept": kept})
    with run:
        wait_until(lambda: len(kept.frames) > 3)
        run.desk.switches.set("network", "two", by="test")
        before = len(kept.frames)
        wait_until(lambda: networks["one"].closed)
        assert len(kept.frames) - before > 5, "frames pass while it is loaded"
        assert all(tinted.ab.any() for tinted in kept.frames[1:]), "and none of them is grey"
        wait_until(lambda: kept.frames[-1].ab[0, 0, 0] == pytest.approx(-20))
        run.desk.switches.set("network", "broken", by="test")
        wait_until(lambda: run.said)
        wait_until(lambda: run.desk.switches.value("network") == "two")
        assert run.said == ["broken.tflite: sha256 is wrong; two stays"]
        asked = networks["two"].asked
        wait_until(lambda: networks["two"].asked > asked)
    assert run.error is None
    assert networks["two"].closed


def test_a_hint_acts_at_once_however_steady_the_colour_is() -> None:
    network, kept = Painter((20, 10)), Kept()
    config = configured(colour=PLAIN | {"steadiness": 0.95})
    with Running(lambda: FakeCamera(rate=20), config, network=network, sinks={"kept": kept}) as run:
        wait_until(lambda: len(kept.frames) > 10)
        network.ab = (-20, 10)
        placed = run.desk.add_hint(0.5, 0.5, -20, 10)
        began = time.monotonic()
        wait_until(lambda: kept.frames[-1].ab[0, 0, 0] < -15)
        assert time.monotonic() - began < 2
        assert run.desk.hints() == (placed,)
        assert run.desk.remove_hint(placed.id)


class Odd(FakeCamera):
    """Ten bits, stored on its side; from its thirtieth frame another size, eight bits, upright."""

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            if frame.index < 30:
                yield replace(frame, luma=frame.luma.astype(np.uint16) * 4, depth=10, rotation=90)
            else:
                yield replace(frame, luma=np.ascontiguousarray(frame.luma[:, :96]))


def test_frames_of_any_depth_turn_and_size_go_through() -> None:
    kept, network = Kept(), Painter()
    with (
        Running(lambda: Odd(rate=40), configured(colour=PLAIN), network=network, sinks={"kept": kept}) as run,
        run.desk.views.watch(View()) as watch,
    ):
        first = watch.take(10)
        assert first is not None
        assert (first.facts.width, first.facts.height) == (96, 128)
        wait_until(lambda: kept.frames and kept.frames[-1].frame.index > 40)
        later = watch.take(10)
        assert later is not None
        wait_until(lambda: (shown := watch.take(1)) is not None and shown.facts.width == 96)
    assert run.error is None
    assert {tinted.frame.depth for tinted in kept.frames} == {8, 10}
    assert all(tinted.ab.max() == pytest.approx(20) for tinted in kept.frames[-3:])
