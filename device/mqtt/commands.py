"""``set/<thing>`` to ``state/<thing>``: what people change over MQTT, by the table that the page has, too.

What comes in may have been written by anyone: it is short text, or it is refused. Whoever asks for an answer
(MQTT 5: response topic and correlation data) gets one.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from device.engine import Kind
from device.errors import SettingRefused, TintcastError
from device.mqtt import topics
from device.mqtt.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Switches
    from device.mqtt.inbox import Message, Reply
    from device.mqtt.session import Session

    Value = bool | float | str | None

#: Longest command, in bytes.
_LONGEST = 256
_LONGEST_NAME = 64
_LONGEST_REPLY_TOPIC = 256
#: So many answers may wait for a slow broker; more are left out.
_MOST_QUEUED = 100
#: One line about refusals in so many seconds, at most.
_SAY_EVERY_S = 10.0


def subscriptions(role: topics.Role) -> list[str]:
    """What its session must hear as commands."""
    return [role.set("+")]


def as_text(value: Value) -> str:
    """A value as ``state/<thing>`` tells it and ``set/<thing>`` takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class Commands:
    """Between ``switches`` and a session whose ``commands`` are ``subscriptions(session.role)``.

    From its making on ``state/<thing>`` follows the switches, whoever sets them. ``say``: a line for people.
    """

    def __init__(self, session: Session, switches: Switches, say: Callable[[str], None]) -> None:
        self._session = session
        self._switches = switches
        self._say = say
        self._warned = False
        self._quiet_until = 0.0
        self._buttons = {thing.name for thing in switches.things if thing.kind is Kind.BUTTON}
        switches.on_change(self._tell)
        for name, value in switches.values().items():
            self._tell(name, value)

    def hear(self, message: Message) -> None:
        """Do what a message on ``set/<thing>`` says, or refuse it with a reason."""
        name = message.topic.removeprefix(self._session.role.set(""))[:_LONGEST_NAME]
        if message.retained:
            self._warn(name)
            return
        try:
            value = self._switches.set(name, _text(message.payload, name), by="MQTT")
        except TintcastError as error:
            self._refuse(error)
            self._answer(message.reply, {"thing": name, "refused": str(error)})
        else:
            self._answer(message.reply, {"thing": name, "value": value})

    def _tell(self, name: str, value: Value) -> None:
        if name in self._buttons or self._session.failed:
            return
        self._session.hold(self._session.role.state(name), as_text(value).encode())

    def _warn(self, name: str) -> None:
        if not self._warned:
            self._warned = True
            self._say(f"set/{name}: a retained command is ignored, as all of them are (send it unretained)")

    def _refuse(self, error: TintcastError) -> None:
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _SAY_EVERY_S
            self._say(f"refused over MQTT: {error}")

    def _answer(self, reply: Reply | None, answer: dict[str, Value]) -> None:
        if reply is None or not _may_answer(reply.topic) or self._session.queued > _MOST_QUEUED:
            return
        # At QoS 0: a broker that does not let us write there is no reason to end the session.
        payload = json.dumps(answer).encode()
        self._session.send(
            Publication(
                reply.topic,
                payload,
                qos=0,
                content_type="application/json",
                correlation=reply.correlation,
            )
        )


def _text(payload: bytes, name: str) -> str:
    if len(payload) > _LONGEST:
        raise SettingRefused(f"a command of {len(payload)} bytes is too long", where=name)
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise SettingRefused("a command that is no text", where=name) from None


def _may_answer(topic: str) -> bool:
    """Whether an answer there can't be taken for something else: not where we and Home Assistant listen."""
    return (
        0 < len(topic) <= _LONGEST_REPLY_TOPIC
        and not any(mark in topic for mark in "+#\0")
        and not topic.startswith(("$", "homeassistant/"))
        and topics.parse(topic) is None
    )
