"""A board, a clock and a disk that do what a test says, for guests of the night."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from device.config import BatchSettings
from device.engine import Board
from device.jobs.batch.guest import Guest, Senses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class World:
    """What a guest sees. ``wall`` may jump; ``monotonic`` only goes on."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 21, 23, 0).timestamp()  # noqa: DTZ001 - the clock on the wall
        self.monotonic = 100.0
        self.degrees = 50.0
        self.right = True
        self.paused: str | None = None

    def set_clock(self, text: str) -> None:
        """Show another time on the wall."""
        self.wall = datetime.fromisoformat(text).timestamp()
        self.later(1)

    def later(self, seconds: float) -> None:
        """Let time go on."""
        self.monotonic += seconds

    @property
    def senses(self) -> Senses:
        """For a guest in this world."""
        return Senses(
            wall=lambda: self.wall,
            monotonic=lambda: self.monotonic,
            board=lambda: Board("a board", self.degrees, ()),
            clock_right=lambda: self.right,
        )

    def guest(self, out: Path, **settings: Any) -> Guest:
        """A guest by these keys of section ``batch``."""
        return Guest(BatchSettings(**settings), out, paused=lambda: self.paused, senses=self.senses)

    def guest_of(self, settings: BatchSettings, out: Path, paused: Callable[[], str | None]) -> Guest:
        """The guest that a night would make, in this world."""
        return Guest(settings, out, paused=paused, senses=self.senses)
