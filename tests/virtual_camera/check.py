"""Our source on the real picamera2 and libcamera, with libcamera's virtual camera, in a root made for it.

``tests/run --all`` starts it, under a deadline; it ends with an assertion, or says in one line what it saw.
With words, it is the ``tintcast`` command on that camera.
The virtual camera has one format, no pace and no controls to speak of; what it can show is that we call the
libraries as they want to be called, read their buffers right, and leave nothing behind.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib.metadata
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import simplejpeg
from picamera2 import Picamera2, dma_heap
from picamera2.allocators import LibcameraAllocator

from device.cli import main as tintcast
from device.config import CameraSettings
from device.errors import SourceLost
from device.frames import JPEG_COLOUR
from device.sources.picamera2 import Camera, Picamera2Source, cameras

if TYPE_CHECKING:
    from collections.abc import Callable

#: Y, Cb and Cr of its bars: white, yellow, cyan, green, magenta, red, blue, black, whatever range it says.
BARS = (
    (235, 128, 128),
    (210, 16, 146),
    (170, 166, 16),
    (145, 54, 34),
    (106, 202, 222),
    (81, 90, 240),
    (41, 240, 110),
    (16, 128, 128),
)
#: How a JPEG begins.
START = b"\xff\xd8\xff"
SETTINGS = CameraSettings(rotation=180, stall_seconds=1)


def adapt() -> None:
    """Have picamera2 do with a camera that has no raw formats and wants buffers of its own making."""
    dma_heap.heapNames.append("/dev/dma_heap/system")
    configure = Picamera2.configure_

    def with_its_buffers(self: Any, config: object) -> None:
        self.allocator = LibcameraAllocator(self.camera)
        configure(self, config)

    Picamera2.configure_ = with_its_buffers
    Picamera2._get_raw_modes = lambda _: [{"format": "NV12", "size": (1280, 720)}]


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    gc.collect()
    return len(list(os.scandir("/proc/self/fd"))), threading.active_count()


def lost(do: Callable[[], object]) -> str:
    """What the SourceLost says that ``do`` raises."""
    try:
        do()
    except SourceLost as error:
        return str(error)
    raise AssertionError("no source was lost")


def frames_are_right() -> str:
    """What comes has the size, the colour space, the time and the pixels of the virtual camera."""
    assert cameras() == (Camera(0, "Virtual camera", "Virtual0"),)
    with Picamera2Source(0, SETTINGS) as source:
        found = list(itertools.islice(source.frames(), 6))
        name = source.name
    assert name == "Virtual camera, 1280x720 NV12, 30/s", name
    indices = [frame.index for frame in found]
    assert indices == sorted(set(indices)), indices
    assert [frame.pts for frame in found] == sorted({frame.pts for frame in found})
    for frame in found:
        assert frame.colour_space == JPEG_COLOUR, frame.colour_space
        assert frame.luma.shape == (720, 1280)
        assert frame.cb is not None
        assert frame.cr is not None
        assert frame.cb.shape == frame.cr.shape == (360, 640)
        assert frame.captured_ns is not None
        assert 0 <= time.monotonic_ns() - frame.captured_ns < 5_000_000_000
        seen = np.stack([frame.luma[::2, ::2], frame.cb, frame.cr], axis=-1).reshape(-1, 3).astype(int)
        for bar in BARS:
            assert np.abs(seen - bar).max(axis=1).min() <= 2, (bar, "is not in the picture")
    assert any(np.any(found[0].luma != frame.luma) for frame in found[1:]), "the bars do not move"
    return name


def opening_and_closing_leaves_nothing() -> None:
    """Neither descriptors nor threads."""
    before = None
    for _ in range(8):
        with Picamera2Source(0, SETTINGS) as source:
            next(source.frames())
        before = before or held()
        assert held() <= before, (before, held())


def a_camera_of_anothers_leaves_nothing() -> None:
    """Neither where it could not be opened, however often that is tried."""
    acquire = Picamera2._open_camera

    def refuse(self: Any) -> None:
        self._initialize_camera()
        raise RuntimeError("failed to acquire camera: Device or resource busy")

    Picamera2._open_camera = refuse
    before = None
    for _ in range(8):
        assert "in use by another program" in lost(lambda: Picamera2Source(0, SETTINGS))
        before = before or held()
        assert held() <= before, (before, held())
    Picamera2._open_camera = acquire
    assert "no such camera: 1 found" in lost(lambda: Picamera2Source(1, SETTINGS))
    with Picamera2Source(0, SETTINGS) as source:
        next(source.frames())


def a_dead_thread_of_the_library_is_a_lost_source() -> None:
    """Noticed in time, closed without hanging, and opened again."""
    with Picamera2Source(0, SETTINGS) as source:
        frames = source.frames()
        next(frames)

        def die(_: object) -> None:
            raise SystemExit

        source._camera.process_requests = die
        began = time.monotonic()
        assert "no frame for 1 s" in lost(lambda: list(frames))
        assert 0.9 < time.monotonic() - began < 3
    with Picamera2Source(0, SETTINGS) as source:
        next(source.frames())


def another_thread_may_close_it() -> None:
    """While a frame is waited for."""
    seen = 0
    source = Picamera2Source(0, SETTINGS)

    def read() -> None:
        nonlocal seen
        for _ in source.frames():
            seen += 1

    reader = threading.Thread(target=read)
    reader.start()
    while seen < 2 and reader.is_alive():
        time.sleep(0.01)
    source.close()
    reader.join(5)
    assert not reader.is_alive()
    assert seen >= 2


def the_command_shows_it() -> None:
    """``tintcast live`` finds the camera by itself, passes its colours, and ends on Ctrl-C."""
    command = [sys.executable, __file__, "live", "--no-page", "--stdout", "mjpeg"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        data = bytearray()
        while data.count(START) < 20 and (more := process.stdout.read(1 << 16)):
            data += more
        process.send_signal(signal.SIGINT)
        while process.stdout.read(1 << 20):
            pass
        assert process.wait(30) == 0
    jpeg = bytes(data).split(START)[-2]
    seen = simplejpeg.decode_jpeg(START + jpeg, "RGB").reshape(-1, 3).astype(int)
    for colour in ((235, 16, 16), (16, 235, 16), (16, 16, 235)):
        assert np.abs(seen - colour).max(axis=1).min() <= 12, (colour, "is not in the picture")


def main() -> None:
    """Run all of it."""
    adapt()
    if sys.argv[1:]:
        sys.exit(tintcast(sys.argv[1:]))
    faulthandler.dump_traceback_later(200, exit=True)
    name = frames_are_right()
    opening_and_closing_leaves_nothing()
    a_camera_of_anothers_leaves_nothing()
    a_dead_thread_of_the_library_is_a_lost_source()
    another_thread_may_close_it()
    the_command_shows_it()
    faulthandler.cancel_dump_traceback_later()
    version = importlib.metadata.version("picamera2")
    print(f"picamera2 {version}: {name}: as it should be: frames, refusals, a dead thread, 8 openings, live")


if __name__ == "__main__":
    main()
