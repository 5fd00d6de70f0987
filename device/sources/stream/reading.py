"""From an open stream's packets to frames: numbered, stamped, the damaged ones left out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from device.media.tags import stream_tags
from device.sources.stream.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer

    from device.media.tags import ColourTags
    from device.sources.pace import Pace

#: So often whoever waits for a frame's time looks whether it is still wanted, in seconds.
_LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A decoded frame and what is said of it; ``pts`` in nanoseconds."""

    decoded: av.VideoFrame
    said: ColourTags
    pixel_aspect: Fraction
    index: int
    pts: int
    captured_ns: int


class Reading:
    """Reads the first picture in ``container``, which holds one; what comes faster than it plays has to wait.

    ``missing``: frames so far that never came; ``corrupt``: those that came damaged; ``what``: the stream,
    for people.
    """

    def __init__(self, container: InputContainer, pace: Pace) -> None:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "SLICE"  # threads by frame would hold frames back
        self.missing = 0
        self.corrupt = 0
        self.what = stream.codec_context.name
        self._container, self._stream, self._pace = container, stream, pace
        self._said = stream_tags(stream)
        self._aspect = Fraction(stream.sample_aspect_ratio) if stream.sample_aspect_ratio else Fraction(1)
        self._stamped = container.format.name != "mpjpeg"  # that one's stamps are FFmpeg's guess
        self._ahead = container.format.name == "hls" or bool(container.duration)
        self._alone = stream.codec_context.codec.intra_only and not self._ahead
        self._timeline = Timeline()
        self._index = -1
        self._began: int | None = None

    def frames(self) -> Iterator[Arrived | None]:
        """Yield the frames that are wanted; None for whole ones that are not: the stream lives.

        At rest, frames that are coded each for itself are not even decoded in between. Raises FFmpegError.
        """
        for packet in self._container.demux(self._stream):
            arrived = time.monotonic_ns()
            if self._alone and packet.size and not self._pace.due(arrived):
                self._count(packet.pts, packet.time_base, arrived)
                yield None
                continue
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                self.corrupt += 1
                continue
            for frame in decoded:
                if isinstance(frame, av.VideoFrame):
                    yield from self._judged(frame, arrived)

    def _judged(self, frame: av.VideoFrame, arrived: int) -> Iterator[Arrived | None]:
        self._count(frame.pts, frame.time_base, arrived)
        if frame.is_corrupt:
            self.corrupt += 1
            return
        if self._ahead:
            began = self._began = arrived - self._timeline.pts if self._began is None else self._began
            while not self._pace.closed and (left := began + self._timeline.pts - time.monotonic_ns()) > 0:
                yield None
                time.sleep(min(left / 1e9, _LOOK_S))
            arrived = time.monotonic_ns()
        self.what = f"{self._stream.codec_context.name} {frame.width}x{frame.height}"
        wanted = self._alone or self._pace.due(arrived)
        pts = self._timeline.pts
        yield Arrived(frame, self._said, self._aspect, self._index, pts, arrived) if wanted else None

    def _count(self, pts: int | None, time_base: Fraction | None, arrived: int) -> None:
        """Number the next frame, by what its stamp says of those before it."""
        seconds = pts * time_base if self._stamped and pts is not None and time_base else None
        missing = self._timeline.step(seconds, arrived)
        self._index += 1 + missing
        self.missing += missing
