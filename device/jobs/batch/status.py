"""How a night goes: one value for everybody who shows it, and the running queue as others may handle it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from device.jobs.batch.records import Record
    from device.jobs.film import Progress

State = Literal["scanning", "measuring", "working", "paused", "waiting", "finished", "stopped"]


@dataclass(frozen=True, slots=True)
class Status:
    """How a night goes.

    ``reason``: why it is paused or waits; empty where it works. ``file``: what is worked on, by its path
    below the folder, and its ``progress``. ``done``, ``failed``, ``skipped``: counted over this run;
    ``before``: done or skipped by earlier runs. ``arriving``: files that are not whole yet; ``left``: files
    still to do, that which is worked on among them. ``film_seconds_left``, ``night_seconds_left``: None while
    nobody can know. ``records``: of this run, in order.
    """

    state: State = "scanning"
    reason: str = ""
    file: str | None = None
    progress: Progress | None = None
    done: int = 0
    failed: int = 0
    skipped: int = 0
    before: int = 0
    arriving: int = 0
    left: int = 0
    film_seconds_left: float | None = None
    night_seconds_left: float | None = None
    records: tuple[Record, ...] = ()


class Night:
    """The running queue: what it does now, and what may be asked of it. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._status = Status()
        self._version = 0
        self._paused_by: str | None = None
        self._retry_by: str | None = None

    @property
    def version(self) -> int:
        """A number that rises with every change."""
        return self._version

    def status(self) -> Status:
        """How it goes now."""
        return self._status

    def wait(self, version: int, seconds: float) -> int:
        """Wait until there is something newer than ``version``, at most so long; returns the newest."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while self._version == version and (left := deadline - time.monotonic()) > 0:
                self._lock.wait(left)
            return self._version

    @property
    def paused_by(self) -> str | None:
        """Who asked for a pause; None where nobody does."""
        return self._paused_by

    def pause(self, by: str) -> None:
        """Hold the work where it is until ``resume``. ``by``: who asks, for people."""
        self._ask(paused_by=by)

    def resume(self, by: str) -> None:
        """Go on after ``pause``; ``by`` as there."""
        del by
        self._ask(paused_by=None)

    def retry(self, by: str) -> None:
        """Try again what failed; ``by`` as in ``pause``."""
        self._ask(retry_by=by)

    def take_retry(self) -> str | None:
        """Who asked for ``retry`` since this was last called."""
        with self._lock:
            asked, self._retry_by = self._retry_by, None
            return asked

    def change(self, **changes: Any) -> None:
        """Set fields of the status; a change wakes whoever waits."""
        with self._lock:
            status = replace(self._status, **changes)
            if status != self._status:
                self._status = status
                self._changed()

    def _ask(self, **wishes: str | None) -> None:
        with self._lock:
            for name, value in wishes.items():
                setattr(self, f"_{name}", value)
            self._changed()

    def _changed(self) -> None:
        self._version += 1
        self._lock.notify_all()
