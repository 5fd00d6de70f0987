"""One stop for each run: requested from outside or caused by the first error inside."""

from __future__ import annotations

import threading
import time

#: Longest that anything blocks, in seconds, before it looks at the stop again.
POLL_S = 0.2


class Stopped(Exception):
    """The run has stopped; the thread that meets this leaves. Never reaches the user."""


class Stop:
    """Ends a run. The first error wins; a request ends it without one. Once set, it stays set.

    Safe from any thread. ``request`` takes no lock, so that a signal handler may call it whatever the main
    thread was holding; it is seen within ``POLL_S``.
    """

    def __init__(self) -> None:
        self._requested = False
        self._failed = threading.Event()
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """End the run because of ``error``. A later error is only noted on the first."""
        with self._lock:
            if self._error is None:
                self._error = error
            elif error is not self._error:
                self._error.add_note(f"then: {error!r}")
        self._failed.set()

    def request(self) -> None:
        """Ask the run to end; not an error. Callable from a signal handler."""
        self._requested = True

    @property
    def requested(self) -> bool:
        """Whether someone asked for the end (there may be an error too)."""
        return self._requested

    @property
    def error(self) -> BaseException | None:
        """The first error, if there is one."""
        return self._error

    def is_set(self) -> bool:
        """Whether the run is ending, for whatever reason."""
        return self._requested or self._failed.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep for ``seconds`` or until the run ends, whichever comes first; returns ``is_set()``."""
        deadline = time.monotonic() + seconds
        while not self.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._failed.wait(min(left, POLL_S))
        return self.is_set()

    def raise_if_failed(self) -> None:
        """Raise the first error, itself, if there is one. A mere request raises nothing."""
        if self._error is not None:
            raise self._error

    def raise_if_stopped(self) -> None:
        """Raise ``Stopped`` if the run is ending, for whatever reason: for loops inside a thread."""
        if self.is_set():
            raise Stopped
