"""Leases: how each thread shows that it is alive, and what it waits for when it rightly waits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class _State(NamedTuple):
    expires: float
    waiting_for: str | None


class Lease:
    """One thread's promise to be heard of again. Made by ``Leases.lease``; renewed only by its own thread."""

    def __init__(self, name: str, seconds: float, clock: Callable[[], float], leases: Leases) -> None:
        self.name = name
        self._seconds = seconds
        self._clock = clock
        self._leases = leases
        self._state = _State(clock() + seconds, None)

    def beat(self) -> None:
        """I work: the lease runs for its full time again."""
        self._state = _State(self._clock() + self._seconds, None)

    def waiting(self, reason: str, until_seconds: float) -> None:
        """I rightly wait for ``reason``, ``until_seconds`` at most: the lease runs that much longer."""
        self._state = _State(self._clock() + max(until_seconds, 0.0) + self._seconds, reason)

    def release(self) -> None:
        """Nothing more is promised: the thread has ended in good order."""
        self._leases.drop(self)

    @property
    def expired(self) -> bool:
        """Whether the promise is broken."""
        return self._clock() > self._state.expires

    @property
    def waiting_for(self) -> str | None:
        """What the thread waits for; None while it works."""
        return self._state.waiting_for

    def __enter__(self) -> Self:
        """Hold the lease for a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release it."""
        self.release()


class Leases:
    """All leases of a run. ``clock``: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: list[Lease] = []

    def lease(self, name: str, seconds: float = 10.0) -> Lease:
        """Make a lease that runs out ``seconds`` after its last sign of life."""
        lease = Lease(name, seconds, self._clock, self)
        with self._lock:
            self._held.append(lease)
        return lease

    def drop(self, lease: Lease) -> None:
        """Forget a lease; one that is already forgotten does no harm."""
        with self._lock:
            self._held = [held for held in self._held if held is not lease]

    def expired(self) -> list[str]:
        """Names of the leases that have run out, oldest first."""
        return [lease.name for lease in self._all() if lease.expired]

    def status(self) -> str:
        """One line for people: who works, who waits for what, whose lease has run out."""
        return "; ".join(f"{lease.name} {_describe(lease)}" for lease in self._all()) or "nothing runs"

    def _all(self) -> list[Lease]:
        with self._lock:
            return list(self._held)


def _describe(lease: Lease) -> str:
    if lease.expired:
        return "does not answer"
    reason = lease.waiting_for
    return "works" if reason is None else f"waits for {reason}"
