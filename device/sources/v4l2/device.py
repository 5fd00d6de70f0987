"""One V4L2 device node: what it is, what it offers, and its frames as the kernel hands them over."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import select
import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from device.errors import SourceLost
from device.sources.v4l2 import abi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

Entry = TypeVar("Entry", bound=ctypes.Structure)

#: Buffers that the driver fills in turn.
_BUFFERS: Final = 4
#: No device offers more formats, sizes or rates than this; who never ends its list is cut off here.
_MOST: Final = 256
_GONE: Final = {errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN}
_STOPPED: Final = {errno.EIO, errno.EPIPE, errno.EPROTO}


@dataclass(frozen=True, slots=True)
class Offer:
    """A pixel format in a range of sizes. ``name``: its four letters; ``step``: between sizes, 0 for one."""

    name: str
    least: tuple[int, int]
    most: tuple[int, int]
    step: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the driver agreed to give: codes of its colour are those of V4L2. ``rate``: 0 where unsaid."""

    name: str
    width: int
    height: int
    row_bytes: int
    image_bytes: int
    colorspace: int
    encoding: int
    quantization: int
    rate: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Filled:
    """A buffer with a frame in it. ``stamp_ns``: monotonic, None where the driver has another clock."""

    data: memoryview
    sequence: int
    stamp_ns: int | None
    damaged: bool


