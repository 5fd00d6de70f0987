"""JPEGs one behind the other into a pipe: FFmpeg's mjpeg, which go2rtc takes from a program it runs."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Self

from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.sinks.views import View, Views

#: How often a pipe without pictures looks whether it is to end, in seconds.
_LOOK_S = 0.5
#: A picture that is on its way out may take so long at the end, in seconds.
_ENDING_S = 1.0


def claim_stdout() -> int:
    """Standard output for pictures alone: whatever is printed from now on goes to standard error.

    Returns the descriptor to write to, the caller's to close. Raises ConfigurationError where it is a
    terminal.
    """
    if os.isatty(1):
        raise ConfigurationError(
            "a terminal shows no JPEGs", where="--stdout", hint="pipe it into a program that reads them"
        )
    sys.stdout.flush()
    claimed = os.dup(1)
    os.dup2(2, 1)
    return claimed


class MjpegPipe:
    """Writes every picture of a view to a descriptor, from a thread of its own; the newest wins.

    ``on_end``: called once, from that thread, with None when whoever read it went away, or with what went
    wrong.
    """

    def __init__(
        self,
        views: Views,
        descriptor: int,
        view: View,
        *,
        rate: float = 0.0,
        on_end: Callable[[Exception | None], None] = lambda _: None,
    ) -> None:
        self._watch = views.watch(view, rate)
        self._descriptor = descriptor
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name="mjpeg", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End behind the picture that is on its way; one that nobody reads is left where it is."""
        self._watch.close()
        self._thread.join(_ENDING_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            while not self._watch.ended:
                shown = self._watch.take(_LOOK_S)
                if shown is not None:
                    self._write(shown.jpeg)
        except BrokenPipeError:
            self._end(None)
        except OSError as error:
            self._end(from_os_error(error, where="standard output", doing="can't be written"))

    def _write(self, jpeg: bytes) -> None:
        left = memoryview(jpeg)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def _end(self, error: Exception | None) -> None:
        self._watch.close()
        self._on_end(error)
