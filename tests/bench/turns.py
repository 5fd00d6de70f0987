"""Two programs that can't share an environment are timed in turns: each waits while the other works.

A worker prints one line when it is ready, then answers each line it reads with the milliseconds of its work.
Needs nothing but Python.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 120.0


def serve(ready: str, work: Callable[[], object], warm_up: int = 3) -> None:
    """Be a worker: until standard input ends."""
    for _ in range(warm_up):
        work()
    print(ready, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        work()
        print(1000 * (time.perf_counter() - began), flush=True)


class Worker:
    """A program that works when it is told to; past the deadline it is killed."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.ready = self._read()

    def work(self) -> float:
        """Milliseconds of one piece of work."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read())

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        watch = threading.Timer(DEADLINE_S, self._process.kill)
        watch.start()
        line = self._process.stdout.readline()
        watch.cancel()
        if not line:
            raise SystemExit(f"{self._process.args}: ended or was stopped after {DEADLINE_S:.0f} s")
        return line.strip()


def take_turns(workers: Mapping[str, Worker], turns: int, each: int) -> dict[str, float]:
    """Median milliseconds of each worker, over ``turns`` turns of ``each`` pieces of work."""
    times: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(turns):
        for name, worker in workers.items():
            times[name] += [worker.work() for _ in range(each)]
    return {name: median(values) for name, values in times.items()}
