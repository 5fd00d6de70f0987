"""A night over MQTT at a real broker: what is told, what may be asked, and that no trouble holds it up."""

from __future__ import annotations

import json
import os
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import pytest
from brokers import Mosquitto, free_port, wait_until
from nights import record

from device.config import load_config
from device.errors import ConfigurationError
from device.jobs.batch.mqtt import NightMqtt
from device.jobs.batch.naming import job_level
from device.jobs.batch.records import Outcome
from device.jobs.batch.status import Night
from device.jobs.film import Progress
from device.mqtt.inbox import Message
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.config import MqttSettings

FILM = "reel 1/grandma.mp4"
JOB = f"job/{job_level(FILM)}/state"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def base() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def said() -> list[str]:
    return []


class Person:
    """Somebody at the broker: hears everything of the night, and commands."""

    def __init__(self, broker: Mosquitto, base: str) -> None:
        self.role = Role(base, "board", "night")
        person = Role(base, uuid.uuid4().hex, "test")
        self.session = Session(broker.address, person, subscriptions=[f"{self.role.prefix}/#"], say=print)
        self.newest: dict[str, bytes] = {}
        self.kept: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes]] = []

    def __enter__(self) -> Self:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def set(self, thing: str, value: str = "", *, retain: bool = False) -> None:
        self.session.send(Publication(self.role.set(thing), value.encode(), retain=retain))

    def hear(self, leaf: str) -> bytes | None:
        while isinstance(event := self.session.next(0.001), Message):
            name = event.topic.removeprefix(f"{self.role.prefix}/")
            self.newest[name] = event.payload
            self.all.append((name, event.payload))
        return self.newest.get(leaf)

    def told(self, leaf: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.hear(leaf) or b"{}")
        return told


def retained(broker: Mosquitto, base: str) -> dict[str, bytes]:
    """What somebody who comes now is told."""
    with Person(broker, base) as late:
        wait_until(lambda: late.hear("availability") is not None)
        time.sleep(0.2)
        late.hear("")
        return {name: payload for name, payload in late.newest.items() if payload}


def settings(port: int, base: str) -> MqttSettings:
    mqtt = {"host": "127.0.0.1", "port": port, "base": base, "device": "board"}
    return load_config(overrides={"mqtt": mqtt}).mqtt


def at_work(night: Night, file: str = FILM, done: int = 100, **others: Any) -> None:
    progress = Progress("colour", done, 5000, 23.4, 31.0)
    night.change(state="working", reason="", file=file, progress=progress, left=3, **others)


@contextmanager
def over_mqtt(night: Night, port: int, base: str, out: Path, said: list[str]) -> Iterator[NightMqtt]:
    with NightMqtt(night, settings(port, base), out, say=said.append) as mqtt:
        yield mqtt


