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
from device.media.tags import colour_space, read_tags
from device.sources.mirror import mirrored
from device.sources.pace import Pace
from device.sources.stream.address import Address
from device.sources.stream.reading import Arrived, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from av.container import InputContainer

    from device.config import CameraSettings

#: A server has so long for its first frame, in seconds: cameras wait for a key frame.
_OPEN_S: Final = 10.0
_NANO: Final = Fraction(1, 1_000_000_000)
#: What a stream may lead to: never to a file of ours.
_PROTOCOLS: Final = "http,https,tcp,tls,udp,rtp,srtp,rtsp,rtsps,httpproxy,crypto"
#: FFmpeg looks at so much of a stream before it gives frames (microseconds, bytes): soon, but whole.
_LOOK_AT: Final = {"analyzeduration": "2000000", "probesize": "2000000", "fpsprobesize": "0"}


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
        self._slot = Slot[Arrived | _Ended]()
        self._overtaken = 0
        self._heard = time.monotonic()
        self._begun = False
        self._reading: Reading | None = None
        self._reader = threading.Thread(target=self._read, name="stream", daemon=True)

    @property
    def name(self) -> str:
        """What it is, for people."""
        reading = self._reading
        return str(self._address) if reading is None else f"{self._address}, {reading.what}"

    @property
    def dropped(self) -> int:
        """Frames so far that were missing in the stream, or that nobody took in time."""
        return self._overtaken + (self._reading.missing if self._reading else 0)

    @property
    def corrupt(self) -> int:
        """Frames and packets so far that were damaged."""
        return self._reading.corrupt if self._reading else 0

    def rest(self, *, resting: bool) -> None:
        """Pass on two frames a second, or all again; where they hang together, all are decoded meanwhile."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time there is one, until ``close``."""
        self._heard = time.monotonic()
        self._reader.start()
        while not self._pace.closed:
            patience_s = self._stall_s if self._begun else max(_OPEN_S, self._stall_s)
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

    def _frame(self, arrived: Arrived) -> Frame:
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
                self._hand_over(container)
            error = SourceLost("the stream ended", where=self._address)
        except av.FFmpegError as failed:
            begun = self._begun
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

    def _hand_over(self, container: InputContainer) -> None:
        """Lay down the newest frame, until nobody wants more."""
        if not container.streams.video:
            raise SourceLost("has no picture in it", where=self._address)
        reading = self._reading = Reading(container, self._pace)
        for arrived in reading.frames():
            if self._pace.closed:
                return
            self._heard = time.monotonic()
            if arrived is not None:
                self._begun = True
                self._overtaken += self._slot.put(arrived)
