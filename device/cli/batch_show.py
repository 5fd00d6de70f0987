"""How a night goes: two bars and a state on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType

from device.cli.batch_lines import bars, ended, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from rich.console import ConsoleOptions, RenderResult

    from device.jobs.batch.status import Status

#: Seconds between two looks at the night, and between two plain lines of one state.
_LOOK_S = 0.25
_PLAIN_S = 60.0
#: Two plain lines of different states are so many seconds apart: a board may be hot and cool by turns.
_STATE_S = 5.0


class NightShow:
    """Shows on standard error what ``watch`` is given, and each file as it ends; ``say`` from any thread.

    On a terminal two bars stand below what was said; elsewhere there are lines, without control characters:
    one now and then, one for each film, and for each file that failed or was passed over. ``plain_s``:
    seconds between those that come now and then.
    """

    def __init__(self, *, plain_s: float = _PLAIN_S) -> None:
        self._console = _Console(file=sys.stderr)
        self._plain_s = plain_s
        self._bars = _Bars(self._look)
        self._live = Live(self._bars, console=self._console, auto_refresh=False, transient=True)
        self._drawing = threading.RLock()
        self._width = 0
        self._status: Callable[[], Status] | None = None
        self._ended = 0
        self._said_at, self._said_state = -self._plain_s, ("", "")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody reads it, and no file keeps it: whatever rich has been told (FORCE_COLOR)."""
        return self._console.file.isatty() and not self._console.is_dumb_terminal

    def watch(self, status: Callable[[], Status]) -> None:
        """Show what ``status()`` says from now on; it is called a few times a second."""
        self._status = status

    def say(self, line: str) -> None:
        """Print a line for people."""
        with self._writing():
            self._console.print(line, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def __enter__(self) -> Self:
        if self.is_terminal:
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(5)
        if (status := self._look()) is not None:
            self._tell_ended(status)
        with self._writing():
            self._live.stop()

    def _look(self) -> Status | None:
        return None if self._status is None else self._status()

    def _run(self) -> None:
        while not self._done.wait(_LOOK_S):
            status = self._look()
            if status is None:
                continue
            self._tell_ended(status)
            if self.is_terminal:
                self._draw()
            else:
                self._tell(status, time.monotonic())

    def _draw(self) -> None:
        with self._writing():
            self._live.refresh()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A night goes on although nobody reads of it any more: a terminal that is gone is no error."""
        with self._drawing, suppress(OSError), self._console:
            self._follow_width()
            yield

    def _follow_width(self) -> None:
        """In a terminal that became narrower what was drawn takes more rows than ``Live`` knows of: go up."""
        width = self._console.width
        if width < self._width:
            more = sum((cells - 1) // width for cells in self._bars.drawn if cells)
            up = (ControlType.CURSOR_UP, 1)
            for _ in range(more):
                self._console.control(
                    Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), up)
                )
        self._width = width

    def _tell_ended(self, status: Status) -> None:
        records, self._ended = status.records[self._ended :], len(status.records)
        for line in filter(None, map(ended, records)):
            self.say(line)

    def _tell(self, status: Status, now: float) -> None:
        state = (status.state, status.reason or "")
        wait_s = self._plain_s if state == self._said_state else min(_STATE_S, self._plain_s)
        if now - self._said_at >= wait_s:
            self._said_at, self._said_state = now, state
            self.say(plain(status))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the process."""


class _Bars:
    """What stands at the bottom of a terminal, as wide as that is now."""

    def __init__(self, look: Callable[[], Status | None]) -> None:
        self._look = look
        #: Cells of each line that was drawn last.
        self.drawn: list[int] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        status = self._look()
        lines = [] if status is None else list(bars(status, options.max_width))
        self.drawn = [line.cell_len for line in lines]
        yield from lines
