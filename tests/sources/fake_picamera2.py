"""A small picamera2 and libcamera: what the real ones do where our source depends on it, and nothing else.

Taken after picamera2 0.3.17 to 0.3.38. A ``World`` says what is attached and what goes wrong; frames are made
when they are asked for. Whoever keeps a view of a buffer past its release reads 0xEE.
"""

from __future__ import annotations

import atexit
import enum
import itertools
import os
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    import pytest
    from numpy.typing import NDArray

PADDING, GONE = 0xAA, 0xEE
MONO, RGGB = 5, 0

Limits = tuple[Any, Any, Any]

#: What a colour sensor lists on a Raspberry Pi, and what its autofocus adds.
COLOUR: dict[str, Limits] = {
    "AeEnable": (False, True, True),
    "AnalogueGain": (1.0, 16.0, 1.0),
    "AwbEnable": (False, True, None),
    "ColourGains": (0.0, 32.0, None),
    "ExposureTime": (75, 11_766_829, 20_000),
    "FrameDurationLimits": (21_186, 11_767_556, 33_333),
    "NoiseReductionMode": (0, 4, 0),
    "Saturation": (0.0, 32.0, 1.0),
}
#: A sensor without colour filters: newer releases leave out what it can't have, older ones listed it.
GREY = {
    name: limits for name, limits in COLOUR.items() if name not in {"AwbEnable", "ColourGains", "Saturation"}
}


class Encoding(enum.Enum):
    """``libcamera.ColorSpace.YcbcrEncoding``."""

    Null = 0
    Rec601 = 1
    Rec709 = 2
    Rec2020 = 3


class Range(enum.Enum):
    """``libcamera.ColorSpace.Range``."""

    Full = 0
    Limited = 1


@dataclass
class ColorSpace:
    """``libcamera.ColorSpace``, as far as luma and chroma go."""

    ycbcrEncoding: Encoding = Encoding.Rec601  # noqa: N815 - libcamera's
    range: Range = Range.Full

    @staticmethod
    def Sycc() -> ColorSpace:  # noqa: N802 - libcamera's
        return ColorSpace()


@dataclass
class Transform:
    """``libcamera.Transform``."""

    hflip: int = 0
    vflip: int = 0
    transpose: int = 0


class Status(enum.Enum):
    """``libcamera.FrameMetadata.Status``."""

    Success = 0
    Error = 1
    Cancelled = 2


@dataclass
class World:
    """What is attached, how it behaves, and what was done to it."""

    models: tuple[str, ...] = ("imx219",)
    listed: dict[str, Limits] = field(default_factory=lambda: dict(COLOUR))
    properties: dict[str, Any] = field(default_factory=lambda: {"ColorFilterArrangement": RGGB})
    sensor: tuple[int, int] = (3280, 2464)
    #: What comes back, where that is not what was asked for.
    format: str | None = None
    size: tuple[int, int] | None = None
    colour_space: ColorSpace | None = None
    transform: Transform | None = None
    align: int = 64
    #: From one frame's number to the next; from one's time to the next, in frames.
    steps: list[int] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    damaged: set[int] = field(default_factory=set)
    interval_us: int = 33_333
    age_ns: int = 8_000_000
    wait_s: float = 0.0
    without: set[str] = field(default_factory=set)
    #: How many frames come before nothing does any more.
    frames: int | None = None
    #: What fails, by the method's name; what hangs until ``free``.
    failing: dict[str, Exception] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    old: bool = False

    free: threading.Event = field(default_factory=threading.Event)
    hangs: threading.Event = field(default_factory=threading.Event)
    opened: list[OldPicamera2] = field(default_factory=list)
    lent: int = 0
    cancelled: int = 0
    enumerated: int = 0
    #: The tuning file that was asked for when cameras were first looked for.
    tuning: str | None = None

    def meet(self, name: str) -> None:
        """Fail or hang where the test says so."""
        if name in self.hanging:
            self.hangs.set()
            self.free.wait(60)
        if name in self.failing:
            raise self.failing[name]

    def tidy(self) -> None:
        """Let go of what hangs, and close what was left open."""
        self.free.set()
        for thread in threading.enumerate():
            if thread.name == "picamera2":
                thread.join(10)
        self.failing, self.hanging = {}, set()
        for camera in self.opened:
            camera.close()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> World:
        """Have ``import picamera2`` and ``import libcamera`` find this world."""
        package, library = ModuleType("picamera2"), ModuleType("libcamera")
        job = ModuleType("picamera2.job")
        job.__dict__["Job"] = Job
        base, manager = (OldPicamera2, OldManager(self)) if self.old else (Picamera2, Manager(self))
        package.__dict__.update(
            Picamera2=type("Picamera2", (base,), {"world": self, "_cm": manager}), MappedArray=MappedArray
        )
        library.__dict__.update(ColorSpace=ColorSpace, Transform=Transform)
        monkeypatch.setitem(sys.modules, "picamera2", package)
        monkeypatch.setitem(sys.modules, "picamera2.job", job)
        monkeypatch.setitem(sys.modules, "libcamera", library)
        return self