def test_a_night_is_told_while_it_lasts_and_its_jobs_while_they_live(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    night = Night()
    with Person(broker, base) as person, over_mqtt(night, broker.port, base, tmp_path, said):
        at_work(night, film_seconds_left=209.4, night_seconds_left=5000.0)
        wait_until(lambda: person.told("progress").get("frames") == 100)
        progress = person.told("progress")
        assert progress["file"] == FILM
        assert f"job/{progress['job']}/state" == JOB
        assert (progress["total"], progress["fps"], progress["seconds_left"]) == (5000, 23.4, 209)
        assert progress["left"] == 3
        wait_until(lambda: person.told(JOB).get("outcome", 0) is None)
        assert {"availability", "progress", JOB, "state/pause"} <= retained(broker, base).keys()
        wait_until(lambda: person.told("telemetry"))
        assert {"temperature_c", "throttled", "free_gb", "fps", "state"} <= person.told("telemetry").keys()
        night.change(records=(record(FILM, reason=""),), file="b.mp4", progress=Progress("opening"))
        wait_until(lambda: person.told(JOB).get("outcome") == "done")
        assert JOB not in retained(broker, base)
        failed = record("b.mp4", Outcome.FAILED, reason="not a film")
        night.change(records=(*night.status().records, failed), file=None, progress=None, failed=1)
        wait_until(lambda: person.told(f"job/{job_level('b.mp4')}/state").get("reason") == "not a film")
        night.change(state="finished")
    left = retained(broker, base)
    assert left.keys() == {"availability", "progress", "state/pause"}
    assert left["availability"] == b"offline"
    assert json.loads(left["progress"])["state"] == "finished"
    assert said == []


def test_a_film_that_goes_on_says_so_every_few_seconds_only(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    night, began = Night(), time.monotonic()
    with Person(broker, base) as person, over_mqtt(night, broker.port, base, tmp_path, said):
        for done in range(100):
            at_work(night, done=done)
            time.sleep(0.02)
        night.change(state="paused", reason="81 degrees")
        wait_until(lambda: person.told("progress").get("state") == "paused")
        assert person.told("progress")["reason"] == "81 degrees"
        most = 4 + (time.monotonic() - began) / 5
        assert [name for name, _ in person.all].count("progress") <= most
        assert [name for name, _ in person.all].count(JOB) <= most


def test_a_night_can_be_held_and_failures_tried_again(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    night = Night()
    with Person(broker, base) as person, over_mqtt(night, broker.port, base, tmp_path, said):
        wait_until(lambda: person.hear("state/pause") == b"off")
        person.set("pause", "on")
        wait_until(lambda: night.paused_by == "MQTT" and person.hear("state/pause") == b"on")
        person.set("resume")
        wait_until(lambda: night.paused_by is None and person.hear("state/pause") == b"off")
        person.set("retry")
        wait_until(lambda: night.take_retry() == "MQTT")
        night.pause("somebody else")
        wait_until(lambda: person.hear("state/pause") == b"on")
        assert night.paused_by == "somebody else"
        person.set("pause", "off")
        wait_until(lambda: night.paused_by is None)


def test_what_is_no_command_is_refused_with_a_word(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    night = Night()
    with Person(broker, base) as person:
        person.set("pause", "on", retain=True)
        with over_mqtt(night, broker.port, base, tmp_path, said):
            wait_until(lambda: person.hear("availability") == b"online")
            person.set("pause", "on", retain=True)
            person.set("pause", "perhaps")
            person.session.send(Publication(person.role.set("pause"), b"\xff" * 400))
            person.set("colour", "never")
            wait_until(lambda: len(said) == 2)
            assert night.paused_by is None
            person.set("pause", "on")
            wait_until(lambda: night.paused_by == "MQTT")
        person.set("pause", "", retain=True)
    assert any("retained" in line for line in said)
    assert any("perhaps" in line for line in said)


def test_what_a_night_before_left_of_its_jobs_is_cleared(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    with Person(broker, base) as person:
        topic = person.role.job("other-12345678").state
        person.session.send(Publication(topic, b'{"file": "other.mp4"}', retain=True))
        wait_until(lambda: person.hear("job/other-12345678/state"))
        night = Night()
        at_work(night)
        with over_mqtt(night, broker.port, base, tmp_path, said):
            wait_until(lambda: person.hear("job/other-12345678/state") == b"")
            wait_until(lambda: person.told(JOB).get("frames") == 100)
            assert "job/other-12345678/state" not in retained(broker, base)


def test_names_that_are_no_text_are_told_as_json(
    broker: Mosquitto, base: str, tmp_path: Path, said: list[str]
) -> None:
    night = Night()
    with Person(broker, base) as person, over_mqtt(night, broker.port, base, tmp_path, said):
        at_work(night, os.fsdecode(b"\xff+#/\n$SYS.mp4"))
        wait_until(lambda: person.told("progress").get("file") == "\N{REPLACEMENT CHARACTER}+#/ $SYS.mp4")
        wait_until(lambda: person.told(f"job/{person.told('progress')['job']}/state"))
    assert said == []


def test_a_broker_that_is_away_holds_nothing_up_and_is_told_all_when_it_comes(
    base: str, tmp_path: Path, said: list[str]
) -> None:
    late = Mosquitto(tmp_path, port=free_port())
    night = Night()
    began = time.monotonic()
    with over_mqtt(night, late.port, base, tmp_path, said):
        at_work(night)
        assert time.monotonic() - began < 10
        wait_until(lambda: any("trying again" in line for line in said))
        late.start()
        try:
            with Person(late, base) as person:
                wait_until(lambda: person.told("progress").get("frames") == 100, 20)
                late.kill()
                wait_until(lambda: any("is gone" in line for line in said))
                at_work(night, done=200)
            late.start()
            with Person(late, base) as person:
                wait_until(lambda: person.told("progress").get("frames") == 200, 20)
                wait_until(lambda: "the broker is back" in said)
            late.kill()
            began = time.monotonic()
        finally:
            late.stop()
    assert time.monotonic() - began < 10
    assert night.status().progress is not None


def test_a_password_that_cant_be_read_is_said_before_the_night(tmp_path: Path) -> None:
    mqtt = {"password_file": str(tmp_path / "none"), "user": "night"}
    with pytest.raises(ConfigurationError, match="password"):
        NightMqtt(Night(), load_config(overrides={"mqtt": mqtt}).mqtt, tmp_path, say=print)
