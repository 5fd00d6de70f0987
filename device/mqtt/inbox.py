"""What has arrived or happened, between the thread that listens to the broker and the one that acts on it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

#: Bytes that may wait for their reader before no more is read from the socket.
_FULL_BYTES = 64 * 1024 * 1024
_FULL_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Up:
    """Connected, and subscribed. ``mqtt5``: else it is 3.1.1."""

    mqtt5: bool


@dataclass(frozen=True, slots=True)
class Down:
    """The connection is lost, and with it what was sent and not acknowledged."""

    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """Something that arrived on a subscribed topic. Written by anyone."""

    topic: str
    payload: bytes
    retained: bool
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Where whoever wrote a message wants its answer (MQTT 5), and what it is to be known by."""

    topic: str
    correlation: bytes | None


@dataclass(frozen=True, slots=True)
class Taken:
    """The broker has a publication that ``asks``; ``matched``: there may be somebody who is subscribed."""

    topic: str
    matched: bool


Event = Up | Down | Message | Taken


class Inbox:
    """Events in order. ``full`` asks the listener to stop reading: the broker then holds the rest."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._failure: BaseException | None = None

    def put(self, event: Event) -> None:
        """Add one."""
        with self._changed:
            self._events.append(event)
            if isinstance(event, Message):
                self._bytes += len(event.payload)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Nothing more will come, because of ``error``: everyone who waits meets it."""
        with self._changed:
            self._failure = error
            self._changed.notify_all()

    @property
    def failed(self) -> bool:
        """Whether there is a failure."""
        return self._failure is not None

    def raise_if_failed(self) -> None:
        """Raise the failure, if there is one."""
        if self._failure is not None:
            raise self._failure

    def take(self, timeout_s: float) -> Event | None:
        """Take the oldest, waiting for one; None when none came. Raises the failure after the last event."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._failure is not None, timeout_s)
            if not self._events:
                self.raise_if_failed()
                return None
            event = self._events.popleft()
            if isinstance(event, Message):
                self._bytes -= len(event.payload)
            return event

    @property
    def full(self) -> bool:
        """Whether the reader is too far behind."""
        return self._bytes >= _FULL_BYTES or len(self._events) >= _FULL_EVENTS

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._events)
