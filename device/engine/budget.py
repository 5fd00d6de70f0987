"""A bound on what is in use at once, for work whose pieces are of very different sizes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from device.engine.stop import POLL_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.engine.lease import Lease
    from device.engine.stop import Stop


class Budget:
    """At most ``limit`` is in use at once; what wants more than that has it all to itself.

    First come, first served: a large piece waits until there is room for it, and the next wait behind it.
    """

    def __init__(self, limit: int, stop: Stop) -> None:
        self._limit = limit
        self._stop = stop
        self._used = 0
        self._queue: list[object] = []
        self._changed = threading.Condition()

    @contextmanager
    def use(self, amount: int, lease: Lease) -> Iterator[None]:
        """Use ``amount`` for a block, waiting for it. Raises ``Stopped`` when the run stops meanwhile."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or not self._fits(amount):
                    self._stop.raise_if_stopped()
                    lease.waiting("room", POLL_S)
                    self._changed.wait(POLL_S)
                self._used += amount
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        lease.beat()
        try:
            yield
        finally:
            with self._changed:
                self._used -= amount
                self._changed.notify_all()

    def _fits(self, amount: int) -> bool:
        return self._used == 0 or self._used + amount <= self._limit
