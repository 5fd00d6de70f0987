"""Tinted frames over MQTT, the newest, without a live job behind them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Self

from device.media.jpeg import facts_of, upright_planes
from device.mqtt.publication import Publication
from device.sinks.mqtt.fit import encode_to_fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.frames import TintedFrame
    from device.mqtt.session import Session

#: A live picture that could not be handed on for so long is not handed on, in seconds.
_EXPIRY_S = 2
_TELEMETRY_S = 60.0
#: Frames are counted for so long before the first telemetry, in seconds.
_FIRST_S = 2.0


class PlainLive:
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
            jpeg = encode_to_fit(upright_planes(tinted), self._quality, facts, self._session.room(topic))
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


def _rounded(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")
