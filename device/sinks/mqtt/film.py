"""A film's frames over MQTT, each delivered once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.media.jpeg import facts_of, upright_planes
from device.sinks import ClosedOrAborted
from device.sinks.mqtt.fit import encode_to_fit

if TYPE_CHECKING:
    from device.frames import TintedFrame
    from device.mqtt.delivery import Delivery
    from device.mqtt.session import Session


class MqttFilm(ClosedOrAborted):
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
        self.delivery.frame(encode_to_fit(planes, self._quality, facts, self._session.room(self._topic)))
        self._sequence += 1
