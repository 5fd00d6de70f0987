"""A good guest on its board: when it may work, when it rests, and when it leaves."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from device.engine import POLL_S, read_board
from device.errors import Postponed, SpaceError, TintcastError
from device.jobs.batch.clock import Clock
from device.jobs.batch.heat import Heat
from device.jobs.batch.hours import Hours, Window
from device.jobs.batch.room import Room
from device.jobs.supervise import Terms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import BatchSettings
    from device.engine import Board, Stop

#: How often the board, its disk and its clock are looked at, in seconds.
_LOOK_S = 1.0


class Cause(StrEnum):
    """What keeps a guest from its work."""

    NONE = ""
    USER = "user"
    HEAT = "heat"
    HOURS = "hours"
    CLOCK = "clock"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a guest may work now, and what keeps it from that.

    ``go``: it may. ``pause``: what is under way rests in memory. ``leave``: it ends in good order, and
    goes on later from what is closed. ``reason``: for people, empty where it may go.
    """

    kind: Literal["go", "pause", "leave"] = "go"
    cause: Cause = Cause.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Senses:
    """What a guest sees of its board. ``wall``: seconds since 1970; ``monotonic``: seconds for deadlines.

    ``clock_right``: whether ``wall`` is the time.
    """

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    board: Callable[[], Board] = read_board
    clock_right: Callable[[], bool] = field(default_factory=lambda: Clock().right)


def _nobody() -> None:
    return None


class Guest:
    """The rules of ``settings`` for work whose results go to ``out``. Safe from any thread.

    ``paused``: who wants a pause now, None: nobody.
    """

    def __init__(
        self,
        settings: BatchSettings,
        out: Path,
        *,
        paused: Callable[[], str | None] = _nobody,
        senses: Senses | None = None,
    ) -> None:
        self.room = Room(out, settings.keep_free_mb)
        self._settings = settings
        self._paused = paused
        self._senses = senses or Senses()
        self._hours = Hours.parse(settings.between)
        self._heat = Heat(settings.hot_c, settings.cool_c)
        self._lock = threading.Lock()
        self._looked = -_LOOK_S
        self._seen: tuple[Verdict, ...] = ()

    @property
    def terms(self) -> Terms:
        """For the child that works under these rules."""
        settings = self._settings
        return Terms(self._held, self._leaving, settings.memory_mb, low=settings.priority == "low")

    def window(self) -> Window | None:
        """The hours that it works in now, or will next; None where it may always."""
        return None if self._hours is None else self._hours.window(self._senses.wall())

    def verdict(self, *, room: bool = True) -> Verdict:
        """Whether it may work now: what makes it leave counts first, then who paused it, then heat.

        ``room``: whether a lack of room on the disk counts.
        """
        with self._lock:
            now = self._senses.monotonic()
            if now - self._looked >= _LOOK_S:
                self._looked, self._seen = now, tuple(self._look(now))
            by = self._paused()
            user = [] if by is None else [Verdict("pause", Cause.USER, f"paused by {by}")]
            found = [each for each in (*user, *self._seen) if room or each.cause is not Cause.ROOM]
            return min(found, key=lambda each: each.kind == "pause", default=Verdict())

    def wait(self, stop: Stop, tell: Callable[[Verdict], None]) -> bool:
        """Wait until work may begin; ``tell`` hears of every verdict against it once. False: ``stop`` is set.

        A lack of room is not waited for: ``room.check`` says what fits.
        """
        told = Verdict()
        while not stop.is_set():
            verdict = self.verdict(room=False)
            if verdict.kind == "go":
                return True
            if verdict != told:
                told = verdict
                tell(verdict)
            stop.wait(POLL_S)
        return False

    def _held(self) -> str | None:
        verdict = self.verdict()
        return verdict.reason if verdict.kind == "pause" else None

    def _leaving(self) -> TintcastError | None:
        verdict = self.verdict()
        if verdict.kind != "leave":
            return None
        if verdict.cause is Cause.ROOM:
            return SpaceError(verdict.reason, hint="free some space and run it again")
        return Postponed(verdict.reason)

    def _look(self, now: float) -> list[Verdict]:
        found = []
        if self._hours is not None:
            if self._settings.wait_for_clock and not self._senses.clock_right():
                reason = "the clock is not synchronized yet (batch.wait_for_clock = false: it is believed)"
                found.append(Verdict("leave", Cause.CLOCK, reason))
            elif not (window := self._hours.window(wall := self._senses.wall())).holds(wall):
                opens = datetime.fromtimestamp(window.opens)  # noqa: DTZ006 - the clock on the wall
                found.append(Verdict("leave", Cause.HOURS, f"out of hours until {opens:%H:%M}"))
        if short := self.room.short():
            found.append(Verdict("leave", Cause.ROOM, short))
        if hot := self._heat.look(self._senses.board(), now):
            found.append(Verdict("pause", Cause.HEAT, hot))
        return found
