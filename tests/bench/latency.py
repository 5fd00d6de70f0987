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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device.media.facts import read_facts
from device.mqtt.address import Address
from device.mqtt.inbox import Message
from device.mqtt.session import Session
from device.mqtt.topics import Role
from tests.bench.machine import describe, verdict
from tests.brokers import Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_MS = 60
#: The first frames don't count: the network's first runs are slow, and the camera starts while they run.
WARM_UP_S = 3.0
_PATIENCE_S = 60.0
_BASE, _DEVICE, _ROLE = "bench", "board", "live"


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a receiver saw: frames, their rate; milliseconds from capture to arrival, and of chroma age."""

    frames: int
    rate: float
    p50_ms: float
    p95_ms: float
    most_ms: float
    chroma_age_p95_ms: float
    mean_kb: float

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.frames} frames of {self.mean_kb:.0f} kB, {self.rate:.1f}/s; capture to receiver p50 "
            f"{self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms, at most {self.most_ms:.1f} ms; "
            f"chroma age p95 {self.chroma_age_p95_ms:.1f} ms"
        )


class Receiver:
    """A receiver in a process of its own, which counts for ``seconds`` after its warm-up."""

    def __init__(self, address: Address, topic: str, seconds: float, warm_up_s: float = WARM_UP_S) -> None:
        words = ["--receive", topic, "--host", address.host, "--port", str(address.port)]
        words += ["--seconds", str(seconds), "--warm-up", str(warm_up_s)]
        self._deadline_s = seconds + warm_up_s + _PATIENCE_S
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__ if __name__ != "__main__" else "tests.bench.latency", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )

    def arrivals(self) -> Arrivals:
        """Wait for its end."""
        try:
            told, _ = self._process.communicate(timeout=self._deadline_s)
        finally:
            self._process.kill()
        return Arrivals(**json.loads(told))


def receive(address: Address, topic: str, seconds: float, warm_up_s: float) -> Arrivals:
    """Be a receiver: of what arrives on ``topic`` after ``warm_up_s`` from its first frame."""
    waits: list[float] = []
    ages: list[float] = []
    size = 0
    with Session(
        address, Role(_BASE, "receiver", "bench"), subscriptions=[topic], say=_tell
    ).start() as session:
        begins = first = last = 0.0
        give_up = time.monotonic() + _PATIENCE_S
        while not begins or time.monotonic() < begins + seconds:
            event = session.next(0.5)
            now_ns, now = time.time_ns(), time.monotonic()
            if not begins and now > give_up:
                raise SystemExit(f"nothing arrives on {topic}")
            if not isinstance(event, Message):
                continue
            begins = begins or now + warm_up_s
            if now < begins:
                continue
            facts = read_facts(event.payload)
            if facts.captured_ns is None:
                raise SystemExit("a frame does not say when it was captured")
            waits.append((now_ns - facts.captured_ns) / 1e6)
            ages.append(facts.chroma_age_ns / 1e6)
            size += len(event.payload)
            first, last = first or now, now
    waits.sort()
    ages.sort()
    return Arrivals(
        len(waits),
        (len(waits) - 1) / max(last - first, 1e-3),
        *(waits[int(share * (len(waits) - 1))] for share in (0.5, 0.95, 1.0)),
        ages[int(0.95 * (len(ages) - 1))],
        size / len(waits) / 1000,
    )


@contextmanager
def live(address: Address, folder: Path, *words: str, rate: int) -> Iterator[subprocess.Popen[bytes]]:
    """``tintcast live pattern --mqtt`` for a block, which remembers nothing."""
    variables = os.environ | {"XDG_STATE_HOME": str(folder), "TINTCAST_LIVE_MQTT_RATE": str(rate)}
    command = [sys.executable, "-m", "device.cli", "live", "pattern", "--mqtt", "--no-page", *words]
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
            words = ("--size", options.size, "--network", options.network)
            with live(broker.address, Path(folder), *words, rate=options.rate):
                topic = Role(_BASE, _DEVICE, _ROLE).frame
                arrivals = Receiver(broker.address, topic, options.seconds).arrivals()
        finally:
            broker.stop()
    print(f"{options.size} at {options.rate}/s, network {options.network}: {arrivals}")
    print(f"p95 {arrivals.p95_ms:.1f} ms, target under {LIMIT_MS} ms: {verdict(arrivals.p95_ms < LIMIT_MS)}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
