"""What live must reach: a photograph, panned, with grain, to a viewer of the page and over a real broker.

    python -m tests.bench.live [--size 1920x1080] [--seconds 20] [--minutes 10] [--network compact]

``tintcast live pattern``, mosquitto, the viewer and the receiver are processes of their own, all on two cores
of this machine. First as fast as it goes, then at 30 frames a second: how long a frame is on its way, what is
used while nobody looks, and whether memory stays where it is for so many minutes (0: not measured).
"""

from __future__ import annotations

import argparse
import os
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Self

from tests.bench.arrivals import PATIENCE_S
from tests.bench.latency import LIMIT_MS, live, receiver
from tests.bench.machine import describe, has_dot_products, verdict
from tests.bench.memory import anonymous_mb, pss_mb, tree
from tests.bench.viewer import viewer
from tests.brokers import Mosquitto, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.arrivals import Arrivals

QUALITY = 85
RATE, RATE_WITHOUT_DOT_PRODUCTS = 60, 45
CHROMA_AGE_MS = 50
IDLE_SHARE = 0.05
GROWTH_MB, PEAK_MB = 10, 250
#: For everything together, viewer, broker and receiver too.
_CORES = 2
#: More than is to be reached, as a fast camera: what can not be done is let go.
_ASKED = 100
_CAMERA = 30
#: From the last viewer's going to measuring: 10 s until all rests, and some to come to rest.
_UNTIL_IDLE_S = 16.0
_SAMPLE_S = 2.0
#: Memory is compared from here on: buffers, threads and caches have come to their size.
_SETTLED_S = 30.0


def cpu_seconds(process: int) -> float:
    """Time that a process and those below it have used, on all cores."""
    ticks = 0
    for each in tree(process):
        fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Bench:
    """One broker, and the size and network that are measured."""

    def __init__(self, folder: Path, size: str, network: str) -> None:
        self._folder, self._size, self._network = folder, size, network
        self._broker = Mosquitto(folder)
        self._port = free_port()
        self.process = 0

    def __enter__(self) -> Self:
        self._broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._broker.stop()

    def live(self, stack: ExitStack, rate: int) -> None:
        """Start ``tintcast live`` at ``rate``, until the end of ``stack``."""
        words = ("--size", self._size, "--network", self._network, "--port", str(self._port))
        self.process = stack.enter_context(live(self._broker.address, self._folder, *words, rate=rate)).pid
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def watched(self, seconds: float) -> tuple[Arrivals, Arrivals, float]:
        """What viewer and receiver see in so many seconds, and how many cores live uses for it."""
        watchers = (
            viewer(f"http://127.0.0.1:{self._port}/stream.mjpg", seconds),
            receiver(self._broker.address, seconds),
        )
        time.sleep(min(4.0, seconds / 2))
        used, began = cpu_seconds(self.process), time.monotonic()
        time.sleep(max(seconds / 2, 1))
        cores = (cpu_seconds(self.process) - used) / (time.monotonic() - began)
        seen, received = (watcher.arrivals() for watcher in watchers)
        return seen, received, cores

    def idle(self, seconds: float) -> float:
        """Cores that are used while nobody looks."""
        time.sleep(_UNTIL_IDLE_S)
        used, began = cpu_seconds(self.process), time.monotonic()
        time.sleep(seconds)
        return (cpu_seconds(self.process) - used) / (time.monotonic() - began)

    def memory(self, seconds: float) -> tuple[list[float], list[float]]:
        """What live has for itself, and its PSS, every other second while viewer and receiver look."""
        watchers = (
            viewer(f"http://127.0.0.1:{self._port}/stream.mjpg", seconds + _SETTLED_S),
            receiver(self._broker.address, seconds + _SETTLED_S),
        )
        time.sleep(_SETTLED_S)
        found = list(self._samples(seconds))
        for watcher in watchers:
            watcher.arrivals()
        own, whole = zip(*found, strict=True)
        return list(own), list(whole)

    def _samples(self, seconds: float) -> Iterator[tuple[float, float]]:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            processes = tree(self.process)
            yield sum(map(anonymous_mb, processes)), sum(map(pss_mb, processes))
            time.sleep(_SAMPLE_S)


def fast(bench: Bench, seconds: float) -> None:
    """As fast as it goes."""
    with ExitStack() as stack:
        bench.live(stack, _ASKED)
        seen, received, cores = bench.watched(seconds)
    print(f"page: {seen}")
    print(f"mqtt: {received}")
    wanted = RATE if has_dot_products() else RATE_WITHOUT_DOT_PRODUCTS
    rate, age = min(seen.rate, received.rate), max(seen.chroma_age_p95_ms, received.chroma_age_p95_ms)
    print(
        f"{rate:.1f} frames/s tinted, encoded and received by both ({cores:.2f} cores, "
        f"{1000 * cores / rate:.1f} ms of one a frame), colour new {seen.colours:.1f} times a second; target "
        f"{wanted}/s: {verdict(rate >= wanted)}"
    )
    print(f"chroma age p95 {age:.1f} ms, target under {CHROMA_AGE_MS} ms: {verdict(age < CHROMA_AGE_MS)}")


def steady(bench: Bench, seconds: float, minutes: float) -> None:
    """As a camera."""
    with ExitStack() as stack:
        bench.live(stack, _CAMERA)
        seen, received, cores = bench.watched(seconds)
        print(f"at {_CAMERA}/s, page: {seen}")
        print(f"at {_CAMERA}/s, mqtt: {received}; {cores:.2f} cores")
        reached = verdict(received.p95_ms < LIMIT_MS)
        print(f"capture to receiver p95 {received.p95_ms:.1f} ms, target under {LIMIT_MS} ms: {reached}")
        share = bench.idle(seconds)
        print(
            f"idle: {100 * share:.1f} % of a core, target under {100 * IDLE_SHARE:.0f} %: "
            f"{verdict(share < IDLE_SHARE)}"
        )
        if not minutes:
            return
        own, whole = bench.memory(60 * minutes)
    part = max(len(own) // 10, 1)
    growth, most = median(own[-part:]) - median(own[:part]), max(whole)
    print(
        f"memory over {minutes:g} minutes: {growth:+.1f} MB, target under {GROWTH_MB} MB: "
        f"{verdict(growth < GROWTH_MB)}; peak PSS {most:.0f} MB, target under {PEAK_MB} MB: "
        f"{verdict(most < PEAK_MB)}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--network", default="compact")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:_CORES]
    os.sched_setaffinity(0, cores)  # and with us all that we start
    print(describe())
    print(f"{len(cores)} cores, {options.size}, quality {QUALITY}, network {options.network}")
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), options.size, options.network) as bench:
        fast(bench, options.seconds)
        steady(bench, options.seconds, options.minutes)


if __name__ == "__main__":
    main()
