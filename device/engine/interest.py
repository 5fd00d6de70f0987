"""Whether anybody looks: what rests when nobody does asks here."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BREATH_S = 0.001


class Interest:
    """Who looks, records or subscribes now. Safe from any thread.

    It stays active for ``linger_s`` seconds after the last has gone, and after it was made. ``clock``:
    monotonic seconds.
    """

    def __init__(self, linger_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._linger_s = linger_s
        self._clock = clock
        self._changed = threading.Condition()
        self._held: list[str] = []
        self._last_left = clock()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Be interested for a block, as ``name`` (which many may be)."""
        with self._changed:
            self._held.append(name)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._held.remove(name)
                self._last_left = max(self._last_left, self._clock())
                self._changed.notify_all()

    @property
    def active(self) -> bool:
        """Whether anybody is, or was until ``linger_s`` ago."""
        with self._changed:
            return self._left_s() > 0

    def holders(self) -> tuple[str, ...]:
        """Who is interested now, by name, each as often as it is."""
        with self._changed:
            return tuple(self._held)

    def wait(self, active: bool, timeout: float) -> bool:  # noqa: FBT001 - a state, as the property's
        """Wait until ``active`` is this, ``timeout`` seconds at most; whether it is."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while ((left := self._left_s()) > 0) != active:
                still = deadline - time.monotonic()
                if still <= 0:
                    return False
                self._changed.wait(still if active else min(still, left + _BREATH_S))
        return True

    def _left_s(self) -> float:
        """How long it stays active at least, if nothing happens."""
        if self._held:
            return threading.TIMEOUT_MAX
        return self._last_left + self._linger_s - self._clock()
