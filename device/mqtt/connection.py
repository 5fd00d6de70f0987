"""One connection to a broker, from CONNECT to its loss. Only the thread that opened it touches it."""

from __future__ import annotations

import select
import ssl
import struct
import time
from typing import TYPE_CHECKING, Any

from paho.mqtt import MQTTException
from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from device.mqtt.client import MQTT5, make_client
from device.mqtt.inbox import Message, Reply
from device.mqtt.refusals import (
    UNSUPPORTED_PROTOCOL,
    not_subscribed,
    not_taken,
    refused,
    sent_away,
    unreachable,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from paho.mqtt.reasoncodes import ReasonCode

    from device.errors import BrokerRefused
    from device.mqtt.address import Address
    from device.mqtt.publication import Publication

KEEPALIVE_S = 20
#: Messages at QoS 1 on their way at once, where the broker names no lower limit.
_IN_FLIGHT = 20
#: A broker that dislikes a packet hangs up at once, in seconds.
_SUSPECT_S = 1.0

_NO_MATCHING_SUBSCRIBERS = 0x10
_PACKET_TOO_LARGE = 0x95

#: What paho lets out when a broker sends nonsense.
_NONSENSE = (OSError, ValueError, IndexError, KeyError, TypeError, struct.error, MQTTException)


class ProtocolRefused(Exception):
    """The broker does not speak this version of MQTT, or hangs up on it. Never reaches the user."""


class ConnectionLost(Exception):
    """The connection has ended. ``too_large``: because of the size of what we sent."""

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.too_large = too_large


class Connection:
    """A connected paho client without a thread of its own.

    ``on_message`` and ``on_acknowledged(publication, matched)`` are called from ``step``, and must only leave
    things; ``matched``: False where the broker says that nobody is subscribed. A publication that the broker
    refuses raises BrokerRefused from ``step``.
    """

    def __init__(
        self,
        address: Address,
        *,
        protocol: MQTTProtocolVersion,
        client_id: str,
        will: Publication,
        max_packet: int,
        on_message: Callable[[Message], None],
        on_acknowledged: Callable[[Publication, bool], None],
    ) -> None:
        self._address = address
        self._on_message = on_message
        self._on_acknowledged = on_acknowledged
        self._large: tuple[float, int] = (0.0, 0)
        self._max_packet = max_packet
        self._reason: int | None = None
        self._lost: str | None = None
        self._too_large = False
        self._pending: dict[int, Publication] = {}
        self._subscribing: dict[int, Sequence[str]] = {}
        self._refused: BrokerRefused | None = None
        self.protocol = protocol
        self.packet_limit: int | None = None
        self.in_flight_limit = _IN_FLIGHT
        self._tls = address.tls_context()
        client = make_client(address, protocol, client_id=client_id, will=will, tls=self._tls)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        self._client = client

    @property
    def in_flight(self) -> int:
        """Publications that the broker has not acknowledged, subscriptions among them."""
        return len(self._pending) + len(self._subscribing)

    @property
    def backlogged(self) -> bool:
        """Whether bytes wait for the socket: what is published now would only queue."""
        return self._client.want_write()

    @property
    def suspect(self) -> int:
        """Size of the largest packet that may have cost us the connection: just sent, not acknowledged."""
        sent_at, size = self._large
        recent = size if time.monotonic() - sent_at < _SUSPECT_S else 0
        return max([recent, *(publication.size for publication in self._pending.values())])

    def open(self, connect_s: float, answer_s: float) -> None:
        """Connect: TCP and TLS within ``connect_s``, then MQTT within ``answer_s``.

        Raises BrokerUnreachable, BrokerRefused or ProtocolRefused.
        """
        properties = None
        if self.protocol == MQTT5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = self._max_packet
        self._client.connect_timeout = connect_s
        try:
            self._client.connect(
                self._address.host, self._address.port, keepalive=KEEPALIVE_S, properties=properties
            )
            reason = self._connack(time.monotonic() + answer_s)
        except OSError as error:
            raise unreachable(self._address, error) from None
        if reason == UNSUPPORTED_PROTOCOL:
            raise ProtocolRefused("another version of MQTT")
        if reason:
            raise refused(self._address, reason)

    def _connack(self, deadline: float) -> int:
        """Reason code of the CONNACK. An old broker may not answer the unknown version, or hang up on it."""
        while self._reason is None:
            left = deadline - time.monotonic()
            if left <= 0 and self.protocol == MQTT5:
                raise ProtocolRefused("no answer")
            if left <= 0:
                raise TimeoutError
            try:
                self._exchange(left, wake=None, reading=True)
            except ConnectionLost as lost:
                if self._reason is None:
                    raise ProtocolRefused(lost.reason) from None
        return self._reason

    def subscribe(self, filters: Sequence[str], commands: Sequence[str] = ()) -> None:
        """Subscribe at QoS 1. ``commands``: filters for what is said to us now, by others.

        MQTT 5 keeps from these what was retained before, and what we say ourselves.
        """
        if not filters and not commands:
            return
        wanted: Any = [(each, 1) for each in (*filters, *commands)]
        if self.protocol == MQTT5:
            now = SubscribeOptions(
                qos=1,
                noLocal=True,
                retainAsPublished=True,
                retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND,
            )
            wanted = [(each, SubscribeOptions(qos=1)) for each in filters]
            wanted += [(each, now) for each in commands]
        _, mid = self._client.subscribe(wanted)
        if mid is not None:
            self._subscribing[mid] = (*filters, *commands)

    @property
    def subscribed(self) -> bool:
        """Whether every subscription is acknowledged."""
        return not self._subscribing

    def publish(self, publication: Publication) -> None:
        """Hand one message to the socket; at QoS 1 it stays in ``in_flight`` until it is acknowledged."""
        self._large = (time.monotonic(), publication.size)
        info = self._client.publish(
            publication.topic,
            publication.payload,
            publication.qos,
            publication.retain,
            publication.properties() if self.protocol == MQTT5 else None,
        )
        if info.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN}:
            raise ConnectionLost(self._lost or "the connection broke")
        if publication.qos:
            self._pending[info.mid] = publication

    def step(self, wait_s: float, wake: socket.socket, *, reading: bool) -> None:
        """Exchange bytes for up to ``wait_s``, or until something happened or ``wake`` is readable.

        Raises ConnectionLost, or BrokerRefused for a publication or subscription that is not allowed.
        """
        try:
            self._exchange(wait_s, wake, reading=reading)
        finally:
            if self._refused:
                raise self._refused

    def close(self) -> None:
        """Say goodbye; the will is not sent. A connection that is lost already is just closed."""
        try:
            self._client.disconnect()
            for _ in range(10):
                if not self._client.want_write() or self._client.socket() is None:
                    break
                self._exchange(0.1, wake=None, reading=False)
        except (*_NONSENSE, ConnectionLost):
            pass
        self.abandon()

    def abandon(self) -> None:
        """Close the socket without a word, as a crash would; the will is sent by the broker."""
        for sock in (self._client.socket(), self._tls.wrapped if self._tls else None):
            if sock is not None:
                sock.close()

    def _exchange(self, wait_s: float, wake: socket.socket | None, *, reading: bool) -> None:
        sock: Any = self._client.socket()
        if sock is None:
            raise ConnectionLost(self._lost or "the broker hung up", too_large=self._too_large)
        decrypted = reading and isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        poll = select.poll()
        poll.register(
            sock, (select.POLLIN if reading else 0) | (select.POLLOUT if self._client.want_write() else 0)
        )
        if wake is not None:
            poll.register(wake, select.POLLIN)
        ready = dict(poll.poll(0 if decrypted else wait_s * 1000))
        now = ready.get(sock.fileno(), 0)
        try:
            if decrypted or now & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._client.loop_read()
            if now & select.POLLOUT:
                self._client.loop_write()
            self._client.loop_misc()
        except _NONSENSE as error:
            self.abandon()
            raise ConnectionLost(f"the connection broke: {error}") from None
        if self._lost is not None:
            raise ConnectionLost(self._lost, too_large=self._too_large)

    def _connected(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        self._reason = reason.value
        limit = getattr(properties, "MaximumPacketSize", None)
        self.packet_limit = int(limit) if limit else None
        self.in_flight_limit = min(_IN_FLIGHT, getattr(properties, "ReceiveMaximum", _IN_FLIGHT))

    def _disconnected(
        self, _client: paho.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self._lost = "the broker hung up"
        if flags.is_disconnect_packet_from_server:
            self._lost = f"the broker hung up: {reason.getName().lower()}"
            self._too_large = reason.value == _PACKET_TOO_LARGE
            self._refused = sent_away(self._address, reason)

    def _published(
        self, _client: paho.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any
    ) -> None:
        publication = self._pending.pop(mid, None)
        if publication is None:
            return
        if reason.is_failure:
            self._refused = not_taken(self._address, publication.topic, reason)
        else:
            self._on_acknowledged(publication, reason.value != _NO_MATCHING_SUBSCRIBERS)

    def _subscribed(
        self, _client: paho.Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        filters = self._subscribing.pop(mid, ())
        for topic, reason in zip(filters, reasons, strict=False):
            if reason.is_failure:
                self._refused = not_subscribed(self._address, topic, reason)

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        answer_to = getattr(message.properties, "ResponseTopic", None)
        reply = Reply(answer_to, getattr(message.properties, "CorrelationData", None)) if answer_to else None
        self._on_message(Message(topic, bytes(message.payload), message.retain, reply))
