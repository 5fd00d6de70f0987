"""A session that no trouble with its broker ends; and what a broker tells of subscribers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from brokers import Mosquitto, wait_until

from device.errors import ConfigurationError
from device.mqtt import dialler
from device.mqtt.inbox import Down, Event, Taken, Up
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.mqtt.address import Address


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is tried again soon."""
    monkeypatch.setattr(dialler, "_REFUSED_S", 0.3)


def event_of(session: Session, kind: type[Event]) -> Event:
    """The next event of that kind."""
    found: list[Event] = []

    def come() -> bool:
        event = session.next(0.2)
        found.extend([event] if isinstance(event, kind) else [])
        return bool(found)

    wait_until(come)
    return found[0]


def test_a_refusal_is_borne_and_said_once(
    start_mosquitto: Callable[..., Mosquitto], sender: Role, said: list[str]
) -> None:
    broker = start_mosquitto("allow_anonymous false")
    with Session(broker.address, sender, patience_s=None, say=said.append).begin() as session:
        wait_until(lambda: said)
        log = broker.folder / "mosquitto.log"
        before = log.read_text().count("New connection")
        wait_until(lambda: log.read_text().count("New connection") >= before + 2)
        (line,) = said
        assert line.endswith("trying again")
        broker.stop()
        broker.settings = ()
        broker.start()
        event_of(session, Up)
        assert session.connected
        assert len(said) <= 2  # that it was away, perhaps


def test_a_refused_publication_is_borne(
    start_mosquitto: Callable[..., Mosquitto], sender: Role, said: list[str], tmp_path: Path
) -> None:
    rights = tmp_path / "rights"
    rights.write_text(f"topic readwrite {sender.availability}\n")
    broker = start_mosquitto(f"acl_file {rights}")
    with Session(broker.address, sender, patience_s=None, say=said.append).begin() as session:
        event_of(session, Up)
        session.send(Publication(sender.frame, b"x"))
        event_of(session, Down)
        event_of(session, Up)
        assert any("not authorized" in line for line in said)


def test_two_of_one_name_are_noticed_and_both_go_on(address: Address, sender: Role) -> None:
    heard: list[str] = []
    with Session(address, sender, patience_s=None, say=heard.append).begin() as first:
        event_of(first, Up)
        with Session(address, sender, patience_s=None, say=heard.append).begin() as second:
            event_of(second, Up)
            event_of(first, Down)
            wait_until(lambda: any("(--device, --name)" in line for line in heard))
            event_of(first, Up)


def test_a_mistake_in_the_configuration_is_not_borne(address: Address, sender: Role, tmp_path: Path) -> None:
    lost = replace(address, user="me", password_file=tmp_path / "nothing")
    with (
        Session(lost, sender, patience_s=None, say=print).begin() as session,
        pytest.raises(ConfigurationError, match="can't read the password"),
    ):
        event_of(session, Up)


@pytest.mark.parametrize("mqtt5", [True, False])
def test_a_publication_that_asks_is_told_who_is_there(address: Address, sender: Role, *, mqtt5: bool) -> None:
    asking = Publication(sender.frame, b"jpeg", qos=1, asks=True)
    viewer = Role(sender.base, "viewer", "test")
    with Session(replace(address, mqtt5=mqtt5), sender, say=print).start() as session:
        session.show(asking)
        assert event_of(session, Taken) == Taken(sender.frame, matched=not mqtt5)
        with Session(address, viewer, subscriptions=[f"{sender.base}/+/+/frame"], say=print).start():
            session.show(asking)
            assert event_of(session, Taken) == Taken(sender.frame, matched=True)


def test_what_is_too_large_to_ask_is_no_end(
    start_mosquitto: Callable[..., Mosquitto], sender: Role, said: list[str]
) -> None:
    broker = start_mosquitto("max_packet_size 2000")
    with Session(broker.address, sender, say=said.append).start() as session:
        session.show(Publication(sender.frame, bytes(10_000), qos=1, asks=True))
        wait_until(lambda: session.queued == 0)
        session.show(Publication(sender.frame, b"small", qos=1, asks=True))
        assert event_of(session, Taken) == Taken(sender.frame, matched=False)
        assert said == []


def test_what_we_say_ourselves_is_no_command(address: Address, sender: Role) -> None:
    other = Role(sender.base, "person", "test")
    with (
        Session(address, sender, commands=[sender.set("+")], say=print).start() as session,
        Session(address, other, say=print).start() as person,
    ):
        session.send(Publication(sender.set("live"), b"off"))
        session.settle(5)
        person.send(Publication(sender.set("colour"), b"never"))
        message = session.next(5)
        assert message is not None
        assert getattr(message, "topic", "") == sender.set("colour")
