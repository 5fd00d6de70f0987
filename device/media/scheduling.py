"""Encoders that would take the processor from everybody else, and don't."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def as_before() -> Iterator[None]:
    """Have all threads of this process scheduled as the one that calls was, whatever is opened inside.

    SVT-AV1, where it may (as root), takes real time for the thread that opens it and for all of its own:
    these, and whatever they start, would keep everybody else on the board from the processor.
    """
    if not hasattr(os, "sched_getscheduler"):  # not Linux
        yield
        return
    before, real_time = os.sched_getscheduler(0), {os.SCHED_FIFO, os.SCHED_RR}
    try:
        yield
    finally:
        for thread in () if before in real_time else Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                if os.sched_getscheduler(int(thread.name)) in real_time:
                    os.sched_setscheduler(int(thread.name), before, os.sched_param(0))
