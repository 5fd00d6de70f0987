"""Which live source the configuration means."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.errors import ConfigurationError, SourceLost
from device.sources.asked import asked_size
from device.sources.loop import PlayedFilm
from device.sources.pattern import PatternSource
from device.sources.picamera2 import Picamera2Source, cameras
from device.sources.stream import StreamSource
from device.sources.v4l2 import V4l2Source, capture_devices

if TYPE_CHECKING:
    from device.config import CameraSettings
    from device.sources import LiveSource

_PATTERN_RATE: Final = 30


def open_source(settings: CameraSettings) -> LiveSource:
    """Open what ``settings.source`` names.

    Raises SourceLost where a camera is not there (yet), ConfigurationError for what no source is called, and
    the errors of ``probe`` for a film.
    """
    source = settings.source
    kind, _, rest = source.partition(":")
    if source == "auto":
        return _first_camera(settings)
    if source == "pattern":
        rate = Fraction(settings.rate or _PATTERN_RATE).limit_denominator(1001)
        return PatternSource(asked_size(settings), rate, rotation=settings.rotation)
    if kind == "picamera2":
        return Picamera2Source(_number(source, rest), settings)
    if kind == "v4l2" or source.startswith("/dev/video"):
        return V4l2Source(_node(source, rest), settings)
    if rest.startswith("//"):
        return StreamSource(settings)
    return PlayedFilm(Path(source), loop=settings.loop, rotation=settings.rotation)


def _first_camera(settings: CameraSettings) -> LiveSource:
    """The first camera of picamera2, else the first that V4L2 has; one on USB is V4L2's."""
    try:
        first = next((camera for camera in cameras() if not camera.usb), None)
        without = "picamera2 knows of none"
    except (ConfigurationError, SourceLost) as error:
        first, without = None, str(error)
    if first is not None:
        return Picamera2Source(first.number, settings)
    looked_at = capture_devices()
    failed = ""
    for path in looked_at:
        try:
            return V4l2Source(path, settings)
        except SourceLost as error:
            failed = failed or str(error)
    raise SourceLost(
        f"no camera: {without}; {failed or 'no V4L2 device in /dev gives pictures'}",
        hint="plug one in, or name another source: rtsp://..., http://..., a film, pattern",
    )


def _node(source: str, text: str) -> Path:
    """``v4l2:/dev/video2``, ``v4l2:2``, ``v4l2`` for the first, or ``/dev/video2`` by itself."""
    if source.startswith("/"):
        return Path(source)
    return Path(f"/dev/video{int(text or 0)}" if not text or text.isdecimal() else text)


def _number(source: str, text: str) -> int:
    if text and not text.isdecimal():
        raise ConfigurationError("is no camera of picamera2", where=source, hint="as in picamera2:0")
    return int(text or 0)
