"""A camera of picamera2: what becomes of its buffers, its times, its numbers, and of a library that hangs."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import fake_picamera2 as fake

from device.config import CameraSettings
from device.errors import CameraWedged, SourceLost
from device.frames import ColourSpace, Matrix
from device.sources.picamera2 import Picamera2Source, source
from device.sources.picamera2.gaps import Gaps
from device.sources.picamera2.source import captured_ns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.frames import Frame


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.World]:
    world = fake.World().install(monkeypatch)
    yield world
    world.tidy()
    assert world.lent == 0, "a request was not given back"


def taken(count: int, **settings: Any) -> tuple[list[Frame], Picamera2Source]:
    """The first ``count`` frames of a source, and the source, closed."""
    with Picamera2Source(0, CameraSettings(**settings)) as camera:
        return list(itertools.islice(camera.frames(), count)), camera


@pytest.mark.parametrize("form", ["YUV420", "YVU420", "NV12", "NV21"])
@pytest.mark.parametrize("width", [640, 648])  # 648: 56 bytes of padding in each row
def test_planes_are_those_of_the_frame_whatever_the_format_and_the_padding(
    world: fake.World, form: str, width: int
) -> None:
    world.format = form
    frames, _ = taken(3, width=width, height=480)
    for number, frame in enumerate(frames):
        assert frame.cb is not None
        assert frame.cr is not None
        np.testing.assert_array_equal(frame.luma, fake.luma_of(number, width, 480))
        np.testing.assert_array_equal(frame.cb, fake.chroma_of(number, width // 2, 240, 0))
        np.testing.assert_array_equal(frame.cr, fake.chroma_of(number, width // 2, 240, 1))


def test_a_camera_on_usb_gives_twice_the_chroma_rows(world: fake.World) -> None:
    world.format, world.properties = "YUYV", {}
    (frame,), _ = taken(1, width=640, height=480)
    assert frame.cb is not None
    np.testing.assert_array_equal(frame.luma, fake.luma_of(0, 640, 480))
    np.testing.assert_array_equal(frame.cb[::2], fake.chroma_of(0, 320, 240, 0))
    np.testing.assert_array_equal(frame.cb[1::2], frame.cb[::2])


def test_the_size_is_the_one_read_back(world: fake.World) -> None:
    world.size = (1456, 1088)
    (frame,), camera = taken(1, width=1440, height=1080)
    assert (frame.width, frame.height) == (1456, 1088)
    assert camera.name == "imx219, 1456x1088 YUV420, 30/s"


@pytest.mark.parametrize("old", [False, True])
def test_a_mono_sensor_has_no_chroma_on_old_and_new_releases(
    monkeypatch: pytest.MonkeyPatch, *, old: bool
) -> None:
    # Older releases list controls that such a sensor lacks.
    world = fake.World(
        models=("ov9281",),
        old=old,
        listed=fake.COLOUR if old else fake.GREY,
        properties={"ColorFilterArrangement": fake.MONO},
        sensor=(1280, 800),
    ).install(monkeypatch)
    (frame,), _ = taken(1)
    assert (frame.cb, frame.cr) == (None, None)
    assert (frame.width, frame.height) == (1280, 720)
    assert not {"Saturation", "AwbEnable", "ColourGains"} & {
        name for one in world.opened[0].set for name in one
    }


def test_a_grey_format_has_no_chroma(world: fake.World) -> None:
    world.format, world.properties = "R8", {"ColorFilterArrangement": fake.MONO}
    (frame,), _ = taken(1)
    assert frame.cb is None
    np.testing.assert_array_equal(frame.luma, fake.luma_of(0, 1280, 720))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (fake.ColorSpace(), ColourSpace(Matrix.BT601, full_range=True)),
        (fake.ColorSpace(fake.Encoding.Rec601, fake.Range.Limited), ColourSpace(Matrix.BT601)),
        (fake.ColorSpace(fake.Encoding.Rec709, fake.Range.Limited), ColourSpace(Matrix.BT709)),
        (fake.ColorSpace(fake.Encoding.Rec709, fake.Range.Full), ColourSpace(Matrix.BT709, full_range=True)),
        (fake.ColorSpace(fake.Encoding.Null, fake.Range.Limited), ColourSpace(Matrix.BT709)),
    ],
)
def test_colour_is_what_libcamera_said_of_the_stream(
    world: fake.World, said: fake.ColorSpace, meant: ColourSpace
) -> None:
    world.colour_space = said
    (frame,), _ = taken(1)
    assert frame.colour_space == meant


def test_a_camera_that_says_nothing_of_its_colour_is_taken_for_limited(world: fake.World) -> None:
    world.colour_space = fake.ColorSpace(None, None)  # type: ignore[arg-type]
    (frame,), _ = taken(1, width=640, height=480)
    assert frame.colour_space == ColourSpace(Matrix.BT601)


@pytest.mark.parametrize(
    ("settings", "done", "left"),
    [
        ({"rotation": 180}, (1, 1), ("", 0)),
        ({"rotation": 180, "hflip": True}, (0, 1), ("", 0)),
        ({"rotation": 90, "vflip": True}, (0, 1), ("", 90)),
        ({"rotation": 180}, (0, 0), ("hv", 0)),  # the camera does nothing of it: we do
        ({"hflip": True}, (0, 0), ("h", 0)),
        ({"rotation": 270, "vflip": True}, (0, 0), ("v", 270)),
    ],
)
def test_the_picture_is_turned_by_the_camera_or_by_us(
    world: fake.World, settings: dict[str, Any], done: tuple[int, int], left: tuple[str, int]
) -> None:
    world.transform = fake.Transform(*done)
    (frame,), _ = taken(1, width=640, height=480, **settings)
    mirrored, rotation = left
    way = slice(None, None, -1 if "v" in mirrored else 1), slice(None, None, -1 if "h" in mirrored else 1)
    assert frame.rotation == rotation
    assert frame.cr is not None
    np.testing.assert_array_equal(frame.luma, fake.luma_of(0, 640, 480)[way])
    np.testing.assert_array_equal(frame.cr, fake.chroma_of(0, 320, 240, 1)[way])


def test_what_nobody_took_is_a_gap(world: fake.World) -> None:
    world.steps = [1, 1, 3, 1, 2]
    frames, camera = taken(6)
    assert [frame.index for frame in frames] == [0, 1, 4, 5, 7, 8]
    assert camera.dropped == 3


def test_what_the_sensors_link_lost_is_a_gap_though_the_numbers_go_on(world: fake.World) -> None:
    world.ticks = [1, 1, 4, 1, 1]
    frames, camera = taken(5)
    assert [frame.index for frame in frames] == [0, 1, 5, 6, 7]
    assert camera.dropped == 3


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=30))
def test_gaps_are_counted_once(steps: list[tuple[int, int]]) -> None:
    """A frame that was both unseen here and late there was one frame; jitter of a third is none."""
    gaps, sequence, stamp = Gaps(), 0, 0
    assert gaps.lost(sequence, stamp, 33_333) == 0
    for step, jitter in steps:
        sequence, stamp = sequence + step, stamp + step * 33_333_000
        assert gaps.lost(sequence, stamp + jitter * 3_700_000, 33_333) == step - 1


def test_a_sensor_that_changes_its_pace_has_lost_nothing() -> None:
    gaps, stamp = Gaps(), 0
    for sequence, duration_us in enumerate([33_333, 33_333, 100_000, 100_000, 33_333, 33_333]):
        assert gaps.lost(sequence, stamp, duration_us) == 0
        stamp += 1000 * duration_us


def test_damaged_frames_are_left_out_and_counted(world: fake.World) -> None:
    world.damaged = {1, 2}
    frames, camera = taken(3)
    assert [frame.index for frame in frames] == [0, 3, 4]
    assert (camera.corrupt, camera.dropped) == (2, 0)


def test_a_frame_is_as_old_as_its_sensors_time_says(world: fake.World) -> None:
    world.age_ns = 40_000_000
    (frame,), _ = taken(1)
    assert frame.captured_ns is not None
    assert 40_000_000 <= time.monotonic_ns() - frame.captured_ns < 2_000_000_000
    assert frame.pts * frame.time_base * 1_000_000_000 == frame.captured_ns


def test_times_go_on_whatever_the_sensors_clock_does(world: fake.World) -> None:
    with Picamera2Source(0, CameraSettings()) as camera:
        frames, seen = camera.frames(), []
        for age_ns in (5_000_000, 900_000_000, -1_000_000_000, 400_000_000, 5_000_000):
            world.age_ns = age_ns
            seen.append(next(frames))
    assert [frame.pts for frame in seen] == sorted({frame.pts for frame in seen})


def test_a_camera_without_a_clock_has_frames_of_now(world: fake.World) -> None:
    world.without = {"SensorTimestamp"}
    before = time.monotonic_ns()
    (frame, _), _ = taken(2)
    assert frame.captured_ns is not None
    assert frame.captured_ns >= before


def test_a_clock_that_counts_sleep_is_told_from_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = time.monotonic_ns(), 3_600_000_000_000
    monkeypatch.setattr(time, "monotonic_ns", lambda: now)
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: now + slept)
    taken_at = now - 20_000_000
    assert captured_ns(taken_at, now) == taken_at
    assert captured_ns(taken_at + slept, now) == taken_at
    assert captured_ns(None, now) == captured_ns(0, now) == now
    assert captured_ns(now - 60_000_000_000, now) == now  # no camera's delay
    assert captured_ns(now + 5 * slept, now) == now


def test_a_camera_that_gives_nothing_any_more_is_lost_in_time(world: fake.World) -> None:
    world.frames = 2
    with Picamera2Source(0, CameraSettings(stall_seconds=0.6)) as camera:
        frames = camera.frames()
        assert [next(frames).index for _ in range(2)] == [0, 1]
        began = time.monotonic()
        with pytest.raises(SourceLost, match=r"picamera2:0: no frame for 0\.6 s"):
            next(frames)
        assert 0.5 < time.monotonic() - began < 5
    assert world.cancelled >= 1  # what comes later would be lent out for ever
    assert not world.opened[0].is_open


def test_a_long_exposure_is_no_stall(world: fake.World) -> None:
    world.wait_s = 1.2
    with Picamera2Source(0, CameraSettings(stall_seconds=0.5, exposure_us=1_000_000)) as camera:
        assert [frame.index for frame in itertools.islice(camera.frames(), 2)] == [0, 1]
    assert CameraSettings(stall_seconds=0.5, rate=0.5).patience_s > 2
    assert CameraSettings(rate=30).patience_s == CameraSettings().stall_seconds


@pytest.mark.parametrize("where", ["capture", "map", "release"])
@pytest.mark.parametrize("error", [RuntimeError("Camera is gone"), OSError(19, "No such device")])
def test_what_the_library_raises_is_a_lost_source(world: fake.World, where: str, error: Exception) -> None:
    with Picamera2Source(0, CameraSettings()) as camera:
        frames = camera.frames()
        next(frames)
        world.failing[where] = error
        with pytest.raises(SourceLost, match=r"the camera has stopped: .*(gone|device)"):
            next(frames)
        world.failing.clear()


@pytest.mark.parametrize("old", [False, True])
def test_it_opens_again_after_it_was_lost(monkeypatch: pytest.MonkeyPatch, *, old: bool) -> None:
    world = fake.World(frames=1, old=old).install(monkeypatch)
    for _ in range(3):
        with (
            Picamera2Source(0, CameraSettings(stall_seconds=0.5)) as camera,
            pytest.raises(SourceLost, match="no frame"),
        ):
            list(camera.frames())
    assert [one.is_open for one in world.opened] == [False] * 3


def test_closing_ends_a_wait_for_a_frame(world: fake.World) -> None:
    world.frames = 1
    camera = Picamera2Source(0, CameraSettings(stall_seconds=30))
    seen: list[Frame] = []
    reader = threading.Thread(target=lambda: seen.extend(camera.frames()))
    reader.start()
    while not (seen and world.opened[0].jobs) and reader.is_alive():
        time.sleep(0.01)
    began = time.monotonic()
    camera.close()
    camera.close()
    reader.join(5)
    assert not reader.is_alive()
    assert time.monotonic() - began < 20
    assert len(seen) == 1
    assert not world.opened[0].is_open
    assert list(camera.frames()) == []


@pytest.mark.parametrize(
    ("what", "within"), [("close", "CLOSE_S"), ("release", "CLOSE_S"), ("open", "OPEN_S")]
)
def test_a_library_that_hangs_asks_for_a_new_process(
    world: fake.World, monkeypatch: pytest.MonkeyPatch, what: str, within: str
) -> None:
    monkeypatch.setattr(source, within, 0.3)
    world.hanging = {what}
    began = time.monotonic()
    with pytest.raises(CameraWedged, match=r"picamera2:0: the camera library has not answered") as raised:
        hang(world, what)
    assert time.monotonic() - began < 20
    assert raised.value.exit_code == 75
    world.free.set()
    deadline = time.monotonic() + 5
    while world.lent and time.monotonic() < deadline:
        time.sleep(0.01)


def hang(world: fake.World, what: str) -> None:
    """Come to where the library hangs, as a program would that reads on one thread and closes on another."""
    camera = Picamera2Source(0, CameraSettings())
    if what == "release":
        threading.Thread(target=lambda: list(camera.frames()), daemon=True).start()
        assert world.hangs.wait(20)
    camera.close()


def test_a_camera_that_refuses_to_close_asks_for_a_new_process(world: fake.World) -> None:
    world.failing["close"] = RuntimeError("Unable to stop preview.")
    with pytest.raises(CameraWedged, match="can't be closed: Unable to stop preview"):
        Picamera2Source(0, CameraSettings()).close()


def test_at_rest_the_sensor_goes_slower_and_few_frames_are_taken(world: fake.World) -> None:
    world.wait_s = 0.01
    with Picamera2Source(0, CameraSettings(rate=30)) as camera:
        frames = camera.frames()
        next(frames)
        before = len(world.opened[0].set)
        camera.rest(resting=True)
        waker = threading.Timer(0.7, lambda: camera.rest(resting=False))
        waker.start()
        found = list(itertools.islice(frames, 10))
        waker.join()
    said = [one["FrameDurationLimits"] for one in world.opened[0].set[before:]]
    assert said == [(100_000, 100_000)] * 3 + [(33_333, 33_333)] * 3
    # No frame was lost for that many left out; and whoever looks again has all of them at once.
    assert [frame.index for frame in found] == list(range(1, 11))
    assert camera.dropped == 0
    times = [frame.captured_ns or 0 for frame in found]
    assert times[-1] - times[3] < 2_000_000_000


def test_a_camera_of_one_rate_rests_without_a_word(world: fake.World) -> None:
    world.listed = {"FrameDurationLimits": (33_333, 33_333, None)}
    with Picamera2Source(0, CameraSettings()) as camera:
        frames = camera.frames()
        next(frames)
        before = len(world.opened[0].set)
        camera.rest(resting=True)
        next(frames)
        assert not [one for one in world.opened[0].set[before:] if one]
