"""What can be published."""

from __future__ import annotations

from dataclasses import dataclass

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

#: Bytes of a PUBLISH beside its topic, payload and what it says of itself, generously.
_OVERHEAD = 64


@dataclass(frozen=True, slots=True)
class Publication:
    """Something to publish. What MQTT 3.1.1 has no place for is left out there.

    ``expiry_s``: the broker drops it when it can't hand it on within this time. ``user``: names and values.
    ``correlation``: of the command that it answers. ``asks``: whoever shows it wants to know from the broker
    whether anybody is subscribed (``inbox.Taken``); at QoS 1.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    content_type: str | None = None
    expiry_s: int | None = None
    user: tuple[tuple[str, str], ...] = ()
    correlation: bytes | None = None
    asks: bool = False

    @property
    def size(self) -> int:
        """Bytes of its packet, at most."""
        told = sum(len(name.encode()) + len(value.encode()) + 5 for name, value in self.user)
        told += len(self.correlation or b"")
        return len(self.topic.encode()) + len(self.payload) + told + len(self.content_type or "") + _OVERHEAD

    def properties(self) -> Properties:
        """What it says of itself with MQTT 5."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if self.content_type:
            properties.ContentType = self.content_type
        if self.expiry_s is not None:
            properties.MessageExpiryInterval = self.expiry_s
        if self.user:
            properties.UserProperty = list(self.user)
        if self.correlation is not None:
            properties.CorrelationData = self.correlation
        return properties