class Device:
    """The open device node at ``path``; every error is a SourceLost that says what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._maps: list[mmap.mmap] = []
        self._on = False
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self._refusal(error) from None
        try:
            found = self._capability()
        except BaseException:
            os.close(self._fd)
            raise
        self.card, self.driver = (text.decode(errors="replace") for text in (found.card, found.driver))
        self.piped = bool(_abilities(found) & abi.Can.IO_MC)

    def offers(self) -> Iterator[Offer]:
        """What pixel formats there are, in which sizes."""
        for found in self._listed(abi.ENUM_FMT, lambda n: abi.FormatDescription(index=n, type=abi.CAPTURE)):
            yield from self._sizes(found.pixelformat)

    def fastest(self, name: str, size: tuple[int, int]) -> Fraction:
        """The most frames a second in this format and size; 0 where the driver does not say."""
        width, height = size
        number = abi.fourcc(name)
        intervals = self._listed(
            abi.ENUM_FRAMEINTERVALS,
            lambda n: abi.FrameInterval(index=n, pixel_format=number, width=width, height=height),
        )
        best = Fraction(0)
        for interval in intervals:
            shortest = interval.shortest
            if shortest.numerator and shortest.denominator:
                best = max(best, Fraction(shortest.denominator, shortest.numerator))
            if interval.type != abi.DISCRETE:
                break
        return best

    def agree(self, name: str, size: tuple[int, int], rate: Fraction) -> Agreed:
        """Ask for a format, size and rate; return what there will be."""
        wanted = abi.Format(type=abi.CAPTURE)
        pixels = wanted.pix
        pixels.width, pixels.height = size
        pixels.pixelformat, pixels.field = abi.fourcc(name), abi.ANY_FIELD
        self._call(abi.S_FMT, wanted)
        pixels = wanted.pix
        return Agreed(
            abi.letters(pixels.pixelformat),
            pixels.width,
            pixels.height,
            pixels.bytesperline,
            pixels.sizeimage,
            pixels.colorspace,
            pixels.ycbcr_enc,
            pixels.quantization,
            self._agree_rate(rate),
        )

    def set_control(self, number: int, value: int) -> bool:
        """Set a control; whether the device has it."""
        with contextlib.suppress(OSError):
            self._ioctl(abi.S_CTRL, abi.Control(id=number, value=value))
            return True
        return False

    def start(self) -> None:
        """Have frames come."""
        asked = abi.RequestBuffers(count=_BUFFERS, type=abi.CAPTURE, memory=abi.MMAP)
        self._call(abi.REQBUFS, asked)
        for index in range(asked.count):
            buffer = abi.Buffer(index=index, type=abi.CAPTURE, memory=abi.MMAP)
            self._call(abi.QUERYBUF, buffer)
            self._maps.append(mmap.mmap(self._fd, buffer.length, offset=buffer.offset))
            self._call(abi.QBUF, buffer)
        self._call(abi.STREAMON, abi.on_off())
        self._on = True

    def wait(self, seconds: float, wake: int) -> bool:
        """Wait for a frame; False when none came, or when the descriptor ``wake`` became readable."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(wake, select.POLLIN)
        ready = dict(poll.poll(max(0, round(seconds * 1000))))
        return self._fd in ready and wake not in ready

    @contextlib.contextmanager
    def newest(self) -> Iterator[Filled | None]:
        """Lend the newest frame that is ready, None where none is; older ones go back unread.

        Where all buffers were full, the driver had no room for newer frames than these: none of them is lent.
        """
        buffer, full = self._taken(), 1
        while buffer is not None and (newer := self._taken()) is not None:
            self._call(abi.QBUF, buffer)
            buffer, full = newer, full + 1
        if buffer is not None and full == len(self._maps) > 2:
            self._call(abi.QBUF, buffer)
            buffer = None
        if buffer is None:
            yield None
            return
        stamp = buffer.timestamp.tv_sec * 1_000_000_000 + buffer.timestamp.tv_usec * 1000
        monotonic = buffer.flags & abi.Flag.CLOCK == abi.Flag.MONOTONIC
        with memoryview(self._maps[buffer.index])[: buffer.bytesused] as data:
            damaged = bool(buffer.flags & abi.Flag.ERROR)
            yield Filled(data, buffer.sequence, stamp if monotonic else None, damaged)
        self._call(abi.QBUF, buffer)

    def close(self) -> None:
        """Stop the frames and close the node; once is enough."""
        if self._fd < 0:
            return
        if self._on:
            with contextlib.suppress(OSError):
                self._ioctl(abi.STREAMOFF, abi.on_off())
        for mapped in self._maps:
            mapped.close()
        os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _capability(self) -> abi.Capability:
        """What the node is; only of one that captures."""
        found = abi.Capability()
        try:
            self._ioctl(abi.QUERYCAP, found)
        except OSError:
            raise SourceLost("is no V4L2 device", where=self.path) from None
        can = _abilities(found)
        if can & abi.Can.CAPTURE_MPLANE and not can & abi.Can.M2M_MPLANE:
            raise SourceLost(
                "is a camera whose planes lie apart (multi-planar): not read here", where=self.path
            )
        if not can & abi.Can.CAPTURE or can & (abi.Can.M2M | abi.Can.M2M_MPLANE):
            raise SourceLost("is no camera: it captures no pictures", where=self.path)
        if not can & abi.Can.STREAMING:
            raise SourceLost("is a camera that can't stream", where=self.path)
        return found

    def _sizes(self, number: int) -> Iterator[Offer]:
        name = abi.letters(number)
        for size in self._listed(abi.ENUM_FRAMESIZES, lambda n: abi.FrameSize(index=n, pixel_format=number)):
            if size.type != abi.DISCRETE:
                ways = size.stepwise
                least, most = (ways.min_width, ways.min_height), (ways.max_width, ways.max_height)
                yield Offer(name, least, most, (max(1, ways.step_width), max(1, ways.step_height)))
                return
            one = size.discrete.width, size.discrete.height
            yield Offer(name, one, one)

    def _agree_rate(self, rate: Fraction) -> Fraction:
        """Ask for a rate where one is given and the driver knows such a thing; the rate there will be."""
        wanted = abi.StreamParameters(type=abi.CAPTURE)
        with contextlib.suppress(OSError):
            self._ioctl(abi.G_PARM, wanted)
            if rate:
                wanted.timeperframe.numerator = rate.denominator
                wanted.timeperframe.denominator = rate.numerator
                self._ioctl(abi.S_PARM, wanted)
            interval = wanted.timeperframe
            if interval.numerator and interval.denominator:
                return Fraction(interval.denominator, interval.numerator)
        return Fraction(0)

    def _taken(self) -> abi.Buffer | None:
        buffer = abi.Buffer(type=abi.CAPTURE, memory=abi.MMAP)
        try:
            self._ioctl(abi.DQBUF, buffer)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._refusal(error) from None
        return buffer

    def _listed(self, request: int, entry: Callable[[int], Entry]) -> Iterator[Entry]:
        """The entries of one of the driver's lists."""
        for number in count():
            found = entry(number)
            try:
                self._ioctl(request, found)
            except OSError:
                return
            yield found
            if number == _MOST:
                return

    def _call(self, request: int, argument: abi.Argument) -> None:
        try:
            self._ioctl(request, argument)
        except OSError as error:
            raise self._refusal(error) from None

    def _ioctl(self, request: int, argument: abi.Argument) -> None:
        """One request; a signal in between only has it asked again."""
        while True:
            try:
                fcntl.ioctl(self._fd, request, argument)  # type: ignore[call-overload, unused-ignore]
            except InterruptedError:
                continue
            return

    def _refusal(self, error: OSError) -> SourceLost:
        if error.errno == errno.ENOENT:
            return SourceLost("no such device", where=self.path, hint="is it plugged in?")
        if error.errno in {errno.EACCES, errno.EPERM}:
            hint = "its users are in the group video: sudo usermod -aG video USER, then log in again"
            return SourceLost("no permission to open it", where=self.path, hint=hint)
        if error.errno == errno.EBUSY:
            return SourceLost("is in use by another program", where=self.path, hint="close that one")
        if error.errno in _GONE:
            return SourceLost("is gone", where=self.path, hint="is it still plugged in?")
        if error.errno in _STOPPED:
            return SourceLost("has stopped giving frames", where=self.path)
        return SourceLost(f"does not answer: {error.strerror}", where=self.path)


def _abilities(found: abi.Capability) -> int:
    """What this node can do, rather than all nodes of its device together."""
    of_node = found.capabilities & abi.Can.DEVICE_CAPS
    return int(found.device_caps if of_node else found.capabilities)


def monotonic_or_now(stamp_ns: int | None, oldest_s: float) -> int:
    """A driver's time of capture, or now where that can't be: in the future, or longer ago than that."""
    now = time.monotonic_ns()
    return stamp_ns if stamp_ns is not None and 0 <= now - stamp_ns < oldest_s * 1e9 else now


def nodes() -> list[Path]:
    """Paths of the system's video nodes, by number."""
    found = (path for path in Path("/dev").glob("video*") if path.name[5:].isdecimal())
    return sorted(found, key=lambda path: int(path.name[5:]))
