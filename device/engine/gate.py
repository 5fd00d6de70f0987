"""A gate that a run's source waits at while the run is paused; all that stands behind it stays alive."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from device.engine.stop import POLL_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine.lease import Lease
    from device.engine.stop import Stop


class Gate:
    """Open until it is held, and again once it is released; whoever comes meanwhile waits.

    Only what would begin new work waits here (a source before each frame): what is under way is done, then
    the run rests with its encoders and connections. Safe from any thread. ``clock``: monotonic seconds.
    """

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop = stop
        self._clock = clock
        self._changed = threading.Condition()
        self._reason: str | None = None
        self._since = 0.0
        self._held_s = 0.0

    @property
    def held(self) -> str | None:
        """Why it is held; None while it is open."""
        return self._reason

    @property
    def held_s(self) -> float:
        """Seconds that it was held so far, for those who count only the time of work."""
        with self._changed:
            return self._held_s + (0.0 if self._reason is None else self._clock() - self._since)

    def hold(self, reason: str) -> None:
        """Hold whoever comes; while it is held already, only the reason changes."""
        with self._changed:
            if self._reason is None:
                self._since = self._clock()
            self._reason = reason

    def release(self) -> None:
        """Let them go on."""
        with self._changed:
            if self._reason is not None:
                self._held_s += self._clock() - self._since
            self._reason = None
            self._changed.notify_all()

    def wait(self, lease: Lease | None = None) -> None:
        """Wait while it is held; ``lease`` says why. Raises ``Stopped`` when the run stops meanwhile."""
        if self._reason is None:
            return
        with self._changed:
            while self._reason is not None:
                self._stop.raise_if_stopped()
                if lease is not None:
                    lease.waiting(self._reason, POLL_S)
                self._changed.wait(POLL_S)
        if lease is not None:
            lease.beat()
