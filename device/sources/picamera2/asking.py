"""What is asked of a camera, and what it agreed to: size, format, colour, orientation, controls."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from device.errors import ConfigurationError
from device.frames import ColourSpace, Matrix
from device.sources.v4l2.device import Agreed as Stored
from device.sources.v4l2.formats import PIXELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.config import CameraSettings
    from device.sources.picamera2.library import Library

    Listed = Mapping[str, tuple[Any, Any, Any]]

_log = logging.getLogger(__name__)

LIMITS: Final = "FrameDurationLimits"
#: Where nothing is asked: what the smallest boards show at full rate.
_SIZE: Final = 1280, 720
_INTERVAL_US: Final = 33_333
#: At rest. The buffers already queued come first, five or so: longer intervals would not be back in a second.
_REST_INTERVAL_US: Final = 100_000
_CONTINUOUS: Final = 2  # AfModeContinuous of libcamera
_MONO: Final = 5  # ColorFilterArrangementEnum.MONO of libcamera
_HD_LINES: Final = 720
_MATRICES: Final = {"Rec601": Matrix.BT601, "Rec709": Matrix.BT709, "Rec2020": Matrix.BT2020}
#: libcamera's names of formats (DRM's) to the four letters of V4L2.
_FOURCC: Final = {"YUV420": "YU12", "YVU420": "YV12", "R8": "GREY"}


@dataclass(frozen=True, slots=True)
class Turn:
    """How a picture is turned: mirrored, then by ``rotation`` degrees clockwise."""

    hflip: bool
    vflip: bool
    rotation: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the camera gives. ``format``: as libcamera calls it; ``stored``: how it lies in the buffer.

    ``left``: what of the orientation the camera did not do itself. ``mono``: it sees no colours.
    """

    model: str
    format: str
    stored: Stored
    colour_space: ColourSpace
    left: Turn
    mono: bool


def agree(library: Library, camera: Any, settings: CameraSettings) -> Agreed:
    """Configure ``camera`` as asked and read back what it agreed to. Raises ConfigurationError."""
    turn = _asked_turn(settings)
    asked = camera.create_video_configuration(
        main={"size": _asked_size(camera, settings), "format": "YUV420"},
        raw=None,
        transform=library.transform(hflip=int(turn.hflip), vflip=int(turn.vflip)),
        # Full range and BT.601 is what JPEG is: luma goes from the sensor into it as it is.
        colour_space=library.colour_space.Sycc(),
        buffer_count=4,
        queue=False,
    )
    try:
        camera.configure(asked)
    except RuntimeError as error:
        width, height = asked["main"]["size"]
        raise ConfigurationError(f"the camera can't give {width}x{height}: {error}") from error
    given = camera.camera_configuration()
    main = given["main"]
    width, height = (int(side) for side in main["size"])
    done = given["transform"]
    form = str(main["format"])
    name = _FOURCC.get(form, form)
    if name not in PIXELS:
        raise ConfigurationError(
            f"the camera gives {form}, which is not read here", hint="try it as v4l2:/dev/video0"
        )
    return Agreed(
        model=str(camera.camera_properties.get("Model", "camera")),
        format=form,
        stored=Stored(name, width, height, int(main["stride"]), int(main.get("framesize") or 0), 0, 0, 0),
        colour_space=_colour_space(camera, given, height),
        left=Turn(turn.hflip != bool(done.hflip), turn.vflip != bool(done.vflip), turn.rotation),
        mono=_is_mono(camera),
    )


def tuning_file(library: Library, settings: CameraSettings) -> Path | None:
    """The sensor's tuning file, by path; its mere name (``imx219_noir.json``): one of the system's.

    Raises ConfigurationError where there is none of that name, or it is no JSON.
    """
    path = settings.tuning_file and settings.tuning_file.expanduser()
    if path is None:
        return None
    folders = (path.parent,) if len(path.parts) > 1 else (path.parent, *library.tuning_folders())
    for folder in folders:
        one = folder / path.name
        if one.is_file():
            try:
                json.loads(one.read_bytes())
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"camera.tuning_file can't be read: {error}", where=one) from None
            return one.resolve()
    raise ConfigurationError("camera.tuning_file: no such file", where=path)


