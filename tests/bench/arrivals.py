"""What arrives somewhere of a live picture: how often, how old, and with how old a colour."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.media.facts import Facts

#: The first frames don't count: the network's first runs are slow, and the camera starts while they run.
WARM_UP_S = 3.0
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What somebody saw.

    Frames and their rate; how often a second their colour was a new one; milliseconds from capture to
    arrival, and of chroma age; their mean size.
    """

    frames: int
    rate: float
    colours: float
    p50_ms: float
    p95_ms: float
    most_ms: float
    chroma_age_p50_ms: float
    chroma_age_p95_ms: float
    mean_kb: float

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.frames} frames of {self.mean_kb:.0f} kB, {self.rate:.1f}/s; capture to receiver p50 "
            f"{self.p50_ms:.1f} ms, p95 {self.p95_ms:.1f} ms, at most {self.most_ms:.1f} ms; a new colour "
            f"{self.colours:.1f}/s, chroma age p50 {self.chroma_age_p50_ms:.1f} ms, p95 "
            f"{self.chroma_age_p95_ms:.1f} ms"
        )


class Waits:
    """Arrivals in the making."""

    def __init__(self) -> None:
        self._waits: list[float] = []
        self._ages: list[float] = []
        self._colours: set[int] = set()
        self._bytes = 0
        self._first = self._last = 0.0

    def note(self, facts: Facts, size: int, now_ns: int, now: float) -> None:
        """A frame of ``size`` bytes arrived at ``now_ns`` of the wall clock, ``now`` of the monotonic one."""
        if facts.captured_ns is None:
            raise SystemExit("a frame does not say when it was captured")
        self._waits.append((now_ns - facts.captured_ns) / 1e6)
        self._ages.append(facts.chroma_age_ns / 1e6)
        # The wall clock's time of a capture is worked out for each frame anew: to a millisecond the same.
        self._colours.add(round((facts.captured_ns - facts.chroma_age_ns) / 1e6))
        self._bytes += size
        self._first, self._last = self._first or now, now

    def arrivals(self) -> Arrivals:
        """All of them."""
        waits, ages = sorted(self._waits), sorted(self._ages)
        seconds = max(self._last - self._first, 1e-3)
        return Arrivals(
            frames=len(waits),
            rate=(len(waits) - 1) / seconds,
            colours=(len(self._colours) - 1) / seconds,
            p50_ms=_share(waits, 0.5),
            p95_ms=_share(waits, 0.95),
            most_ms=waits[-1],
            chroma_age_p50_ms=_share(ages, 0.5),
            chroma_age_p95_ms=_share(ages, 0.95),
            mean_kb=self._bytes / len(waits) / 1000,
        )


class Watcher:
    """Somebody who sees what arrives, in a process of its own that prints it as JSON after ``seconds``."""

    def __init__(self, module: str, *words: str, seconds: float, warm_up_s: float = WARM_UP_S) -> None:
        times = ("--seconds", str(seconds), "--warm-up", str(warm_up_s))
        self._deadline_s = seconds + warm_up_s + PATIENCE_S
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words, *times],
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


def _share(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))]
