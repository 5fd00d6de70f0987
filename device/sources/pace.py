"""When the next frame of a source that makes its own pace is due, and how few of them do at rest."""

from __future__ import annotations

import threading
import time
from typing import Final

#: Between two frames at rest, in nanoseconds: two a second.
REST_NS: Final = 500_000_000


class Pace:
    """Waits for frames' times; whoever rests, wakes or closes it from another thread is heard at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._closed = False
        self._resting = False
        self._last_ns = -REST_NS

    @property
    def closed(self) -> bool:
        """Whether no more frames are wanted."""
        return self._closed

    @property
    def resting(self) -> bool:
        """Whether two frames a second do."""
        return self._resting

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def rest(self, *, resting: bool) -> None:
        """Space frames out, or no longer."""
        with self._changed:
            self._resting = resting
            self._changed.notify_all()

    def due(self, now_ns: int) -> bool:
        """Whether a frame that came at ``now_ns`` is wanted: always, but for those in between at rest."""
        if self._resting and now_ns - self._last_ns < REST_NS:
            return False
        self._last_ns = now_ns
        return True

    def wait_until(self, due_ns: int) -> bool:
        """Wait until ``due_ns`` of the monotonic clock, at rest until half a second after the last frame.

        False where it was closed before that.
        """
        with self._changed:
            while not self._closed:
                until = max(due_ns, self._last_ns + REST_NS) if self._resting else due_ns
                left = until - time.monotonic_ns()
                if left <= 0:
                    self._last_ns = time.monotonic_ns()
                    return True
                self._changed.wait(left / 1e9)
        return False
