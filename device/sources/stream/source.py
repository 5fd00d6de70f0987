"""A stream's frames, the newest first of all."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Self

import av

from device.engine import Slot
from device.errors import SourceLost
from device.frames import Frame
from device.media.planes import converted, layout_of, planes_of
from device.media.pyav import ANY_TITLE
from device.media.tags import colour_space, read_tags, stream_tags
from device.sources.mirror import mirrored
from device.sources.pace import Pace
from device.sources.stream.address import Address
from device.sources.stream.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from av.container import InputContainer

    from device.config import CameraSettings
    from device.media.tags import ColourTags

#: A server has so long for its first frame, in seconds: cameras wait for a key frame.
_OPEN_S: Final = 10.0
#: So often a thread that waits for a frame's time looks whether it is still wanted, in seconds.
_LOOK_S: Final = 0.2
_NANO: Final = Fraction(1, 1_000_000_000)
#: What a stream may lead to: never to a file of ours.
_PROTOCOLS: Final = "http,https,tcp,tls,udp,rtp,srtp,rtsp,rtsps,httpproxy,crypto"
#: FFmpeg looks at so much of a stream before it gives frames (microseconds, bytes): soon, but whole.
_LOOK_AT: Final = {"analyzeduration": "2000000", "probesize": "2000000", "fpsprobesize": "0"}


@dataclass(frozen=True, slots=True, eq=False)
class _Arrived:
    """A decoded frame and what is said of it."""

    decoded: av.VideoFrame
    said: ColourTags
    pixel_aspect: Fraction
    index: int
    pts: int
    captured_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class _Ended:
    """Nothing more comes, and why."""

    error: BaseException


class StreamSource:
    """The newest frames of the stream that ``settings`` name.

    A thread of its own opens, reads and decodes; one that hangs is left behind. ``captured_ns`` is the time
    of arrival; ``pts`` follows the stream's own stamps, in nanoseconds. Damaged frames are counted and left
    out. ``frames`` raises SourceLost where the server is not there, refuses, ends or falls silent, and
    UnsupportedColour for high dynamic range. Making one raises the errors of ``Address.from_settings``.
    """

    def __init__(self, settings: CameraSettings) -> None:
        self._address = Address.from_settings(settings)
        self._settings = settings
        self._pace = Pace()
        self._slot = Slot[_Arrived | _Ended]()
        self._dropped = 0
        self._corrupt = 0
        self._heard = time.monotonic()
        self._what: str | None = None
        self._reader = threading.Thread(target=self._read, name="stream", daemon=True)

    @property
    def name(self) -> str:
        """What it is, for people."""
        return str(self._address) if self._what is None else f"{self._address}, {self._what}"

    @property
    def dropped(self) -> int:
        """Frames so far that were missing in the stream, or that nobody took in time."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """Frames and packets so far that were damaged."""
        return self._corrupt

    def rest(self, *, resting: bool) -> None:
        """Pass on two frames a second, or all again; meanwhile it is decoded on, to be back at once."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time there is one, until ``close``."""
        self._heard = time.monotonic()
        self._reader.start()
        while not self._pace.closed:
            patience_s = max(_OPEN_S, self._stall_s) if self._what is None else self._stall_s
            left = self._heard + patience_s - time.monotonic()
            arrived = self._slot.take(max(0.0, left))
            if self._pace.closed:
                return
            if isinstance(arrived, _Ended):
                raise arrived.error
            if arrived is not None:
                yield self._frame(arrived)
            elif time.monotonic() >= self._heard + patience_s:
                raise SourceLost(f"gave no frame for {patience_s:g} s", where=self._address)

    def close(self) -> None:
        """End ``frames``, from any thread; the connection is closed soon after."""
        self._pace.close()
        self._slot.put(_Ended(SourceLost("closed", where=self._address)))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def _stall_s(self) -> float:
        return self._settings.stall_seconds

    def _frame(self, arrived: _Arrived) -> Frame:
        decoded = arrived.decoded
        layout = layout_of(decoded.format.name)
        tags = read_tags(decoded, arrived.said)
        space = colour_space(tags, layout, decoded, str(self._address))
        in_layout = converted(decoded, layout, decoded.width, decoded.height, tags.matrix)
        settings = self._settings
        planes = mirrored(planes_of(in_layout, layout), hflip=settings.hflip, vflip=settings.vflip)
        return Frame(
            luma=planes.luma,
            colour_space=space,
            index=arrived.index,
            pts=arrived.pts,
            time_base=_NANO,
            depth=layout.depth,
            rotation=(round(-decoded.rotation / 90) * 90 + settings.rotation) % 360,
            pixel_aspect=arrived.pixel_aspect,
            captured_ns=arrived.captured_ns,
            cb=planes.cb,
            cr=planes.cr,
        )

    def _read(self) -> None:
        """What the thread does: read until it ends, and say why."""
        error: BaseException
        try:
            with self._opened() as container:
                self._decode(container)
            error = SourceLost("the stream ended", where=self._address)
        except av.FFmpegError as failed:
            begun = self._what is not None
            error = self._address.explain(failed, self._stall_s if begun else _OPEN_S, begun=begun)
        except BaseException as failed:  # noqa: BLE001 - whatever it is, it is told where frames are taken
            error = failed
        self._slot.put(_Ended(error))

    def _opened(self) -> InputContainer:
        options = {"protocol_whitelist": _PROTOCOLS, **_LOOK_AT, **self._address.options()}
        if not self._address.over_http:
            options |= {"rtsp_transport": self._settings.transport, "allowed_media_types": "video"}
        more: dict[str, Any] = dict(ANY_TITLE)
        deadlines = (max(_OPEN_S, self._stall_s), self._stall_s)
        container: InputContainer = av.open(
            self._address.with_password(), "r", options=options, timeout=deadlines, **more
        )
        return container

    def _decode(self, container: InputContainer) -> None:
        """Decode what comes, and lay down the newest frame, until nobody wants more."""
        if not container.streams.video:
            raise SourceLost("has no picture in it", where=self._address)
        stream = container.streams.video[0]
        context = stream.codec_context
        context.thread_type = "SLICE"  # threads by frame would hold frames back
        said = stream_tags(stream)
        aspect = Fraction(stream.sample_aspect_ratio) if stream.sample_aspect_ratio else Fraction(1)
        stamped = container.format.name != "mpjpeg"  # that one's stamps are FFmpeg's guess
        ahead = container.format.name == "hls" or bool(container.duration)  # it comes faster than it plays
        timeline = Timeline()
        began: int | None = None
        index = -1
        for packet in container.demux(stream):
            arrived = time.monotonic_ns()
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                self._corrupt += 1
                continue
            for frame in decoded:
                if self._pace.closed:
                    return
                if not isinstance(frame, av.VideoFrame):
                    continue
                seconds = _seconds(frame) if stamped else None
                missing = timeline.step(seconds, arrived)
                index += 1 + missing
                self._dropped += missing
                if frame.is_corrupt:
                    self._corrupt += 1
                    continue
                if ahead:
                    began = arrived - timeline.pts if began is None else began
                    arrived = self._wait_until(began + timeline.pts)
                self._heard = time.monotonic()
                self._what = f"{context.name} {frame.width}x{frame.height}"
                if self._pace.due(arrived):
                    one = _Arrived(frame, said, aspect, index, timeline.pts, arrived)
                    self._dropped += self._slot.put(one)

    def _wait_until(self, due_ns: int) -> int:
        """Wait until a frame that came early is due; give when that was."""
        while not self._pace.closed and (left := due_ns - time.monotonic_ns()) > 0:
            self._heard = time.monotonic()
            time.sleep(min(left / 1e9, _LOOK_S))
        return time.monotonic_ns()


def _seconds(frame: av.VideoFrame) -> Fraction | None:
    """The frame's time stamp; None where it has none."""
    return frame.pts * frame.time_base if frame.pts is not None and frame.time_base else None
