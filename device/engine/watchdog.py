"""Ends a run when a lease runs out: a stuck thread never hangs it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from device.engine.stop import POLL_S
from device.errors import Stuck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.engine.lease import Leases
    from device.engine.stop import Stop


def fail_if_expired(leases: Leases, stop: Stop) -> None:
    """Fail ``stop`` when a lease has run out, saying whose, and what the others were doing."""
    expired = leases.expired()
    if expired and not stop.is_set():
        names = ", ".join(expired)
        stop.fail(Stuck(f"stuck in {names}, the run was ended", hint=leases.status()))


@contextmanager
def watching(leases: Leases, stop: Stop) -> Iterator[None]:
    """Watch the leases from a thread of its own, where the main thread does not sit in ``Workers.join``."""
    done = threading.Event()

    def watch() -> None:
        while not (done.wait(POLL_S) or stop.is_set()):
            fail_if_expired(leases, stop)

    thread = threading.Thread(target=watch, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5 * POLL_S)
