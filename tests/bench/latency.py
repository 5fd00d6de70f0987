"""From the camera's shutter to a receiver of its frames over a real broker on the same host.

    python -m tests.bench.latency [--size 1920x1080] [--rate 30] [--seconds 20] [--network compact]

``tintcast live pattern --mqtt``, a mosquitto and the receiver are processes of their own. The time of capture
is in each frame's facts; the receiver notes when the whole JPEG has arrived. Needs mosquitto.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from device.media.facts import read_facts
from device.mqtt.address import Address
from device.mqtt.inbox import Message
from device.mqtt.session import Session
from device.mqtt.topics import Role
from tests.bench.arrivals import PATIENCE_S, WARM_UP_S, Arrivals, Waits, Watcher
from tests.bench.machine import describe, verdict
from tests.brokers import Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_MS = 60
_BASE, _DEVICE, _ROLE = "bench", "board", "live"


def receiver(address: Address, seconds: float, warm_up_s: float = WARM_UP_S) -> Watcher:
    """A receiver of the live frames in a process of its own."""
    words = (
        "--receive",
        Role(_BASE, _DEVICE, _ROLE).frame,
        "--host",
        address.host,
        "--port",
        str(address.port),
    )
    return Watcher("tests.bench.latency", *words, seconds=seconds, warm_up_s=warm_up_s)


def receive(address: Address, topic: str, seconds: float, warm_up_s: float) -> Arrivals:
    """Be a receiver: of what arrives on ``topic`` after ``warm_up_s`` from its first frame."""
    waits = Waits()
    with Session(
        address, Role(_BASE, "receiver", "bench"), subscriptions=[topic], say=_tell
    ).start() as session:
        begins = 0.0
        give_up = time.monotonic() + PATIENCE_S
        while not begins or time.monotonic() < begins + seconds:
            event = session.next(0.5)
            now_ns, now = time.time_ns(), time.monotonic()
            if not begins and now > give_up:
                raise SystemExit(f"nothing arrives on {topic}")
            if not isinstance(event, Message):
                continue
            begins = begins or now + warm_up_s
            if now >= begins:
                waits.note(read_facts(event.payload), len(event.payload), now_ns, now)
    return waits.arrivals()


@contextmanager
def live(address: Address, folder: Path, *words: str, rate: int) -> Iterator[subprocess.Popen[bytes]]:
    """``tintcast live pattern --mqtt`` for a block, which remembers nothing."""
    variables = os.environ | {"XDG_STATE_HOME": str(folder), "TINTCAST_LIVE_MQTT_RATE": str(rate)}
    command = [sys.executable, "-m", "device.cli", "live", "pattern", "--mqtt", *words]
    command += ["--broker", f"{address.host}:{address.port}", "--base", _BASE, "--device", _DEVICE]
    command += ["--name", _ROLE, "--rate", str(rate)]
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        finally:
            process.kill()


def main() -> None:
    """Measure and print, or be the receiver."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rate", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--network", default="compact")
    for hidden in ("--receive", "--host", "--port", "--warm-up"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        address = Address(options.host, int(options.port))
        found = receive(address, options.receive, options.seconds, float(options.warm_up))
        print(json.dumps(asdict(found)))
        return
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder))
        broker.start()
        try:
            words = ("--size", options.size, "--network", options.network, "--no-page")
            with live(broker.address, Path(folder), *words, rate=options.rate):
                arrivals = receiver(broker.address, options.seconds).arrivals()
        finally:
            broker.stop()
    print(f"{options.size} at {options.rate}/s, network {options.network}: {arrivals}")
    print(f"p95 {arrivals.p95_ms:.1f} ms, target under {LIMIT_MS} ms: {verdict(arrivals.p95_ms < LIMIT_MS)}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
