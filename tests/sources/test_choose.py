from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from device.config import CameraSettings
from device.errors import ConfigurationError, SourceLost
from device.sources import choose
from device.sources.choose import open_source
from device.sources.loop import PlayedFilm
from device.sources.pattern import PatternSource
from device.sources.picamera2 import Camera
from device.sources.stream import StreamSource

if TYPE_CHECKING:
    from collections.abc import Callable


def opened(source: str, **more: Any) -> Any:
    return open_source(CameraSettings(source=source, **more))


def test_what_needs_no_camera(demo_film: Path) -> None:
    for source, kind in {
        "pattern": PatternSource,
        str(demo_film): PlayedFilm,
        "rtsp://camera.lan:8554/live": StreamSource,
        "https://camera.lan/video.mjpg?fps=10": StreamSource,
        "http://[fe80::1]/video": StreamSource,
    }.items():
        with opened(source) as one:
            assert isinstance(one, kind)
            assert one.name


@pytest.mark.parametrize(
    ("asked", "size", "rate"),
    [
        ({}, "1280x720", "30/s"),
        ({"width": 640}, "640x360", "30/s"),
        ({"height": 1080, "rate": 60}, "1920x1080", "60/s"),
        ({"width": 100, "height": 100, "rate": 29.97}, "100x100", "29.97/s"),
    ],
)
def test_the_pattern_is_as_asked(asked: dict[str, Any], size: str, rate: str) -> None:
    with opened("pattern", **asked) as source:
        assert source.name == f"test pattern, {size}, {rate}"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("v4l2:/dev/video97", "/dev/video97"),
        ("v4l2:97", "/dev/video97"),
        ("/dev/video97", "/dev/video97"),
        ("v4l2:/dev/v4l/by-id/none", "/dev/v4l/by-id/none"),
    ],
)
def test_a_camera_that_is_not_there(source: str, path: str) -> None:
    with pytest.raises(SourceLost) as failure:
        opened(source)
    assert str(failure.value) == f"{path}: no such device (is it plugged in?)"


@pytest.mark.parametrize("source", ["picamera2:x", "picamera2:-1", "gopher://camera.lan/"])
def test_what_is_no_name_of_a_source(source: str) -> None:
    with pytest.raises(ConfigurationError):
        opened(source)


def none_installed() -> tuple[Camera, ...]:
    raise ConfigurationError("picamera2 is not installed")


@pytest.mark.parametrize(
    ("cameras", "said"),
    [
        (none_installed, "picamera2 is not installed; no V4L2 device"),
        (lambda: (), "picamera2 knows of none; no V4L2 device"),
        (lambda: (Camera(0, "webcam", "/base/usb@1"),), "picamera2 knows of none; no V4L2 device"),
    ],
)
def test_auto_says_what_it_looked_for(
    monkeypatch: pytest.MonkeyPatch, cameras: Callable[[], tuple[Camera, ...]], said: str
) -> None:
    monkeypatch.setattr(choose, "cameras", cameras)
    monkeypatch.setattr(choose, "capture_devices", list)
    with pytest.raises(SourceLost, match=said):
        opened("auto")


def test_auto_takes_the_first_that_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    opened_with: list[object] = []

    def v4l2(path: Path, settings: CameraSettings) -> PatternSource:
        opened_with.append(path)
        if path.name == "video0":
            raise SourceLost("is in use by another program", where=path)
        return PatternSource((64, 48), rotation=settings.rotation)

    def picamera2(number: int, settings: CameraSettings) -> PatternSource:
        opened_with.append(number)
        return PatternSource((64, 48), rotation=settings.rotation)

    monkeypatch.setattr(choose, "V4l2Source", v4l2)
    monkeypatch.setattr(choose, "Picamera2Source", picamera2)
    monkeypatch.setattr(choose, "capture_devices", lambda: [Path("/dev/video0"), Path("/dev/video2")])
    monkeypatch.setattr(choose, "cameras", tuple)
    opened("auto").close()
    listed = (Camera(0, "webcam", "/base/usb@1"), Camera(1, "imx219", "/base/i2c@1"))
    monkeypatch.setattr(choose, "cameras", lambda: listed)
    opened("auto").close()
    assert opened_with == [Path("/dev/video0"), Path("/dev/video2"), 1]
