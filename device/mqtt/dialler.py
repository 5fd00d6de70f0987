"""The way to a connection: which version of MQTT, how often to try, when to give up."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from device.errors import BrokerUnreachable
from device.mqtt.client import MQTT5, MQTT311
from device.mqtt.connection import ProtocolRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.enums import MQTTProtocolVersion

    from device.errors import BrokerError
    from device.mqtt.address import Address
    from device.mqtt.connection import Connection

#: Pauses between attempts, in seconds: the first, then twice as long each time up to the longest, jittered.
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 10.0
#: TCP and TLS may take so long, and then the answer to CONNECT.
CONNECT_S = 10.0
#: After a refusal, which a person heals, whoever does not give up tries again so much later, in seconds.
_REFUSED_S = 60.0
#: So often in a row may the broker hang up soon, though it lets us in again at once.
_MOST_CUT_SHORT = 5
#: What is wrong is said again after so long, in seconds.
_SAID_AGAIN_S = 3600.0
#: An old broker may not answer a CONNECT of MQTT 5 at all.
_MQTT5_ANSWER_S = 3.0


class Dialler:
    """Makes connections to ``address`` by ``make(protocol)``, until ``given_up()``.

    The first is tried once; one that was lost, until it has been away for ``patience_s`` (None: for ever).
    """

    def __init__(
        self,
        address: Address,
        make: Callable[[MQTTProtocolVersion], Connection],
        *,
        patience_s: float | None,
        given_up: Callable[[], bool],
    ) -> None:
        self._address = address
        self._make = make
        self._patience_s = patience_s
        self._given_up = given_up
        self._mqtt5 = address.mqtt5
        #: Whether there was a connection once, or is to be one however long that takes.
        self.found = False
        #: Whether the last connection took more than one attempt.
        self.hard = False

    def dial(self) -> Connection | None:
        """A connection; None once given up. Raises BrokerUnreachable, BrokerRefused."""
        since = time.monotonic()
        pause_s = 0.0
        self.hard = False
        while not self._given_up():
            try:
                connection = self._open()
            except BrokerUnreachable as error:
                away_s = time.monotonic() - since
                if not self.found:
                    raise
                if self._patience_s is not None and away_s >= self._patience_s:
                    raise BrokerUnreachable(
                        f"lost for {away_s:.0f} s: {error.what}", where=error.where, hint=error.hint
                    ) from None
            else:
                self.found = True
                return connection
            self.hard = True
            pause_s = min(max(2 * pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self.pause(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
        return None

    def pause(self, seconds: float) -> None:
        """Wait, or until given up."""
        until = time.monotonic() + seconds
        while not self._given_up() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def _open(self) -> Connection:
        """MQTT 5, or 3.1.1 where the broker does not speak it; it is then not asked again."""
        if self._mqtt5:
            try:
                return self._open_as(MQTT5, _MQTT5_ANSWER_S)
            except ProtocolRefused:
                pass
        try:
            connection = self._open_as(MQTT311, CONNECT_S)
        except ProtocolRefused as refused:
            raise BrokerUnreachable(
                f"no MQTT there: {refused}", where=self._address, hint="is that the broker's port?"
            ) from None
        self._mqtt5 = False
        return connection

    def _open_as(self, protocol: MQTTProtocolVersion, answer_s: float) -> Connection:
        connection = self._make(protocol)
        try:
            connection.open(CONNECT_S, answer_s)
        except BaseException:
            connection.abandon()
            raise
        return connection


class Endurance:
    """For a session that no trouble with its broker ends: says what is wrong, and waits a while."""

    def __init__(self, dialler: Dialler, say: Callable[[str], None]) -> None:
        self._dialler = dialler
        self._say = say
        self._said: dict[str, float] = {}

    def bear(self, error: BrokerError) -> None:
        """Return when it is worth trying again. The same trouble is said once an hour."""
        line, now = str(error), time.monotonic()
        if now - self._said.get(line, -_SAID_AGAIN_S) >= _SAID_AGAIN_S:
            self._said = {line: now}
            self._say(f"{line}; trying again")
        self._dialler.found = True
        if not isinstance(error, BrokerUnreachable):
            self._dialler.pause(_REFUSED_S)


class Hangups:
    """Counts connections that ended soon after they began: a storm of these helps nobody."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def note(self, *, short: bool) -> None:
        """A connection has ended; ``short``: soon, and it had been easy to get."""
        self._in_a_row = self._in_a_row + 1 if short else 0

    def forget(self) -> None:
        """It was for a reason that is dealt with."""
        self._in_a_row = 0

    @property
    def too_many(self) -> bool:
        """Whether trying again at once is no use."""
        return self._in_a_row > _MOST_CUT_SHORT
