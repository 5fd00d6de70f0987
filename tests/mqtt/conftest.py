"""A real mosquitto for every test that wants one. Missing it is a failure."""

from __future__ import annotations

import itertools
import shutil
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.media.facts import Facts
from device.media.jpeg import encode_jpeg
from device.mqtt.address import Address
from device.mqtt.messages import Head
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SBIN = "/usr/local/sbin:/usr/sbin"


def mosquitto_program() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN)
    assert found, "mosquitto is missing: apt-get install mosquitto"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """One broker on a port of its own, which can be killed and started again."""

    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port)

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "set_tcp_nodelay true", *self.settings]
        if not any(line.startswith(("allow_anonymous", "password_file")) for line in self.settings):
            lines.append("allow_anonymous true")
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([mosquitto_program(), "-v", "-c", str(config)], stdout=log, stderr=log)
        deadline = time.monotonic() + 5
        while True:
            assert self.process.poll() is None, (self.folder / "mosquitto.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)


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


def wait_until(condition: Callable[[], object], deadline_s: float = 10.0) -> None:
    """Wait for ``condition``, with a deadline that fails the test."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def make_jpegs(job: str, count: int, *, width: int = 64, height: int = 48, device: str = "board") -> list[bytes]:
    """The frames of a small film, each different, with their facts."""
    noise = np.random.default_rng(count)
    chroma = np.full((height // 2, width // 2), 90, np.uint8)
    return [
        encode_jpeg(
            noise.integers(0, 256, (height, width), dtype=np.uint8),
            chroma,
            chroma,
            85,
            Facts(
                width=width,
                height=height,
                sequence=number,
                pts=number * 1001,
                time_base=Fraction(1, 24000),
                network="compact",
                device=device,
                job=job,
                last=number == count - 1,
            ),
        )
        for number in range(count)
    ]


def make_head(*, width: int = 64, height: int = 48, **others: object) -> Head:
    return Head("film", width, height, Fraction(1, 24000), **others)  # type: ignore[arg-type]


job_names = (f"film-{number}" for number in itertools.count())
