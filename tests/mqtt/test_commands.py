"""``set/<thing>`` to ``state/<thing>`` over a real broker."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pytest
from brokers import wait_until
from desks import THINGS, VALUES
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device.engine import Switches
from device.errors import TintcastError
from device.mqtt import commands
from device.mqtt.broker import EmbeddedBroker
from device.mqtt.commands import Commands, as_text
from device.mqtt.inbox import Message, Reply
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.mqtt.address import Address


class House:
    """A session that takes commands, on a thread, and somebody who gives them."""

    def __init__(self, address: Address, base: str, said: list[str], memory: Path | None = None) -> None:
        self.address = address
        self.role = Role(base, "board", "live")
        self.switches = Switches(THINGS, VALUES, memory)
        self.said = said
        self.session = Session(
            address, self.role, commands=commands.subscriptions(self.role), say=said.append
        )
        self.commands = Commands(self.session, self.switches, said.append)
        person = Role(base, "person", "test")
        self.person = Session(
            address, person, subscriptions=[self.role.state("+"), f"{base}/answers"], say=said.append
        )
        self.heard: list[Message] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self.session.start()
        self.person.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        self.person.close()
        self.session.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            for session, take in ((self.session, self.commands.hear), (self.person, self.heard.append)):
                if isinstance(event := session.next(0.02), Message):
                    take(event)

    def set(self, thing: str, payload: bytes, *, retain: bool = False) -> None:
        self.person.send(Publication(self.role.set(thing), payload, retain=retain))

    def state(self, thing: str) -> bytes | None:
        told = [each.payload for each in self.heard if each.topic == self.role.state(thing)]
        return told[-1] if told else None


@pytest.fixture(params=["mqtt5", "mqtt311", "amqtt"])
def broker(request: pytest.FixtureRequest, address: Address) -> Iterator[Address]:
    if request.param == "amqtt":
        with EmbeddedBroker() as embedded:
            yield embedded.address
        return
    yield replace(address, mqtt5=request.param == "mqtt5")


def test_the_states_are_told_and_follow_whoever_sets_them(
    broker: Address, base: str, said: list[str]
) -> None:
    with House(broker, base, said) as house:
        told = {"colour": b"auto", "live": b"on", "quality": b"85", "saturation": b"1"}
        wait_until(lambda: {thing: house.state(thing) for thing in told} == told)
        house.set("colour", b"always")
        wait_until(lambda: house.state("colour") == b"always")
        assert house.switches.value("colour") == "always"
        house.set("live", b"OFF")
        wait_until(lambda: house.state("live") == b"off")
        house.switches.set("saturation", 1.25, by="page")
        wait_until(lambda: house.state("saturation") == b"1.25")
        assert house.state("snapshot") is None
    assert said == []


def test_states_are_there_for_who_comes_later(address: Address, base: str, said: list[str]) -> None:
    with House(address, base, said) as house:
        wait_until(lambda: house.state("live"))
        later = Role(base, "later", "test")
        with Session(address, later, subscriptions=[house.role.state("+")], say=print).start() as viewer:
            first: Any = viewer.next(5)
            assert first.retained


def test_a_button_is_pressed_each_time(broker: Address, base: str, said: list[str]) -> None:
    pressed: list[str] = []
    with House(broker, base, said) as house:
        house.switches.on_change(lambda name, _value: pressed.append(name))
        house.set("snapshot", b"PRESS")
        house.set("snapshot", b"")
        wait_until(lambda: pressed == ["snapshot", "snapshot"])


@pytest.mark.parametrize(
    ("thing", "payload", "reason"),
    [
        ("colour", b"purple", "it takes auto, always, never"),
        ("quality", b"101", "it takes 1 to 100"),
        ("quality", b"nan", "it takes 1 to 100"),
        ("live", b"", "it takes on, off"),
        ("saturation", b"\xff\xfe", "no text"),
        ("saturation", b"1" * 100_000, "too long"),
        ("saturation", b"1" * 300, "a command of 300 bytes is too long"),
        ("nothing", b"on", "is nothing that can be set"),
        ("ü\x01\n", b"on", "is nothing that can be set"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_reason(
    address: Address, base: str, thing: str, payload: bytes, reason: str
) -> None:
    said: list[str] = []
    with House(address, base, said) as house:
        house.commands.hear(Message(house.role.set(thing), payload, retained=False))
        assert house.switches.values() == VALUES
        (line,) = said
        assert line.startswith("refused over MQTT: ")
        assert reason in line
        assert "\n" not in line


def test_a_flood_of_nonsense_says_one_line(address: Address, base: str, said: list[str]) -> None:
    with House(address, base, said) as house:
        for number in range(500):
            house.commands.hear(Message(house.role.set(f"thing{number}"), b"x", retained=False))
        assert len(said) == 1


@given(st.text(max_size=300), st.binary(max_size=400), st.text(max_size=300))
def test_no_command_is_too_strange(thing: str, payload: bytes, answer: str) -> None:
    stand_in = Line()
    said: list[str] = []
    line: Any = stand_in
    table = Switches(THINGS, VALUES, None)
    Commands(line, table, said.append).hear(
        Message(f"b/board/live/set/{thing}", payload, retained=False, reply=Reply(answer, payload))
    )
    for publication in stand_in.sent:
        assert publication.topic == answer
        assert publication.qos == 0


class Line:
    role = Role("b", "board", "live")
    failed = False
    queued = 0

    def __init__(self) -> None:
        self.sent: list[Publication] = []
        self.held: list[str] = []

    def hold(self, topic: str, _payload: bytes) -> None:
        self.held.append(topic)

    def send(self, publication: Publication) -> bool:
        self.sent.append(publication)
        return True


def test_who_asks_is_answered(address: Address, base: str, said: list[str]) -> None:
    answers: list[tuple[Any, Any]] = []
    with House(address, base, said) as house:
        answered = Answered(address.port, f"{base}/client/answers", answers)
        with answered:
            answered.ask(house.role.set("colour"), b"never", b"one")
            answered.ask(house.role.set("colour"), b"purple", b"two")
            answered.ask(house.role.set("snapshot"), b"", b"three")
            wait_until(lambda: len(answers) == 3)
    (one, first), (two, second), (three, third) = answers
    assert (one, two, three) == (b"one", b"two", b"three")
    assert first == {"thing": "colour", "value": "never"}
    assert second["thing"] == "colour"
    assert "it takes auto, always, never" in second["refused"]
    assert third == {"thing": "snapshot", "value": None}


class Answered:
    """A client of MQTT 5 as others write them."""

    def __init__(self, port: int, topic: str, answers: list[tuple[Any, Any]]) -> None:
        self._topic = topic
        self._port = port
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe(topic)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: answers.append(
            (message.properties.CorrelationData, json.loads(message.payload))
        )

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def ask(self, topic: str, payload: bytes, correlation: bytes) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = self._topic
        properties.CorrelationData = correlation
        self._client.publish(topic, payload, 1, properties=properties)


@pytest.mark.parametrize(
    "topic",
    [
        "b/board/live/set/colour",
        "b/other/live/set/colour",
        "b/board/live/state/colour",
        "b/board/live/frame",
        "b/board/live/availability",
        "homeassistant/device/board/config",
        "$SYS/broker",
        "some/+/where",
        "some/#",
        "x" * 300,
        "",
    ],
)
def test_no_answer_goes_where_it_would_be_taken_for_something_else(topic: str) -> None:
    stand_in = Line()
    line: Any = stand_in
    table = Switches(THINGS, VALUES, None)
    Commands(line, table, print).hear(
        Message("b/board/live/set/colour", b"never", retained=False, reply=Reply(topic, b""))
    )
    assert table.value("colour") == "never"
    assert stand_in.sent == []


@pytest.mark.parametrize("mqtt5", [True, False])
def test_a_retained_command_is_ignored_with_one_warning(
    address: Address, base: str, said: list[str], *, mqtt5: bool
) -> None:
    role = Role(base, "board", "live")
    for thing, payload in (("colour", "never"), ("live", "off")):
        publish.single(role.set(thing), payload, 1, retain=True, hostname=address.host, port=address.port)
    with House(replace(address, mqtt5=mqtt5), base, said) as house:
        house.set("quality", b"50", retain=mqtt5)  # MQTT 3.1.1 tells of this no more than the payload
        house.set("saturation", b"2")
        wait_until(lambda: house.state("saturation") == b"2")
        assert house.switches.value("colour") == "auto"
        assert house.switches.value("live") is True
        assert house.switches.value("quality") == 85 if mqtt5 else 50
        (line,) = said
        assert "retained command is ignored" in line
    for thing in ("colour", "live", "quality"):
        publish.single(role.set(thing), "", 1, retain=True, hostname=address.host, port=address.port)


def test_what_fails_behind_a_switch_is_an_answer_too(address: Address, base: str, said: list[str]) -> None:
    def fail(_name: str, _value: object) -> None:
        raise TintcastError("no such network", where="zhang16")

    with House(address, base, said) as house:
        house.switches.on_change(fail)
        house.commands.hear(Message(house.role.set("colour"), b"never", retained=False))
        assert said == ["refused over MQTT: zhang16: no such network"]


@given(st.booleans() | st.floats(0, 100).map(lambda value: round(value, 3)) | st.sampled_from(["auto"]))
def test_a_state_can_be_set_again(value: bool | float | str) -> None:  # noqa: FBT001 - a value
    name = {bool: "live", float: "quality", str: "colour"}[type(value)]
    (thing,) = (thing for thing in THINGS if thing.name == name)
    if isinstance(value, float) and value < 1:
        return
    parsed = thing.parse(value)
    assert thing.parse(as_text(parsed)) == parsed
