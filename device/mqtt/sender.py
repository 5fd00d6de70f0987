"""How a sender comes to its broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.mqtt import commands
from device.mqtt.address import Address
from device.mqtt.delivery import subscriptions
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.config import MqttSettings

#: Last level of our topics' prefix: of who sends one film or the test picture, of a night, and of the films
#: that a night sends, each from a process of its own.
ROLE = "publish"
NIGHT = "night"
NIGHT_FRAMES = "night-frames"
#: How long a lost broker may stay away, in seconds.
PATIENCE_S = 300.0
#: Commands are short; an MQTT 5 broker keeps from us what is larger, in bytes.
_COMMAND_BYTES = 16 * 1024


def connect(
    mqtt: MqttSettings,
    say: Callable[[str], None],
    name: str = ROLE,
    *,
    connect_s: float | None = None,
    patience_s: float = PATIENCE_S,
) -> Session:
    """A started session for a sender of films, in the role ``name``.

    ``connect_s``: how long that may take, None: as ``mqtt`` says; ``patience_s``: how long a lost broker may
    stay away. Raises BrokerUnreachable or BrokerRefused.
    """
    role = Role(mqtt.base, mqtt.device, name)
    session = Session(
        Address.from_settings(mqtt),
        role,
        subscriptions=subscriptions(role),
        patience_s=patience_s,
        say=say,
    )
    return session.start(connect_s or mqtt.connect_seconds)


def live_session(mqtt: MqttSettings, name: str, say: Callable[[str], None]) -> Session:
    """A session for a live picture, in the role ``name``: neither started nor begun.

    After ``begin`` it comes back whatever the broker does; ``start`` raises where the broker isn't there.
    """
    return _commanded(mqtt, Role(mqtt.base, mqtt.device, name), (), say)


def night_session(mqtt: MqttSettings, say: Callable[[str], None]) -> Session:
    """A session for a night, as ``live_session``; it hears what a night before it has left of its jobs.

    Raises ConfigurationError for a password or an authority that can't be read: said before the night begins.
    """
    address = Address.from_settings(mqtt)
    address.password()
    address.tls_context()
    role = Role(mqtt.base, mqtt.device, NIGHT)
    return _commanded(mqtt, role, (role.job_states,), say)


def _commanded(
    mqtt: MqttSettings, role: Role, subscriptions: Sequence[str], say: Callable[[str], None]
) -> Session:
    return Session(
        Address.from_settings(mqtt),
        role,
        subscriptions=subscriptions,
        commands=commands.subscriptions(role),
        patience_s=None,
        max_packet=_COMMAND_BYTES,
        say=say,
    )
