"""Ctrl-C and the service manager's stop signal end a run in good order; a second one ends the process."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from device.engine.stop import Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into ``stop.request()`` inside the block; only in the main thread.

    A second signal takes its default course: the process ends at once. The handlers from before are put back.
    """

    def handle(_signum: int, _frame: FrameType | None) -> None:
        stop.request()
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    before = {each: signal.signal(each, handle) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
