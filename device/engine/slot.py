"""A place for one item between two clocks: the newest wins, nobody waits for room."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds the newest item until it is taken. ``T`` must not include None."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._filled = threading.Condition()

    def put(self, item: T) -> bool:
        """Lay ``item`` down; True when that dropped one that nobody had taken."""
        with self._filled:
            dropped = self._item is not None
            self._item = item
            self._filled.notify()
        return dropped

    def take(self, timeout: float) -> T | None:
        """Take the newest item, waiting at most ``timeout`` seconds for one; None when none came."""
        with self._filled:
            self._filled.wait_for(lambda: self._item is not None, timeout)
            item, self._item = self._item, None
        return item
