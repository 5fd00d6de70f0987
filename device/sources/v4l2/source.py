"""A V4L2 camera's frames."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from device.errors import SourceLost
from device.frames import Frame
from device.sources.mirror import mirrored
from device.sources.pace import Pace
from device.sources.v4l2.choice import choose
from device.sources.v4l2.device import Device, monotonic_or_now
from device.sources.v4l2.formats import (
    MJPEG,
    PIXELS,
    PREFERRED,
    DamagedFrameError,
    MjpegDecoder,
    colour_space,
)
from device.sources.v4l2.node import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from device.config import CameraSettings
    from device.media.planes import Planes
    from device.sources.v4l2.device import Agreed, Filled

#: V4L2_CID_HFLIP and V4L2_CID_VFLIP.
_FLIPS: Final = (0x0098_0914, 0x0098_0915)
#: Nodes of these drivers take pictures from memory, not from a lens, whatever they say.
_NO_CAMERAS: Final = ("bcm2835-codec", "bcm2835-isp", "pispbe", "rpivid")
#: The first frame has so long, in seconds, or so many times what another has: a camera that starts is slower.
_FIRST_S: Final = 5.0
_FIRST: Final = 2.0
_NANO: Final = Fraction(1, 1_000_000_000)


class V4l2Source:
    """Frames of the camera at ``path`` in the format nearest to what ``settings`` ask for.

    Luma and chroma are the camera's own codes, without a conversion. ``captured_ns`` is the kernel's, ``pts``
    the same in nanoseconds; ``index`` counts as the driver does, so that what it lost is a gap. Raises
    SourceLost where there is no camera, it is taken, or may not be opened, and ConfigurationError where it
    lacks the pixel format asked for. ``frames`` raises SourceLost as soon as the camera is unplugged.
    """

    def __init__(self, path: Path, settings: CameraSettings) -> None:
        self._settings = settings
        self._pace = Pace()
        self._reading = threading.Lock()
        self._dropped = 0
        self._corrupt = 0
        self._device = Device(path)
        self._bell = _Bell()
        try:
            self._agreed = _agree(self._device, settings)
        except BaseException:
            self._device.close()
            self._bell.close()
            raise
        wanted = settings.hflip, settings.vflip
        self._flips = tuple(
            not self._device.set_control(control, flip) and flip
            for control, flip in zip(_FLIPS, wanted, strict=True)
        )
        self._mjpeg = MjpegDecoder() if self._agreed.name in MJPEG else None
        self._colour_space = colour_space(self._agreed)

    @property
    def name(self) -> str:
        """What it is, for people."""
        agreed = self._agreed
        rate = f", {float(agreed.rate):.4g}/s" if agreed.rate else ""
        return f"{self._device.card}, {agreed.width}x{agreed.height} {agreed.name}{rate}"

    @property
    def dropped(self) -> int:
        """Frames lost so far, by the driver's count."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """Frames so far that came damaged."""
        return self._corrupt

    def rest(self, *, resting: bool) -> None:
        """Let the camera run, but read two of its frames a second; or all of them again."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time there is one, until ``close``."""
        with self._reading, self._bell, self._device as device:
            if self._pace.closed:
                return
            device.start()
            yield from self._frames(device)

    def close(self) -> None:
        """Close the camera, once nobody reads it any more; frames that are still held stay valid."""
        self._pace.close()
        self._bell.ring()
        if self._reading.acquire(blocking=False):
            self._device.close()
            self._bell.close()
            self._reading.release()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _frames(self, device: Device) -> Iterator[Frame]:
        later_s = self._settings.patience_s
        stall_s = max(_FIRST_S, _FIRST * later_s)
        heard = time.monotonic()
        index, last, captured = -1, -1, -1
        while not self._pace.closed:
            ready = device.wait(heard + stall_s - time.monotonic(), self._bell.number)
            if self._pace.closed:
                return
            if not ready:
                raise SourceLost(f"gave no frame for {stall_s:g} s", where=device.path)
            with device.newest() as filled:
                if filled is None:
                    time.sleep(0.01)  # a driver that calls without reason is not asked over and over
                    continue
                stall_s = later_s
                step = filled.sequence - last if 0 <= last < filled.sequence else 1
                last = filled.sequence
                index += step
                self._dropped += step - 1
                captured = max(captured + 1, monotonic_or_now(filled.stamp_ns, stall_s))
                wanted = self._pace.due(captured)
                planes = self._planes(filled) if wanted else None
                if not (wanted or filled.damaged):
                    heard = time.monotonic()
            if planes is not None:
                yield Frame(
                    luma=planes.luma,
                    colour_space=self._colour_space,
                    index=index,
                    pts=captured,
                    time_base=_NANO,
                    depth=8 if self._mjpeg else PIXELS[self._agreed.name].depth,
                    rotation=self._settings.rotation,
                    captured_ns=captured,
                    cb=planes.cb,
                    cr=planes.cr,
                )
                heard = time.monotonic()  # whoever took it may have held it for long

    def _planes(self, filled: Filled) -> Planes | None:
        """The planes of a whole frame; None of a damaged one, which is counted."""
        take = self._mjpeg.take if self._mjpeg else PIXELS[self._agreed.name].take
        planes = None
        with contextlib.suppress(DamagedFrameError):
            if not filled.damaged:
                planes = take(np.frombuffer(filled.data, np.uint8), self._agreed)
        if planes is None:
            self._corrupt += 1
            return None
        hflip, vflip = self._flips
        return mirrored(planes, hflip=hflip, vflip=vflip)


def _agree(device: Device, settings: CameraSettings) -> Agreed:
    """Ask for what suits the settings best; return what the camera makes of that."""
    choice = choose(device.offers(), device.fastest, settings, device.path)
    agreed = device.agree(choice.name, choice.size, choice.rate)
    if agreed.name not in PREFERRED:
        raise SourceLost(f"gives {agreed.name}, which can't be read here", where=device.path)
    return agreed


class _Bell:
    """Wakes whoever polls ``number``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True
        self.number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        with self._lock:
            if self._open:
                os.eventfd_write(self.number, 1)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                os.close(self.number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def capture_devices() -> list[Path]:
    """Paths of V4L2's cameras, by number: what gives pictures by itself in a format that can be read here."""
    return [path for path in nodes() if _is_camera(path)]


def _is_camera(path: Path) -> bool:
    with contextlib.suppress(SourceLost), Device(path) as device:
        readable = any(offer.name in PREFERRED for offer in device.offers())
        return readable and not device.piped and device.driver not in _NO_CAMERAS
    return not os.access(path, os.R_OK | os.W_OK, effective_ids=True)