class OldManager:
    """``picamera2.picamera2.CameraManager``: who has which camera open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.cameras: dict[int, OldPicamera2] = {}

    def cleanup(self, index: int) -> None:
        del self.cameras[index]


class Manager(OldManager):
    """The same in newer releases."""

    def reset(self) -> None:
        self._world.enumerated += 1


class OldPicamera2:
    """``picamera2.Picamera2`` before 0.3.20."""

    world: World
    _cm: OldManager
    platform = SimpleNamespace(name="VC4")

    def __init__(self, camera_num: int = 0, tuning: str | None = None) -> None:
        self.tuning = tuning
        self.listed_under = self.world.tuning
        reading, self.notifyme_w = os.pipe()
        self.notifymeread = os.fdopen(reading, "rb")
        info = self.global_camera_info()[camera_num]
        self.camera_idx = camera_num
        self._cm.cameras[camera_num] = self
        self.world.meet("open")
        self.is_open = True
        atexit.register(self.close)
        self.model = info["Model"]
        self.camera_properties = {"Model": self.model, **self.world.properties}
        self.sensor_resolution = self.world.sensor
        self.camera_config: dict[str, Any] = {}
        self.started = False
        self.world.meet("allocate")
        self.set: list[dict[str, Any]] = []
        self.jobs: list[Job] = []
        self.sequence = -1
        self.taken = 0
        self.stamp_ns = 0
        self.world.opened.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        cls.world.meet("list")
        cls.world.tuning = os.environ.get("LIBCAMERA_RPI_TUNING_FILE")
        return [
            {"Model": model, "Id": f"/base/soc/i2c0mux/i2c@1/{model}@10", "Num": number}
            for number, model in enumerate(cls.world.models)
        ]

    @property
    def camera_controls(self) -> dict[str, Limits]:
        return dict(self.world.listed)

    def create_video_configuration(
        self,
        *,
        main: dict[str, Any],
        raw: dict[str, Any] | None,
        transform: Transform,
        colour_space: ColorSpace,
        buffer_count: int,
        queue: bool,
    ) -> dict[str, Any]:
        assert raw is None
        controls = {}
        if {"NoiseReductionMode", "FrameDurationLimits"} <= self.world.listed.keys():
            controls = {"NoiseReductionMode": 1, "FrameDurationLimits": (33_333, 33_333)}
        return {
            "main": dict(main),
            "transform": transform,
            "colour_space": colour_space,
            "buffer_count": buffer_count,
            "queue": queue,
            "controls": controls,
        }

    def configure(self, config: dict[str, Any]) -> None:
        self.world.meet("configure")
        main, world = dict(config["main"]), self.world
        if any(side % 2 for side in main["size"]):
            raise RuntimeError("width and height should be even")
        width, height = main["size"] = world.size or main["size"]
        form = main["format"] = world.format or main["format"]
        per_sample = 2 if form == "YUYV" else 1
        stride = -(-width * per_sample // world.align) * world.align
        rows = {"YUYV": height, "R8": height}.get(form, height + height // 2)
        main |= {"stride": stride, "framesize": stride * rows}
        space = world.colour_space or config["colour_space"]
        self.camera_config = {**config, "main": main, "transform": world.transform or config["transform"]}
        # What libcamera said is replaced by the standard one with the same primaries.
        self.camera_config["colour_space"] = ColorSpace()
        self.libcamera_config = SimpleNamespace(at=lambda _: SimpleNamespace(color_space=space))
        self.set_controls(config["controls"])

    def camera_configuration(self) -> dict[str, Any]:
        return self.camera_config

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name in controls:
            if name not in self.world.listed:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.set.append(dict(controls))

    def start(self) -> None:
        self.world.meet("start")
        self.started = True

    def capture_request(self, wait: bool | float | None = None) -> Job:  # noqa: FBT001 - theirs
        assert wait is False
        self.world.meet("capture")
        job = Job(self)
        self.jobs.append(job)
        return job

    def close(self) -> None:
        atexit.unregister(self.close)
        self.world.meet("close")
        if self.is_open:
            self._cm.cleanup(self.camera_idx)
            self.is_open = self.started = False
            self.notifymeread.close()
            os.close(self.notifyme_w)


class Picamera2(OldPicamera2):
    """``picamera2.Picamera2``."""

    @property
    def is_mono(self) -> bool:
        return self.camera_properties["ColorFilterArrangement"] == MONO

    def cancel_all_and_flush(self) -> None:
        self.world.cancelled += 1
        for job in self.jobs:
            job.cancelled = True
        self.jobs = []


class Job:
    """``picamera2.job.Job`` of a capture."""

    def __init__(self, camera: OldPicamera2) -> None:
        self.camera = camera
        self.cancelled = False

    def get_result(self, timeout: float | None = None) -> CompletedRequest:
        camera, world = self.camera, self.camera.world
        assert timeout is not None
        if self.cancelled:
            raise CancelledError
        if world.frames is not None and camera.taken >= world.frames:
            time.sleep(timeout)
            raise TimeoutError
        time.sleep(world.wait_s)
        camera.jobs.remove(self)
        return CompletedRequest(camera)


class CompletedRequest:
    """``picamera2.request.CompletedRequest``."""

    def __init__(self, camera: OldPicamera2) -> None:
        world = camera.world
        self.world, self.camera = world, camera
        number = camera.taken
        camera.taken += 1
        camera.sequence += world.steps[number] if number < len(world.steps) else 1
        ticks = world.ticks[number] if number < len(world.ticks) else 1
        camera.stamp_ns += ticks * 1000 * world.interval_us
        self.config = camera.camera_config
        self.buffer = made(number, **self.config["main"])
        status = Status.Error if number in world.damaged else Status.Success
        planes = [SimpleNamespace(metadata=SimpleNamespace(status=status))]
        self.request = SimpleNamespace(sequence=camera.sequence, buffers=dict(zip(itertools.count(), planes)))
        world.lent += 1
        assert world.lent <= self.config["buffer_count"], "the camera has no buffer left"

    def get_metadata(self) -> dict[str, Any]:
        world = self.world
        start = time.monotonic_ns() - world.age_ns
        told = {"SensorTimestamp": start}
        if world.ticks:  # else frames come when they are asked for, at no rate of their own
            told = {"SensorTimestamp": 1_000_000 + self.camera.stamp_ns, "FrameDuration": world.interval_us}
        return {name: value for name, value in told.items() if name not in world.without}

    def release(self) -> None:
        self.world.lent -= 1
        self.buffer[:] = GONE
        self.world.meet("release")


class MappedArray:
    """``picamera2.MappedArray``."""

    def __init__(
        self,
        request: CompletedRequest,
        stream: str,
        reshape: bool = True,  # noqa: FBT001, FBT002 - theirs
        write: bool = True,  # noqa: FBT001, FBT002 - theirs
    ) -> None:
        assert (stream, reshape, write) == ("main", False, False)
        self._request = request
        self.array: NDArray[np.uint8] = request.buffer

    def __enter__(self) -> Self:
        self._request.world.meet("map")
        return self

    def __exit__(self, *_: object) -> None:
        del self.array


def luma_of(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Luma of frame ``number``: no two rows, columns or frames alike."""
    rows, columns = np.mgrid[:height, :width]
    return ((rows * 3 + columns + 7 * number) % 200).astype(np.uint8)


