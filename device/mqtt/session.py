"""A session with the broker: connected, or on its way to be again, from ``start`` to ``close``.

One thread of its own speaks to the broker; everybody else leaves things in the outbox and takes events from
the inbox. Sessions are always clean at the broker: who needs certainty has ``delivery``.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from device.errors import BrokerError, BrokerRefused, BrokerUnreachable
from device.mqtt import topics
from device.mqtt.bell import Bell
from device.mqtt.client import MQTT5
from device.mqtt.connection import Connection, ConnectionLost
from device.mqtt.dialler import CONNECT_S, Dialler, Endurance, Hangups
from device.mqtt.inbox import Down, Event, Inbox, Taken, Up
from device.mqtt.limit import PacketLimit
from device.mqtt.outbox import Outbox
from device.mqtt.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.enums import MQTTProtocolVersion

    from device.mqtt.address import Address

_STEP_S = 0.5
#: A connection that ends so soon was cut short, in seconds.
_SHORT_S = 2.0
_CLOSE_S = 3.0


class Session:
    """See the module. Methods may be called from any thread; once the session has failed they raise why.

    ``subscriptions``: filters; ``commands``: filters for what is said to us now, by others.
    ``patience_s``: how long a lost broker may stay away before that is a failure; None: for ever.
    ``max_packet``: largest packet that we take, in bytes (an MQTT 5 broker keeps larger ones from us).
    ``say``: told what a person should know, one line each, from any thread.
    """

    def __init__(
        self,
        address: Address,
        role: topics.Role,
        *,
        subscriptions: Sequence[str] = (),
        commands: Sequence[str] = (),
        patience_s: float | None = 300.0,
        max_packet: int = 32 * 1024 * 1024,
        say: Callable[[str], None],
    ) -> None:
        self.role = role
        self._address = address
        self._subscriptions = tuple(subscriptions)
        self._commands = tuple(commands)
        self._max_packet = max_packet
        self._say = say
        self._inbox = Inbox()
        self._outbox = Outbox()
        self._limit = PacketLimit()
        self._dialler = Dialler(
            address, self._connection, patience_s=patience_s, given_up=lambda: self._closing
        )
        self._endurance: Endurance | None = None
        #: What ``start`` took.
        self.first: Up | None = None
        self._began = 0.0
        self._hangups = Hangups()
        self._up = False
        self._closing = False
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name=f"mqtt {role.client_id}", daemon=True)
        self._outbox.hold(role.availability, topics.ONLINE)

    def start(self, deadline_s: float = CONNECT_S) -> Self:
        """Connect and subscribe; the ``Up`` of that is taken here, and kept as ``first``.

        Raises BrokerUnreachable or BrokerRefused, at the deadline at the latest.
        """
        self._start()
        deadline = time.monotonic() + deadline_s
        event: Event | None = None
        try:
            while not isinstance(event, Up) and (left := deadline - time.monotonic()) > 0:
                event = self._inbox.take(left)
        except BaseException:
            self.close()
            raise
        if not isinstance(event, Up):
            self.close(0.0)
            raise BrokerUnreachable(
                f"no connection within {deadline_s:g} s",
                where=self._address,
                hint="is the broker running, and is that its address?",
            )
        self.first = event
        return self

    def begin(self) -> Self:
        """Connect and subscribe, however long that takes: no trouble with the broker is a failure.

        A refusal is tried again every minute; what is wrong is said once. ``Up`` and ``Down`` tell the rest.
        """
        self._endurance = Endurance(self._dialler, self._say)
        self._start()
        return self

    def _start(self) -> None:
        if self._address.insecure:
            self._say(f"{self._address}: the broker's certificate is NOT checked (insecure)")
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether the broker is there now."""
        return self._up

    @property
    def failed(self) -> bool:
        """Whether it has ended with an error."""
        return self._inbox.failed

    def room(self, topic: str) -> int | None:
        """Largest payload that the broker takes on ``topic``, in bytes; None: none is known."""
        limit = self._limit.bytes
        return None if limit is None else limit - Publication(topic, b"").size - 256

    def next(self, timeout_s: float) -> Event | None:
        """Take the oldest event, waiting for one; None when none came. Raises the session's failure."""
        full = self._inbox.full
        event = self._inbox.take(timeout_s)
        if full:
            self._bell.ring()
        return event

    @property
    def queued(self) -> int:
        """How many publications wait to be sent."""
        return len(self._outbox)

    @property
    def waiting(self) -> int:
        """How many events wait to be taken."""
        return len(self._inbox)

    def hold(self, topic: str, payload: bytes) -> None:
        """Publish retained at QoS 1, now and after every reconnection.

        Empty: clear the topic, and hold it no more.
        """
        self._inbox.raise_if_failed()
        self._outbox.hold(topic, payload)
        self._bell.ring()

    def send(self, publication: Publication) -> bool:
        """Publish once, on this connection; forgotten when it is lost. False while there is none.

        These queue without a limit: whoever sends many has one of its own, or looks at ``queued``.
        """
        self._inbox.raise_if_failed()
        sent = self._outbox.send(publication)
        self._bell.ring()
        return sent

    def show(self, publication: Publication) -> bool:
        """Lay down the newest for its topic; True when that dropped one that was never sent.

        While there is no connection nothing is kept: it would be old when there is one.
        """
        self._inbox.raise_if_failed()
        dropped = self._outbox.show(publication)
        self._bell.ring()
        return dropped

    def wait_hungry(self, timeout_s: float) -> bool:
        """Wait until what is shown now would leave at once; whether it would.

        Who makes pictures only then makes none that a slow link has no use for.
        """
        return self._outbox.wait_hungry(timeout_s)

    def settle(self, deadline_s: float) -> bool:
        """Wait until the broker has acknowledged all that is held and sent; False if there was not time."""
        return self._outbox.wait_idle(deadline_s)

    def close(self, deadline_s: float = _CLOSE_S) -> None:
        """Say ``offline``, leave and end the thread; what the broker does not take by the deadline is left.

        Never raises; a second time does nothing.
        """
        if not self._closing:
            self._outbox.hold(self.role.availability, topics.OFFLINE)
            if deadline_s and self._up:
                self._bell.ring()
                self.settle(deadline_s)
        self._closing = True
        self._bell.ring()
        if self._thread.is_alive():
            self._thread.join(deadline_s + _STEP_S)
        else:
            self._bell.close()

    def __enter__(self) -> Self:
        """Use as a context: closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # From here on: the session's own thread.

    def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    self._converse()
                except BrokerError as error:
                    if self._endurance is None:
                        raise
                    if self._up:
                        self._gone(str(error))
                    self._endurance.bear(error)
                    self._hangups.forget()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the session fails with it
            self._up = False
            self._inbox.fail(error)
        finally:
            self._bell.close()

    def _converse(self) -> None:
        while (connection := self._dialler.dial()) is not None:
            self._serve(connection)

    def _gone(self, reason: str) -> None:
        self._up = False
        self._outbox.lost()
        self._inbox.put(Down(reason))

    def _connection(self, protocol: MQTTProtocolVersion) -> Connection:
        return Connection(
            self._address,
            protocol=protocol,
            client_id=self.role.client_id,
            will=Publication(self.role.availability, topics.OFFLINE, qos=1, retain=True),
            max_packet=self._max_packet,
            on_message=self._inbox.put,
            on_acknowledged=self._acknowledged,
        )

    def _serve(self, connection: Connection) -> None:
        """Exchange messages until the connection is lost or the session closes."""
        self._began = time.monotonic()
        try:
            self._subscribe(connection)
            self._limit.connected(connection.packet_limit)
            self._outbox.connected()
            self._up = True
            self._inbox.put(Up(connection.protocol == MQTT5))
            while not self._closing:
                self._push(connection)
                connection.step(_STEP_S, self._bell.socket, reading=not self._inbox.full)
                self._bell.hear()
            connection.close()
        except ConnectionLost as lost:
            self._lost(connection, lost)
        except BaseException:
            connection.abandon()
            raise

    def _subscribe(self, connection: Connection) -> None:
        deadline = time.monotonic() + CONNECT_S
        connection.subscribe(self._subscriptions, self._commands)
        while not connection.subscribed and not self._closing:
            if time.monotonic() > deadline:
                raise ConnectionLost("the broker does not acknowledge our subscription")
            connection.step(_STEP_S, self._bell.socket, reading=True)
            self._bell.hear()

    def _push(self, connection: Connection) -> None:
        while (
            publication := self._outbox.take(
                backlogged=connection.backlogged,
                room=connection.in_flight < connection.in_flight_limit,
            )
        ) is not None:
            limit = self._limit.bytes
            if limit is None or publication.size <= limit:
                connection.publish(publication)
            elif publication.asks:
                self._outbox.acknowledged(publication)
            elif publication.qos:
                raise BrokerRefused(
                    f"takes at most {limit} bytes at once, {publication.topic} has {publication.size}",
                    where=self._address,
                    hint="lower the quality, or raise the broker's max_packet_size",
                )

    def _acknowledged(self, publication: Publication, matched: bool) -> None:  # noqa: FBT001 - as the broker
        self._limit.acknowledged(publication.size)
        self._outbox.acknowledged(publication)
        if publication.asks:
            self._inbox.put(Taken(publication.topic, matched))

    def _lost(self, connection: Connection, lost: ConnectionLost) -> None:
        connection.abandon()
        short = time.monotonic() - self._began < _SHORT_S and not self._dialler.hard
        self._hangups.note(short=short)
        if line := self._limit.lost(connection.suspect, too_large=lost.too_large):
            self._hangups.forget()
            self._say(f"{self._address}: {line}")
        if self._hangups.too_many:
            raise BrokerRefused(
                "lets us in, and hangs up again and again",
                where=self._address,
                hint="does another process have our name? Each needs its own (--device, --name)",
            )
        self._gone(lost.reason)
