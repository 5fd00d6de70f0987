"""The MQTT library's client, set up as every connection of ours is."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

if TYPE_CHECKING:
    from device.mqtt.address import Address, TlsContext
    from device.mqtt.publication import Publication

MQTT5 = MQTTProtocolVersion.MQTTv5
MQTT311 = MQTTProtocolVersion.MQTTv311

#: Unsent bytes that the kernel may hold: what is older than this in a slow link's queue would be old news.
_NOT_SENT_BYTES = 128 * 1024


def make_client(
    address: Address,
    protocol: MQTTProtocolVersion,
    *,
    client_id: str,
    will: Publication,
    tls: TlsContext | None,
) -> paho.Client:
    """A client that never reconnects by itself and keeps no queue of its own; not connected.

    Raises ConfigurationError where the password can't be read.
    """
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=protocol,
        clean_session=True if protocol == MQTT311 else None,
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(0)
    if tls is not None:
        client.tls_set_context(tls)
        client.tls_insecure_set(address.insecure)
    client.username_pw_set(address.user, address.password())
    client.will_set(will.topic, will.payload, will.qos, will.retain)
    client.on_socket_open = _tune
    return client


def _tune(_client: paho.Client, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _NOT_SENT_BYTES)
