"""One V4L2 camera: what it offers, what it agrees to, and its frames as the kernel hands them over."""

from __future__ import annotations

import contextlib
import mmap
import select
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self

from device.errors import SourceLost
from device.sources.v4l2 import abi
from device.sources.v4l2.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

#: Buffers that the driver fills in turn.
_BUFFERS: Final = 4


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
    """The camera at ``path``, open; every error is a SourceLost that says what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._node = Node(path)
        self._maps: list[mmap.mmap] = []
        self._on = False

    @property
    def card(self) -> str:
        """What the driver calls it."""
        return self._node.card

    @property
    def driver(self) -> str:
        """The driver's name."""
        return self._node.driver

    @property
    def piped(self) -> bool:
        """Whether it is part of a pipeline that others set up."""
        return self._node.piped

    def offers(self) -> Iterator[Offer]:
        """What pixel formats there are, in which sizes."""
        kind = self._node.kind
        for found in self._node.listed(abi.ENUM_FMT, lambda n: abi.FormatDescription(index=n, type=kind)):
            yield from self._sizes(found.pixelformat)

    def fastest(self, name: str, size: tuple[int, int]) -> Fraction:
        """The most frames a second in this format and size; 0 where the driver does not say."""
        width, height = size
        number = abi.fourcc(name)
        intervals = self._node.listed(
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
        wanted = abi.Format(type=self._node.kind)
        pixels = wanted.multi if self._node.multi else wanted.pix
        pixels.width, pixels.height = size
        pixels.pixelformat, pixels.field = abi.fourcc(name), abi.ANY_FIELD
        if self._node.multi:
            pixels.num_planes = 1
        self._node.call(abi.S_FMT, wanted)
        if self._node.multi and pixels.num_planes != 1:
            raise SourceLost("is a camera whose planes lie apart, which are not read here", where=self.path)
        rows = pixels.planes[0] if self._node.multi else pixels
        return Agreed(
            abi.letters(pixels.pixelformat),
            pixels.width,
            pixels.height,
            rows.bytesperline,
            rows.sizeimage,
            pixels.colorspace,
            pixels.ycbcr_enc,
            pixels.quantization,
            self._agree_rate(rate),
        )

    def set_control(self, number: int, value: int) -> bool:
        """Set a control; whether the device has it."""
        return self._node.set_control(number, value)

    def start(self) -> None:
        """Have frames come."""
        asked = abi.RequestBuffers(count=_BUFFERS, type=self._node.kind, memory=abi.MMAP)
        self._node.call(abi.REQBUFS, asked)
        for index in range(asked.count):
            buffer = self._buffer(index)
            self._node.call(abi.QUERYBUF, buffer)
            where = buffer.planes[0] if self._node.multi else buffer
            length = where.length
            self._maps.append(mmap.mmap(self._node.number, length, offset=where.offset))
            self._node.call(abi.QBUF, buffer)
        self._node.call(abi.STREAMON, abi.on_off(self._node.kind))
        self._on = True

    def wait(self, seconds: float, wake: int) -> bool:
        """Wait for a frame; False when none came, or when the descriptor ``wake`` became readable."""
        poll = select.poll()
        poll.register(self._node.number, select.POLLIN)
        poll.register(wake, select.POLLIN)
        ready = dict(poll.poll(max(0, round(seconds * 1000))))
        return self._node.number in ready and wake not in ready

    @contextlib.contextmanager
    def newest(self) -> Iterator[Filled | None]:
        """Lend the newest frame that is ready, None where none is; older ones go back unread.

        Where all buffers were full, the driver had no room for newer frames than these: none of them is lent.
        """
        buffer, full = self._taken(), 1
        while buffer is not None and (newer := self._taken()) is not None:
            self._node.call(abi.QBUF, buffer)
            buffer, full = newer, full + 1
        if buffer is not None and full == len(self._maps) > 2:
            self._node.call(abi.QBUF, buffer)
            buffer = None
        if buffer is None:
            yield None
            return
        stamp = buffer.timestamp.tv_sec * 1_000_000_000 + buffer.timestamp.tv_usec * 1000
        monotonic = buffer.flags & abi.Flag.CLOCK == abi.Flag.MONOTONIC
        start, end = 0, buffer.bytesused
        if self._node.multi:
            start, end = buffer.planes[0].data_offset, buffer.planes[0].bytesused
        with memoryview(self._maps[buffer.index])[start:end] as data:
            damaged = bool(buffer.flags & abi.Flag.ERROR)
            yield Filled(data, buffer.sequence, stamp if monotonic else None, damaged)
        self._node.call(abi.QBUF, buffer)

    def close(self) -> None:
        """Stop the frames and close the node; once is enough."""
        if self._on:
            self._on = False
            with contextlib.suppress(OSError):
                self._node.try_call(abi.STREAMOFF, abi.on_off(self._node.kind))
        while self._maps:
            self._maps.pop().close()
        self._node.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _sizes(self, number: int) -> Iterator[Offer]:
        """The sizes of one format; of a driver that lists none, the one that is set."""
        name = abi.letters(number)
        none = True
        for size in self._node.listed(
            abi.ENUM_FRAMESIZES, lambda n: abi.FrameSize(index=n, pixel_format=number)
        ):
            none = False
            if size.type != abi.DISCRETE:
                ways = size.stepwise
                least, most = (ways.min_width, ways.min_height), (ways.max_width, ways.max_height)
                yield Offer(name, least, most, (max(1, ways.step_width), max(1, ways.step_height)))
                return
            one = size.discrete.width, size.discrete.height
            yield Offer(name, one, one)
        if none:
            present = abi.Format(type=self._node.kind)
            self._node.call(abi.G_FMT, present)
            pixels = present.multi if self._node.multi else present.pix
            yield Offer(name, (pixels.width, pixels.height), (pixels.width, pixels.height))

    def _agree_rate(self, rate: Fraction) -> Fraction:
        """Ask for a rate where the driver knows such a thing; the rate there will be, 0 where unknown."""
        wanted = abi.StreamParameters(type=self._node.kind)
        with contextlib.suppress(OSError):
            self._node.try_call(abi.G_PARM, wanted)
            wanted.timeperframe.numerator = rate.denominator
            wanted.timeperframe.denominator = rate.numerator
            self._node.try_call(abi.S_PARM, wanted)
            interval = wanted.timeperframe
            if interval.numerator and interval.denominator:
                return Fraction(interval.denominator, interval.numerator)
        return Fraction(0)

    def _buffer(self, index: int = 0) -> abi.Buffer:
        buffer = abi.Buffer(index=index, type=self._node.kind, memory=abi.MMAP)
        if self._node.multi:
            buffer.planes = (abi.Plane * 1)()
            buffer.length = 1
        return buffer

    def _taken(self) -> abi.Buffer | None:
        buffer = self._buffer()
        try:
            self._node.try_call(abi.DQBUF, buffer)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._node.refusal(error) from None
        return buffer


def monotonic_or_now(stamp_ns: int | None, oldest_s: float) -> int:
    """A driver's time of capture, or now where that can't be: in the future, or longer ago than that."""
    now = time.monotonic_ns()
    return stamp_ns if stamp_ns is not None and 0 <= now - stamp_ns < oldest_s * 1e9 else now
