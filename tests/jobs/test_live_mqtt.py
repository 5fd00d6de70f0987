"""A whole live job with its MQTT side at a real broker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import pytest
from brokers import Mosquitto, wait_until
from live import TINY, FakeCamera, Painter, Running, configured

from device.errors import SourceLost
from device.media.facts import read_facts
from device.mqtt.inbox import Message
from device.mqtt.publication import Publication
from device.mqtt.sender import live_session
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.sinks.mqtt import MqttLive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.config import Config


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def base() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


class Person:
    """Somebody at the broker: hears what it wants to, and commands."""

    def __init__(self, broker: Mosquitto, base: str, *leaves: str) -> None:
        self.role = Role(base, "board", "live")
        person = Role(base, "person", "test")
        topics = [f"{self.role.prefix}/{leaf}" for leaf in leaves]
        self.session = Session(broker.address, person, subscriptions=topics, say=print)
        self.newest: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def set(self, thing: str, value: str) -> None:
        self.session.send(Publication(self.role.set(thing), value.encode()))

    def hear(self, leaf: str) -> bytes | None:
        """The newest payload on that topic, once it was taken from what waits."""
        while isinstance(event := self.session.next(0.001), Message):
            self.newest[event.topic.removeprefix(f"{self.role.prefix}/")] = event.payload
        return self.newest.get(leaf)

    def telemetry(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.hear("telemetry") or b"{}")
        return told


def settings(broker: Mosquitto, base: str, **live: object) -> Config:
    return configured(
        mqtt={"host": "127.0.0.1", "port": broker.port, "base": base, "device": "board"},
        live={"idle_seconds": 0.2, "snapshot_seconds": 0} | live,
        colour={"when": "always"},
    )


@contextmanager
def over_mqtt(run: Running, config: Config) -> Iterator[None]:
    with live_session(config.mqtt, config.live.name, run.said.append).begin() as session:
        mqtt = MqttLive(session, run.desk, config.live, stop=run.job.stop, say=run.said.append)
        mqtt.start(run.job.workers)
        with run:
            yield


def test_a_subscriber_wakes_it_within_five_seconds_and_lets_it_rest(broker: Mosquitto, base: str) -> None:
    network, config = Painter(), settings(broker, base)
    with over_mqtt(run := Running(lambda: FakeCamera(rate=30), config, network=network), config):
        wait_until(lambda: run.desk.figures()["state"] == "resting" and network.asked)
        asked, began = network.asked, time.monotonic()
        time.sleep(4.5)
        assert network.asked - asked <= 2 + (time.monotonic() - began) / 4  # a snapshot, and who asks
        began = time.monotonic()
        with Person(broker, base, "frame") as person:
            wait_until(lambda: person.hear("frame"))
            wait_until(lambda: run.desk.figures()["state"] == "live")
            assert time.monotonic() - began < 7  # 5, and what a busy machine takes
            first = read_facts(person.newest["frame"]).sequence
            wait_until(lambda: read_facts(person.hear("frame") or b"").sequence > first + 10)
        wait_until(lambda: run.desk.figures()["state"] == "resting")


def test_a_camera_that_goes_is_seen_in_telemetry_and_one_that_is_off_in_no_snapshot(
    broker: Mosquitto, base: str, tmp_path: Path
) -> None:
    there = True

    def script(_index: int) -> None:
        if not there:
            raise SourceLost("the cable is out")

    def opener() -> FakeCamera:
        script(0)
        return FakeCamera(script, rate=30)

    config = settings(broker, base)
    with (
        Person(broker, base, "telemetry", "snapshot", "state/+") as person,
        over_mqtt(run := Running(opener, config, network=Painter(), folder=tmp_path), config),
    ):
        wait_until(lambda: person.hear("snapshot"))
        wait_until(lambda: person.telemetry().get("state") in {"live", "resting"})
        there = False
        wait_until(lambda: "the cable is out" in str(person.telemetry()["state"]))
        there = True
        wait_until(lambda: person.telemetry()["state"] in {"live", "resting"})
        person.set("live", "off")
        wait_until(lambda: person.hear("state/live") == b"off" and person.hear("snapshot") == b"")
        wait_until(lambda: person.telemetry()["state"] == "off")
    with (
        Person(broker, base, "snapshot", "telemetry", "state/live") as person,
        over_mqtt(Running(opener, config, network=Painter(), folder=tmp_path), config),
    ):
        wait_until(lambda: person.telemetry().get("state") == "off")
        assert not person.hear("snapshot")
        person.set("live", "on")
        wait_until(lambda: person.hear("snapshot"))
    assert run.error is None


def test_the_command_with_a_broker(broker: Mosquitto, base: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "device.cli", "live", "pattern", "--size", "128x96", "--mqtt"]
    command += ["--no-page", "--network", str(TINY), "--base", base, "--device", "board"]
    command += ["--broker", f"127.0.0.1:{broker.port}"]
    variables = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    with Person(broker, base, "frame", "availability", "state/saturation", "telemetry") as person:
        process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: person.hear("frame"), 60)
            assert person.hear("availability") == b"online"
            person.set("saturation", "1.5")
            wait_until(lambda: person.hear("state/saturation") == b"1.5")
            wait_until(lambda: person.telemetry().get("state") == "live")
            figures = person.telemetry()
            assert {"fps", "network_ms", "chroma_age_ms", "drops", "queue", "temperature_c"} <= figures.keys()
            assert {"throttled", "free_gb", "own_colour", "network", "viewers"} <= figures.keys()
            process.terminate()
            assert process.wait(20) in {0, 130}
            wait_until(lambda: person.hear("availability") == b"offline")
        finally:
            process.kill()
            process.communicate()