def chroma_of(number: int, width: int, height: int, which: int) -> NDArray[np.uint8]:
    """Cb (0) or Cr (1) of frame ``number`` at its own size."""
    rows, columns = np.mgrid[:height, :width]
    return ((rows + columns * 5 + 11 * number + 90 * which) % 210 + 20).astype(np.uint8)


def made(number: int, format: str, size: tuple[int, int], stride: int, framesize: int) -> NDArray[np.uint8]:  # noqa: A002
    """The bytes of frame ``number`` as they lie in the camera's buffer, padding and all."""
    width, height = size
    buffer = np.full(framesize + 4096, PADDING, np.uint8)  # buffers are whole pages
    luma = luma_of(number, width, height)
    cb, cr = (chroma_of(number, width // 2, height // 2, which) for which in (0, 1))
    rows = buffer[: stride * height].reshape(height, stride)
    if format == "YUYV":
        wide = [np.repeat(plane, 2, axis=0) for plane in (cb, cr)]
        rows[:, 0 : 2 * width : 2], rows[:, 1 : 2 * width : 4], rows[:, 3 : 2 * width : 4] = luma, *wide
        return buffer
    rows[:, :width] = luma
    rest = buffer[stride * height :]
    if format in {"NV12", "NV21"}:
        both = rest[: stride * height // 2].reshape(height // 2, stride)
        first, second = (cb, cr) if format == "NV12" else (cr, cb)
        both[:, 0:width:2], both[:, 1:width:2] = first, second
    elif format in {"YUV420", "YVU420"}:
        halves = rest[: stride * height // 2].reshape(height, stride // 2)
        first, second = (cb, cr) if format == "YUV420" else (cr, cb)
        halves[: height // 2, : width // 2], halves[height // 2 :, : width // 2] = first, second
    return buffer
