"""What a command shows while it works: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds between two plain lines where there is no terminal.
PLAIN_INTERVAL = 10.0


def passed_line(passed: int, of: int, what: str, when: str) -> str:
    """A last line on what passed as it was, ``when`` (of the configuration) says why; empty: nothing did."""
    if not passed:
        return ""
    why = "passed as they were" if when == "never" else "were in colour already and passed as they were"
    return f"\n{passed} of {of} {what} {why}"


class ProgressLine:
    """A progress bar for one piece of work, on standard error, so that results can be piped.

    Calls to ``update`` may come from any thread.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._console = Console(file=sys.stderr)
        self._last_plain = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task(self._title, total=None, note="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line for people above the bar."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def update(self, done: int, total: int | None, note: str = "") -> None:
        """Show that ``done`` of ``total`` (None: not known) is done, with a short ``note`` beside it."""
        if self._bar:
            self._bar.update(self._task, completed=done, total=total, note=note)
            return
        now = time.monotonic()
        if now - self._last_plain >= PLAIN_INTERVAL:
            self._last_plain = now
            of = f"{done}/{total}" if total else f"{done}"
            self._console.print(f"{self._title}: {of} {note}".rstrip(), highlight=False)


class StatusLine:
    """One line that says how it goes now, on standard error where that is a terminal; elsewhere none.

    Lines that are said stand above it. Calls may come from any thread.
    """

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody reads it, and no file keeps it: whatever rich has been told (FORCE_COLOR)."""
        return self._console.file.isatty()

    def __enter__(self) -> Self:
        if self.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line for people."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def show(self, line: str) -> None:
        """How it goes now."""
        if self.is_terminal:
            self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
