"""How far a film is, told to whoever runs its process."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from device.engine import Stopped
from device.errors import Interrupted
from device.jobs.film import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Gate, Stop
    from device.jobs.pipeline import Colorizer
    from device.sources.films import Film

#: Seconds between two words to the parent.
_REPORT_S = 0.25


class Reporter:
    """Tells the parent a few times a second how far the film is, from a thread of its own."""

    def __init__(self, send: Callable[[Progress], None], stop: Stop, gate: Gate) -> None:
        self.stage = "opening"
        self.total: int | None = None
        self._start = self._done = self._packets = 0
        self._source: Film | None = None
        self._colorizer: Colorizer | None = None
        self._began = time.monotonic()
        self._send = send
        self._stop = stop
        self._gate = gate
        threading.Thread(target=self._run, name="reporter", daemon=True).start()

    def begin(self, source: Film, colorizer: Colorizer, start: int, total: int | None = None) -> None:
        """The film is open, and ``start`` of ``total`` frames are done; None: of all that it has."""
        self._source, self._colorizer, self._start = source, colorizer, start
        self.total, self.stage = total or source.facts.frames, "resuming" if start else "opening"

    def checking(self, source: Film) -> None:
        """It is looked at whether the film is in colour already; waits while held. Raises Stopped."""
        self._source, self.total, self.stage = source, source.facts.frames, "checking"
        self._gate.wait()
        self._stop.raise_if_stopped()

    def colouring(self, done: int) -> None:
        """So many frames of this run are coloured."""
        if self.stage != "colour":
            self.stage, self._began = "colour", time.monotonic() - self._gate.held_s
        self._done = done

    def joining(self) -> None:
        """One more packet is joined, or looked at; waits while held. Raises Interrupted when the run ends."""
        with suppress(Stopped):
            self._gate.wait()
        if self._stop.is_set():
            raise Interrupted
        self.stage = "joining"
        self._packets += 1

    def _run(self) -> None:
        while not self._stop.wait(_REPORT_S):
            seconds = time.monotonic() - self._gate.held_s - self._began
            decoded = self._source.read if self._source else 0
            self._send(
                Progress(
                    stage=self.stage,
                    done=self._start + self._done,
                    total=self.total,
                    rate=self._done / seconds if seconds > 1 else 0.0,
                    network_ms=self._colorizer.network_ms if self._colorizer else 0.0,
                    read=decoded + self._packets,
                )
            )