@dataclass(frozen=True, slots=True)
class Controls:
    """What is set of a camera.

    ``start``: before the first frame. ``rest``, ``wake``: when nobody looks, and when somebody does again;
    empty where it has one rate. ``interval_us``: the longest between two frames.
    """

    start: dict[str, object]
    rest: dict[str, object]
    wake: dict[str, object]
    interval_us: int


def controls_for(settings: CameraSettings, listed: Listed) -> Controls:
    """What to set of a camera that lists ``listed`` (name: least, most, default); nothing that it lacks."""
    shortest, longest = _interval(settings)
    start: dict[str, object] = {}
    rest: dict[str, object] = {}
    if LIMITS in listed:
        least, most = listed[LIMITS][:2]
        shortest, longest = (_within(one, least, most) for one in (shortest, longest))
        start[LIMITS] = shortest, longest
        slow = _within(max(_REST_INTERVAL_US, longest), least, most)
        if slow > longest:
            rest[LIMITS] = slow, slow
    wanted = {
        "ExposureTime": (settings.exposure_us, "exposure_us"),
        "AnalogueGain": (settings.gain, "gain"),
    }
    for name, (value, key) in wanted.items():
        if value and name in listed:
            start[name] = _within(value, *listed[name][:2])
        elif value:
            _log.warning("camera.%s: this camera has no such control", key)
    if settings.rate and LIMITS not in listed:
        _log.warning("camera.rate: this camera has no such control")
    if "AfMode" in listed:
        start["AfMode"] = _CONTINUOUS
    return Controls(start, rest, {LIMITS: (shortest, longest)} if rest else {}, longest)


def _interval(settings: CameraSettings) -> tuple[int, int]:
    """Shortest and longest time between frames in microseconds, as asked."""
    if settings.rate:
        exact = round(1_000_000 / settings.rate)
        return exact, exact
    return _INTERVAL_US, max(_INTERVAL_US, settings.exposure_us)


def _within(value: Any, least: Any, most: Any) -> Any:
    if least is not None:
        value = max(value, least)
    return min(value, most) if most else value


def _asked_size(camera: Any, settings: CameraSettings) -> tuple[int, int]:
    """Width and height to ask for: where only one side is said, in the sensor's proportions."""
    sensor = getattr(camera, "sensor_resolution", None) or _SIZE
    width, height = settings.width, settings.height
    if not width and not height:
        width, height = (min(side, most) for side, most in zip(_SIZE, sensor, strict=True))
    elif not height:
        height = round(width * sensor[1] / sensor[0])
    elif not width:
        width = round(height * sensor[0] / sensor[1])
    return max(2, width - width % 2), max(2, height - height % 2)


def _asked_turn(settings: CameraSettings) -> Turn:
    """Half a turn costs a sensor nothing; a quarter it can't do."""
    half = settings.rotation == 180
    return Turn(settings.hflip != half, settings.vflip != half, 0 if half else settings.rotation)


def _colour_space(camera: Any, given: Mapping[str, Any], height: int) -> ColourSpace:
    """What libcamera says of the stream itself: picamera2 replaces it by a standard one that looks alike.

    What is not said is limited range, and BT.709 from 720 lines up, else BT.601.
    """
    try:
        said = camera.libcamera_config.at(0).color_space
    except (AttributeError, TypeError):
        said = given.get("colour_space")
    matrix = _name(said, "ycbcrEncoding")
    assumed = Matrix.BT709 if height >= _HD_LINES else Matrix.BT601
    return ColourSpace(_MATRICES.get(matrix, assumed), full_range=_name(said, "range") == "Full")


def _name(said: Any, part: str) -> str:
    return str(getattr(getattr(said, part, None), "name", ""))


def _is_mono(camera: Any) -> bool:
    """Whether the sensor has no colour filters: newer releases tell, older ones list the arrangement."""
    arrangement = camera.camera_properties.get("ColorFilterArrangement")
    return arrangement is not None and int(arrangement) == _MONO
