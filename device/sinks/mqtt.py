"""Tinted frames over MQTT: a film's, each delivered once; a live stream's, the newest."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np

from device.errors import BrokerRefused
from device.media.jpeg import encode_jpeg, encode_within, facts_of, read_facts, upright_planes
from device.mqtt.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from device.frames import TintedFrame
    from device.media.jpeg import Facts, Planes
    from device.mqtt.delivery import Delivery
    from device.mqtt.session import Session

#: A live picture that could not be handed on for so long is not handed on, in seconds.
_EXPIRY_S = 2
_TELEMETRY_S = 60.0
#: Frames are counted for so long before the first telemetry, in seconds.
_FIRST_S = 2.0
#: Quality of a picture that must be made smaller after it was made, on its way down.
_SECOND_QUALITY = 75


class MqttFilm:
    """Every frame of a film, by ``delivery``, which this sink finishes or aborts.

    One frame is held back, so that the last one says that it is.
    """

    def __init__(self, session: Session, delivery: Delivery, *, job: str, network: str, quality: int) -> None:
        self.delivery = delivery
        self._session = session
        self._job = job
        self._network = network
        self._quality = quality
        self._topic = session.role.job(job).frame
        self._held: TintedFrame | None = None
        self._sequence = 0

    def write(self, tinted: TintedFrame) -> None:
        """Take one frame; waits while too many are not acknowledged.

        Raises DeliveryTimeout, BrokerUnreachable or BrokerRefused.
        """
        if self._held is not None:
            self._send(self._held, last=False)
        self._held = tinted

    def close(self) -> None:
        """Send the last frame, and wait until every receiver has all of them. Raises as ``write`` does."""
        if self._held is None:
            self.delivery.abort()
            return
        self._send(self._held, last=True)
        self._held = None
        self.delivery.finish()

    def abort(self) -> None:
        """Give up: the receivers are told."""
        self._held = None
        self.delivery.abort()

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; abort on an exception."""
        if error is None:
            self.close()
        else:
            self.abort()

    def _send(self, tinted: TintedFrame, *, last: bool) -> None:
        facts = facts_of(
            tinted,
            sequence=self._sequence,
            network=self._network,
            device=self._session.role.device,
            job=self._job,
            last=last,
        )
        planes = upright_planes(tinted)
        self.delivery.frame(_encode(planes, self._quality, facts, self._session.room(self._topic)))
        self._sequence += 1


class MqttLive:
    """The newest frame of a stream on ``frame``, and how it does on ``telemetry``.

    Nothing waits and nothing queues: while there is no connection, or it is slow, frames are dropped and
    counted. ``more``: asked for what else telemetry tells; that is told when it has changed, at most every
    ``telemetry_s`` seconds.
    """

    def __init__(
        self,
        session: Session,
        *,
        network: str,
        quality: int,
        more: Callable[[], dict[str, float]] = dict,
        telemetry_s: float = _TELEMETRY_S,
    ) -> None:
        self._session = session
        self._network = network
        self._quality = quality
        self._telemetry = _Telemetry(session, more, telemetry_s)
        self._sequence = 0
        #: Frames that were never sent.
        self.dropped = 0

    def write(self, tinted: TintedFrame) -> None:
        """Show one frame. Raises the session's failure."""
        facts = facts_of(
            tinted, sequence=self._sequence, network=self._network, device=self._session.role.device
        )
        self._sequence += 1
        topic = self._session.role.frame
        if self._session.connected:
            jpeg = _encode(upright_planes(tinted), self._quality, facts, self._session.room(topic))
            shown = Publication(topic, jpeg, qos=0, content_type="image/jpeg", expiry_s=_EXPIRY_S)
            self.dropped += self._session.show(shown)
        else:
            self.dropped += 1
        self._telemetry.frame(tinted, self.dropped)

    def close(self) -> None:
        """Nothing is left to do: what was shown was shown."""

    def abort(self) -> None:
        """As ``close``."""

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class _Telemetry:
    """How a live stream does, rounded so that a steady one says little."""

    def __init__(self, session: Session, more: Callable[[], dict[str, float]], interval_s: float) -> None:
        self._session = session
        self._more = more
        self._interval_s = interval_s
        self._since = time.monotonic()
        self._due = self._since + min(_FIRST_S, interval_s)
        self._frames = 0
        self._age_ns = 0
        self._told: dict[str, Any] = {}

    def frame(self, tinted: TintedFrame, dropped: int) -> None:
        self._frames += 1
        self._age_ns += tinted.chroma_age_ns
        now = time.monotonic()
        if now < self._due:
            return
        told = {
            "fps": _rounded(self._frames / (now - self._since)),
            "chroma_age_ms": _rounded(self._age_ns / self._frames / 1e6),
            "drops": dropped,
            "source": "colour" if tinted.own_colour else "grey",
        } | {name: _rounded(value) for name, value in self._more().items()}
        self._since, self._frames, self._age_ns = now, 0, 0
        self._due = now + self._interval_s
        if told != self._told and self._session.connected:
            self._told = told
            self._session.show(Publication(self._session.role.telemetry, json.dumps(told).encode(), qos=0))


def fit(jpeg: bytes, room: int) -> bytes:
    """Make a JPEG of ours again, in at most ``room`` bytes: the broker takes less than when it was made.

    Raises BrokerRefused where no picture fits.
    """
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not a JPEG")
    y, cr, cb = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    half = (y.shape[1] + 1) // 2, (y.shape[0] + 1) // 2
    cb, cr = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (cb, cr))
    y, cb, cr = (np.asarray(plane, np.uint8) for plane in (y, cb, cr))
    return _encode((y, cb, cr), _SECOND_QUALITY, read_facts(jpeg), room)


def _encode(planes: Planes, quality: int, facts: Facts, room: int | None) -> bytes:
    if room is None:
        return encode_jpeg(*planes, quality, facts)
    try:
        return encode_within(planes, quality, facts, room)
    except ValueError:
        raise BrokerRefused(
            f"takes at most {room} bytes at once: no picture fits", hint="raise the broker's max_packet_size"
        ) from None


def _rounded(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")
