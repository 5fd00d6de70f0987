"""Runs inside a virtual machine: what our V4L2 source makes of the kernel's test camera, as JSON."""

from __future__ import annotations

import ctypes
import fcntl
import gc
import json
import os
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.config import CameraSettings
from device.errors import TintcastError
from device.sources.choose import open_source
from device.sources.v4l2 import V4l2Source, abi, capture_devices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.frames import Frame

CAMERA, SCREEN, MULTI = Path("/dev/video0"), Path("/dev/video1"), Path("/dev/video2")
FORMATS = ("GREY", "YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "Y10", "Y12", "Y16")
NEXT_CONTROL = 0x8000_0000 | 0x4000_0000
#: As vivid sends its picture: bars without text, standing still.
PLAIN = {"OSD Text Mode": 2}


class QueryControl(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("name", ctypes.c_char * 32),
        ("rest", ctypes.c_uint32 * 7),
    ]


QUERYCTRL = 3 << 30 | ctypes.sizeof(QueryControl) << 16 | ord("V") << 8 | 36


def controls() -> dict[str, int]:
    """Number of each control of the camera, by name."""
    found: dict[str, int] = {}
    fd = os.open(CAMERA, os.O_RDWR)
    control = QueryControl(id=NEXT_CONTROL)
    try:
        while True:
            fcntl.ioctl(fd, QUERYCTRL, control)
            found[control.name.decode()] = control.id
            control = QueryControl(id=control.id | NEXT_CONTROL)
    except OSError:
        return found
    finally:
        os.close(fd)


def turn(**values: int) -> None:
    """Set controls of the camera, by name."""
    fd = os.open(CAMERA, os.O_RDWR)
    try:
        for name, value in values.items():
            fcntl.ioctl(fd, abi.S_CTRL, abi.Control(id=NUMBERS[name], value=value))
    finally:
        os.close(fd)


def settings(**more: Any) -> CameraSettings:
    return CameraSettings(**{"source": f"v4l2:{CAMERA}", "width": 640, "height": 360, "rate": 30, **more})


def some(source: V4l2Source, count: int) -> Iterator[Frame]:
    for number, frame in enumerate(source.frames(), 1):
        yield frame
        if number == count:
            return


def described(frame: Frame) -> dict[str, Any]:
    """Codes in the middle of vivid's eight bars, and what is said of them."""
    columns = [round((n + 0.5) * frame.width / 8) for n in range(8)]
    row = frame.height // 2
    across = 0 if frame.cb is None else frame.width // frame.cb.shape[1]
    down = 0 if frame.cb is None else frame.height // frame.cb.shape[0]
    chroma = [
        None if plane is None else [int(plane[row // down, x // across]) for x in columns]
        for plane in (frame.cb, frame.cr)
    ]
    return {
        "size": [frame.width, frame.height],
        "kind": frame.luma.dtype.name,
        "depth": frame.depth,
        "luma": [int(frame.luma[row, x]) for x in columns],
        "spread": int(frame.luma[:, columns].max(axis=0).max() - frame.luma[:, columns].min(axis=0).max()),
        "cb": chroma[0],
        "cr": chroma[1],
        "chroma_size": None if frame.cb is None else list(frame.cb.shape[::-1]),
        "matrix": frame.colour_space.matrix.name,
        "full": frame.colour_space.full_range,
        "rotation": frame.rotation,
    }


def lost(do: Callable[[], object]) -> dict[str, Any]:
    """How ``do`` fails: with what, after how many seconds, having used how many of the processor's."""
    began, used = time.monotonic(), time.process_time()
    try:
        do()
    except TintcastError as error:
        kind, said = type(error).__name__, str(error)
    else:
        kind, said = "nothing", ""
    return {
        "kind": kind,
        "said": said,
        "seconds": time.monotonic() - began,
        "used": time.process_time() - used,
    }


def formats() -> dict[str, Any]:
    turn(**PLAIN)
    found = {}
    for name in FORMATS:
        with V4l2Source(CAMERA, settings(pixel_format=name)) as source:
            *_, frame = some(source, 3)
            found[name] = {"name": source.name, **described(frame)}
    return found


def multi() -> dict[str, Any]:
    """The same of a camera whose planes may lie apart."""
    found = {}
    for name in ("GREY", "YUYV", "NV12"):
        with V4l2Source(MULTI, settings(pixel_format=name)) as source:
            *_, frame = some(source, 3)
            found[name] = {"name": source.name, **described(frame)}
    return found


def choices() -> dict[str, str]:
    asked: dict[str, dict[str, Any]] = {
        "nothing": {"width": 0, "height": 0, "rate": 0},
        "1080p60": {"width": 1920, "height": 1080, "rate": 60},
        "odd": {"width": 700, "height": 400, "rate": 10},
        "huge": {"width": 8000, "height": 6000},
    }
    found = {}
    for name, wanted in asked.items():
        with V4l2Source(CAMERA, settings(**wanted)) as source:
            found[name] = source.name
    with open_source(settings(source="auto")) as source:
        found["auto"] = source.name
    found["devices"] = " ".join(map(str, capture_devices()))
    return found


def colours() -> dict[str, Any]:
    """What is said of colour as the camera's own statement changes: colorspace, encoding, quantization."""
    found = {}
    for name, said in {
        "as it is": (0, 0, 0),
        "full": (0, 0, 1),
        "709": (1, 0, 0),
        "2020 limited": (4, 0, 2),
        "601 of 709": (1, 1, 0),
    }.items():
        turn(**dict(zip(("Colorspace", "Y'CbCr Encoding", "Quantization"), said, strict=True)))
        with V4l2Source(CAMERA, settings(pixel_format="YUYV")) as source:
            found[name] = described(next(source.frames()))
    turn(**{"Colorspace": 0, "Y'CbCr Encoding": 0, "Quantization": 0})
    return found


def timing() -> dict[str, Any]:
    with V4l2Source(CAMERA, settings(width=320, height=180, rate=15, pixel_format="GREY")) as source:
        seen = [(frame.index, frame.captured_ns, time.monotonic_ns()) for frame in some(source, 30)]
    return {"seen": seen, "dropped": source.dropped, "corrupt": source.corrupt, "name": source.name}


def losses() -> dict[str, Any]:
    turn(**{"Percentage of Dropped Buffers": 50})
    with V4l2Source(CAMERA, settings(width=320, height=180, pixel_format="GREY")) as source:
        indices = [frame.index for frame in some(source, 20)]
    turn(**{"Percentage of Dropped Buffers": 0})
    return {"indices": indices, "dropped": source.dropped}


def damaged() -> dict[str, Any]:
    with V4l2Source(CAMERA, settings(width=320, height=180, pixel_format="GREY")) as source:
        indices = []
        for frame in some(source, 60):
            indices.append(frame.index)
            if source.corrupt:
                break
            turn(**{"Inject V4L2_BUF_FLAG_ERROR": 1})  # again where a newer frame overtook that one
    return {"indices": indices, "corrupt": source.corrupt}


def slow_taker() -> dict[str, Any]:
    """Who takes a frame late gets the newest one then."""
    small = settings(width=320, height=180, pixel_format="GREY", stall_seconds=0.5)
    with V4l2Source(CAMERA, small) as source:
        ages = []
        for frame in some(source, 4):
            ages.append((time.monotonic_ns() - (frame.captured_ns or 0)) / 1e9)
            time.sleep(0.7)
    return {"ages": ages, "dropped": source.dropped}


def rests() -> dict[str, Any]:
    with V4l2Source(CAMERA, settings(width=320, height=180, pixel_format="GREY")) as source:
        source.rest(resting=True)
        times = []
        for _ in some(source, 5):
            times.append(time.monotonic())
            if len(times) == 4:
                source.rest(resting=False)
    return {"times": times, "dropped": source.dropped}


def mirrors() -> dict[str, Any]:
    with V4l2Source(CAMERA, settings(pixel_format="GREY")) as source:
        plain = described(next(source.frames()))["luma"]
    with V4l2Source(CAMERA, settings(pixel_format="GREY", hflip=True, rotation=180)) as source:
        other = described(next(source.frames()))
    with V4l2Source(CAMERA, settings(pixel_format="GREY")) as source:
        again = described(next(source.frames()))["luma"]
    return {"plain": plain, "mirrored": other["luma"], "again": again, "rotation": other["rotation"]}


def after(seconds: float, **values: int) -> None:
    threading.Timer(seconds, turn, kwargs=values).start()


def run_dry(source: V4l2Source) -> None:
    with source:
        for _ in source.frames():
            pass


def held() -> int:
    """Descriptors and threads of this process."""
    gc.collect()
    return len(list(os.scandir("/proc/self/fd"))) + threading.active_count()


def failures() -> dict[str, Any]:
    small = {"width": 320, "height": 180, "pixel_format": "GREY"}
    found: dict[str, Any] = {}
    before = held()
    for name, control in {"unplugged": "Disconnect", "fatal": "Inject Fatal Streaming Error"}.items():
        source = V4l2Source(CAMERA, settings(**small))
        frames = source.frames()
        next(frames)
        turn(**{control: 1})

        def rest(frames: Iterator[Frame] = frames, source: V4l2Source = source) -> None:
            with source:
                for _ in frames:
                    pass

        found[name] = lost(rest)
        with V4l2Source(CAMERA, settings(**small)) as source:
            found[f"{name}, again"] = next(source.frames()).luma.shape
    with V4l2Source(CAMERA, settings(**small)) as first:
        next(frames := first.frames())
        found["busy"] = lost(lambda: run_dry(V4l2Source(CAMERA, settings(**small))))
        found["busy, the first goes on"] = next(frames).luma.shape
        frames.close()
    with V4l2Source(CAMERA, settings(**{**small, "rate": 1, "stall_seconds": 0.5})) as slow:
        found["slow, as asked"] = [frame.luma.shape for frame in some(slow, 2)]
    slow = V4l2Source(CAMERA, settings(**{**small, "rate": 1}))
    slow._settings = settings(stall_seconds=0.5)  # which does not know that it is slow
    found["silent"] = lost(lambda: run_dry(slow))
    found["no capture"] = lost(lambda: V4l2Source(SCREEN, settings()))
    found["missing"] = lost(lambda: V4l2Source(Path("/dev/video7"), settings()))
    found["no V4L2"] = lost(lambda: V4l2Source(Path("/dev/null"), settings()))
    found["wrong format"] = lost(lambda: V4l2Source(CAMERA, settings(pixel_format="MJPG")))
    source = V4l2Source(CAMERA, settings(**small))
    threading.Timer(0.5, source.close).start()
    found["closed by another thread"] = lost(lambda: run_dry(source))
    CAMERA.chmod(0o600)
    os.seteuid(65534)
    found["no permission"] = lost(lambda: V4l2Source(CAMERA, settings()))
    found["no permission, auto"] = lost(lambda: open_source(settings(source="auto")))
    os.seteuid(0)
    found["left behind"] = held() - before
    return found


NUMBERS = controls()

PARTS = (formats, multi, choices, colours, timing, losses, damaged, slow_taker, rests, mirrors, failures)

if __name__ == "__main__":
    for part in PARTS:
        try:
            result: Any = part()
        except Exception:  # noqa: BLE001 - the other parts are looked at all the same
            result = {"failed": traceback.format_exc()}
        print(json.dumps({part.__name__: result}), flush=True)
