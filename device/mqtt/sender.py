"""How a sender comes to its broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.mqtt import commands
from device.mqtt.address import Address
from device.mqtt.delivery import subscriptions
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import MqttSettings

#: Last level of our topics' prefix.
ROLE = "publish"
#: How long a lost broker may stay away, in seconds.
PATIENCE_S = 300.0
#: Commands are short; an MQTT 5 broker keeps from us what is larger, in bytes.
_COMMAND_BYTES = 16 * 1024


def connect(mqtt: MqttSettings, say: Callable[[str], None]) -> Session:
    """A started session for a sender of films or pictures. Raises BrokerUnreachable or BrokerRefused."""
    role = Role(mqtt.base, mqtt.device, ROLE)
    session = Session(
        Address.from_settings(mqtt),
        role,
        subscriptions=subscriptions(role),
        patience_s=PATIENCE_S,
        say=say,
    )
    return session.start(mqtt.connect_seconds)


def live_session(mqtt: MqttSettings, name: str, say: Callable[[str], None]) -> Session:
    """A session for a live picture, in the role ``name``: neither started nor begun.

    After ``begin`` it comes back whatever the broker does; ``start`` raises where the broker isn't there.
    """
    role = Role(mqtt.base, mqtt.device, name)
    return Session(
        Address.from_settings(mqtt),
        role,
        commands=commands.subscriptions(role),
        patience_s=None,
        max_packet=_COMMAND_BYTES,
        say=say,
    )
