"""What networks cost: milliseconds and peak memory, each in a process of its own, in turns.

In turns, so that whatever else the machine is busy with slows all of them alike. Each process runs ``python
-m converter.speed NETWORK THREADS RUNTIME``: for every number of seconds that it reads, it predicts for so
long, once at least, and answers with a line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from device.errors import NetworkFileError
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.network.interpreter import Runtime

_ROUNDS: Final = 5
_DEADLINE_S: Final = 300.0  # for loading a network, or for one turn


@dataclass(frozen=True, slots=True)
class Cost:
    """Median milliseconds of one prediction with so many threads; the process's peak memory in MB."""

    threads: int
    milliseconds: float
    peak_mb: float


def all_threads() -> int:
    """How many threads this machine can run at once for us."""
    return len(os.sched_getaffinity(0))


def costs(
    wanted: Sequence[tuple[Path, int]], runtime: Runtime = "auto", *, seconds: float = 2.0
) -> list[Cost]:
    """Measure networks, each with so many threads and for so long, in child processes that take turns.

    Raises NetworkFileError with the child's own reason where it can't run its network.
    """
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_Child(path, threads, runtime)) for path, threads in wanted]
        for child in children:  # the first burst loads the caches, and makes the memory grow
            child.burst(seconds / _ROUNDS)
            child.milliseconds.clear()
        for _ in range(_ROUNDS):
            for child in children:
                child.burst(seconds / _ROUNDS)
        return [child.cost() for child in children]


@dataclass
class _Child:
    """A process that predicts when it is its turn."""

    network: Path
    threads: int
    runtime: str
    milliseconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "converter.speed",
            str(self.network),
            str(self.threads),
            self.runtime,
        ]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def burst(self, seconds: float) -> None:
        """One turn."""
        told = self._ask(seconds)
        self.milliseconds.extend(told["milliseconds"])
        self.peak_mb = told["peak_mb"]

    def cost(self) -> Cost:
        return Cost(self.threads, round(statistics.median(self.milliseconds), 3), self.peak_mb)

    def _ask(self, seconds: float) -> dict[str, Any]:
        process = self._process
        assert process.stdin and process.stdout  # noqa: PT018, S101 - they are pipes
        with contextlib.suppress(BrokenPipeError):  # it ended: what it said about that follows
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        if not select.select([process.stdout], [], [], _DEADLINE_S)[0]:
            raise NetworkFileError(f"no answer in {_DEADLINE_S:.0f} s", where=self.network)
        line = process.stdout.readline()
        if not line:
            said = process.communicate()[1].strip().splitlines()
            reason = said[-1] if said else f"the process ended with {process.returncode}"
            raise NetworkFileError(f"can't be measured: {reason}", where=self.network)
        answer: dict[str, Any] = json.loads(line)
        return answer


def _serve(path: Path, threads: int, runtime: Runtime) -> None:
    with Network.load(path, threads, runtime) as network:
        lightness = np.random.default_rng(1).uniform(0, 100, network.size).astype(np.float32)
        for line in sys.stdin:
            times: list[float] = []
            while not times or sum(times) < 1000 * float(line):
                began = time.perf_counter()
                network.predict(lightness)
                times.append(1000 * (time.perf_counter() - began))
            sys.stdout.write(json.dumps({"milliseconds": times, "peak_mb": _peak_mb()}) + "\n")
            sys.stdout.flush()


def _peak_mb() -> float:
    """Peak resident memory. Not by getrusage, which also counts what the parent held before exec."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return round(kilobytes * 1024 / 1e6, 1)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])  # type: ignore[arg-type]
