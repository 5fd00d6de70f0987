"""Brokers for the tests of this room. Missing mosquitto is a failure."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from brokers import Authority, Mosquitto

from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.mqtt.address import Address


@pytest.fixture
def start_mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start a broker with the given lines of configuration."""
    started: list[Mosquitto] = []

    def start(*settings: str) -> Mosquitto:
        folder = tmp_path / f"broker-{len(started)}"
        folder.mkdir()
        broker = Mosquitto(folder, settings)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture(scope="session")
def shared_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def address(shared_mosquitto: Mosquitto) -> Address:
    """A broker that speaks MQTT 5, shared by tests that don't harm it."""
    return shared_mosquitto.address


@pytest.fixture
def base() -> str:
    """A first topic level of the test's own."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def sender(base: str) -> Role:
    return Role(base, "board", "publish")


@pytest.fixture
def said() -> list[str]:
    """Lines that were said to people."""
    return []


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "authority")
