"""What a camera is asked for: only what it lists, as the settings say, and sizes and tuning that exist."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import pytest
from sources import fake_picamera2 as fake

from device.config import CameraSettings
from device.errors import ConfigurationError
from device.sources.picamera2 import Picamera2Source
from device.sources.picamera2.asking import controls_for
from device.sources.picamera2.library import Library

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> fake.World:
    monkeypatch.delenv("LIBCAMERA_RPI_TUNING_FILE", raising=False)
    return fake.World().install(monkeypatch)


def configured(world: fake.World, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration of a camera that was opened with ``settings``, and the controls it started with."""
    with Picamera2Source(0, CameraSettings(**settings)):
        camera = world.opened[-1]
        started: dict[str, Any] = {}
        for one in camera.set:
            started |= one
        return camera.camera_config, started


def test_the_camera_is_asked_for_luma_and_chroma_without_a_queue(world: fake.World) -> None:
    config, _ = configured(world)
    assert (config["main"]["format"], config["main"]["size"]) == ("YUV420", (1280, 720))
    assert (config["buffer_count"], config["queue"]) == (4, False)


@pytest.mark.parametrize(
    ("sensor", "settings", "size"),
    [
        ((3280, 2464), {"width": 1920, "height": 1080}, (1920, 1080)),
        ((3280, 2464), {"width": 1640}, (1640, 1232)),
        ((3280, 2464), {"height": 1232}, (1640, 1232)),
        ((3280, 2464), {"width": 1921, "height": 1081}, (1920, 1080)),
        ((640, 480), {}, (640, 480)),  # a sensor that is smaller than what is asked for by default
        ((1280, 800), {}, (1280, 720)),
    ],
)
def test_sizes_are_even_and_in_the_sensors_proportions(
    world: fake.World, sensor: tuple[int, int], settings: dict[str, int], size: tuple[int, int]
) -> None:
    world.sensor = sensor
    assert configured(world, **settings)[0]["main"]["size"] == size


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, (33_333, 33_333)),
        ({"rate": 25}, (40_000, 40_000)),
        ({"rate": 500}, (21_186, 21_186)),  # as fast as the sensor goes
        ({"exposure_us": 200_000}, (33_333, 200_000)),  # else it would be cut to a thirtieth of a second
        ({"exposure_us": 200_000, "rate": 30}, (33_333, 33_333)),
    ],
)
def test_the_time_between_frames_is_what_the_sensor_can_do(
    world: fake.World, settings: dict[str, Any], limits: tuple[int, int]
) -> None:
    assert configured(world, **settings)[1]["FrameDurationLimits"] == limits


def test_exposure_and_gain_are_passed_through_within_the_sensors_limits(world: fake.World) -> None:
    _, started = configured(world, exposure_us=5_000, gain=40)
    assert (started["ExposureTime"], started["AnalogueGain"]) == (5_000, 16.0)
    _, started = configured(world)
    assert not {"ExposureTime", "AnalogueGain", "AeEnable"} & started.keys()


def test_what_a_camera_lacks_is_not_set_but_said(world: fake.World, caplog: pytest.LogCaptureFixture) -> None:
    world.listed = {}
    with caplog.at_level(logging.WARNING):
        _, started = configured(world, exposure_us=5_000, gain=2, rate=15)
    assert started == {}
    assert [record.getMessage() for record in caplog.records] == [
        "camera.exposure_us: this camera has no such control",
        "camera.gain: this camera has no such control",
        "camera.rate: this camera has no such control",
    ]


def test_a_lens_that_can_focus_does_so_by_itself() -> None:
    focusing = {**fake.COLOUR, "AfMode": (0, 2, 0)}
    assert controls_for(CameraSettings(), focusing).start["AfMode"] == 2
    assert "AfMode" not in controls_for(CameraSettings(), fake.COLOUR).start


def test_limits_without_a_top_are_no_limits() -> None:
    """Some drivers list 0 or nothing for the most."""
    listed = {"ExposureTime": (0, 0, None), "AnalogueGain": (1.0, None, None)}
    start = controls_for(CameraSettings(exposure_us=9_000, gain=3), listed).start
    assert start == {"ExposureTime": 9_000, "AnalogueGain": 3}


def test_a_noir_cameras_tuning_file_is_read_before_the_cameras_are_looked_for(
    world: fake.World, tmp_path: Path
) -> None:
    path = tmp_path / "imx219_noir.json"
    path.write_text('{"version": 2.0}')
    configured(world, tuning_file=path)
    assert (world.opened[0].tuning, world.opened[0].listed_under) == (str(path), str(path))
    configured(world)
    assert (world.opened[1].tuning, world.opened[1].listed_under) == (None, None)


def test_a_tuning_files_mere_name_is_one_of_the_systems(
    world: fake.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ov5647_noir.json").write_text("{}")
    monkeypatch.chdir("/")
    monkeypatch.setattr(Library, "tuning_folders", lambda _: (tmp_path,))
    configured(world, tuning_file="ov5647_noir.json")
    assert world.opened[0].tuning == str(tmp_path / "ov5647_noir.json")


def test_a_tuning_file_of_ones_own_may_stand_at_home(
    world: fake.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path))
    configured(world, tuning_file="~/mine.json")
    assert world.opened[0].tuning == str(tmp_path / "mine.json")


def test_the_systems_tuning_files_are_those_of_the_boards_generation() -> None:
    pi4 = Library(fake.OldPicamera2, None, None, None)
    assert "/usr/share/libcamera/ipa/rpi/vc4" in map(os.fspath, pi4.tuning_folders())


@pytest.mark.parametrize(("text", "message"), [(None, "no such file"), ("{", "can't be read")])
def test_a_tuning_file_that_is_none_is_refused(
    world: fake.World, tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "broken.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=rf"broken\.json: camera\.tuning_file.* ?{message}"):
        configured(world, tuning_file=path)
    assert not world.opened


def test_a_format_that_is_not_read_here_is_refused_and_the_camera_given_back(world: fake.World) -> None:
    world.format = "MJPEG"
    with pytest.raises(ConfigurationError, match=r"gives MJPEG.*v4l2:"):
        configured(world)
    assert not world.opened[0].is_open


def test_a_size_that_it_can_not_give_is_refused_and_the_camera_given_back(world: fake.World) -> None:
    world.failing["configure"] = RuntimeError("Invalid camera configuration")
    with pytest.raises(ConfigurationError, match=r"can't give 8000x6000: Invalid"):
        configured(world, width=8000, height=6000)
    assert not world.opened[0].is_open
