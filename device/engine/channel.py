"""A bounded queue between two threads of a run: every item arrives, in order, or the run ends."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from device.engine.stop import POLL_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.engine.lease import Lease
    from device.engine.stop import Stop

T = TypeVar("T")


class Closed(Exception):
    """Nothing more will come (``get``) or is wanted (``put``) on this channel. Never reaches the user."""


class Channel(Generic[T]):
    """At most ``capacity`` items on their way. A full channel holds its producer, an empty one its consumer.

    Either side may wait as long as the run lasts: every ``POLL_S`` it looks at the stop (and raises
    ``Stopped``) and declares on its lease what it waits for. Either side may ``close``: items already in are
    still delivered.
    """

    def __init__(self, capacity: int, stop: Stop, name: str = "items") -> None:
        if capacity < 1:
            raise ValueError("a channel holds at least one item")
        self._name = name
        self._capacity = capacity
        self._stop = stop
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """How many items are on their way."""
        return len(self._items)

    def put(self, item: T, lease: Lease) -> None:
        """Hand ``item`` over, waiting for room. Raises ``Stopped``, or ``Closed`` on a closed channel."""
        with self._changed:
            while not self._closed and len(self._items) >= self._capacity:
                self._pause(f"room for {self._name}", lease)
            self._stop.raise_if_stopped()
            if self._closed:
                raise Closed
            self._items.append(item)
            self._changed.notify_all()
        lease.beat()

    def get(self, lease: Lease) -> T:
        """Take the oldest item, waiting for one. Raises ``Stopped``, or ``Closed`` after the last item."""
        with self._changed:
            while not self._closed and not self._items:
                self._pause(self._name, lease)
            self._stop.raise_if_stopped()
            if not self._items:
                raise Closed
            item = self._items.popleft()
            self._changed.notify_all()
        lease.beat()
        return item

    def drain(self, lease: Lease) -> Iterator[T]:
        """Iterate over the items until the channel is closed and empty. Raises ``Stopped``."""
        while True:
            try:
                item = self.get(lease)
            except Closed:
                return
            yield item

    def close(self) -> None:
        """End the channel from either side; a second time does nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _pause(self, reason: str, lease: Lease) -> None:
        self._stop.raise_if_stopped()
        lease.waiting(reason, POLL_S)
        self._changed.wait(POLL_S)
