"""The threads of a run: they start with a name and a lease, and end together."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from device.engine.stop import POLL_S, Stopped
from device.engine.watchdog import fail_if_expired
from device.errors import Stuck

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine.lease import Lease, Leases
    from device.engine.stop import Stop


class Workers:
    """Starts threads and waits for them. A worker that raises ends the run; one that meets the stop leaves.

    The threads are daemons: one that can't be ended does not keep the process from ending.
    """

    def __init__(self, stop: Stop, leases: Leases) -> None:
        self._stop = stop
        self._leases = leases
        self._threads: list[threading.Thread] = []

    def start(self, name: str, function: Callable[[Lease], None], *, lease_s: float = 10.0) -> None:
        """Run ``function(lease)`` in a thread of that name that shows life every ``lease_s`` seconds."""
        lease = self._leases.lease(name, lease_s)

        def run() -> None:
            with lease:
                try:
                    function(lease)
                except Stopped:
                    pass
                except BaseException as error:  # noqa: BLE001 - whatever it is, the run ends with it
                    self._stop.fail(error)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def alive(self) -> list[str]:
        """Names of the threads that have not ended."""
        return [thread.name for thread in self._threads if thread.is_alive()]

    def join(self, deadline_s: float = 10.0) -> None:
        """Wait until every thread has ended, then raise the first error, if there is one.

        While the run goes on this takes as long as the work does, watched over by the leases. Once the stop
        is set, the threads have ``deadline_s`` to end; those that don't are named in the error and left
        behind. A run that ended on request returns as one that is done: ask ``stop.requested``.
        """
        deadline: float | None = None
        while alive := self.alive():
            if self._stop.is_set():
                now = time.monotonic()
                deadline = now + deadline_s if deadline is None else deadline
                if now >= deadline:
                    self._stop.fail(Stuck(f"{', '.join(alive)} did not end within {deadline_s:g} s"))
                    break
            else:
                fail_if_expired(self._leases, self._stop)
            self._first_alive().join(POLL_S)
        self._stop.raise_if_failed()

    def _first_alive(self) -> threading.Thread:
        return next((thread for thread in self._threads if thread.is_alive()), self._threads[0])
