"""Makes report.html of report.json, in this process: no picture on the disk can take the night with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from device.engine import Stop
from device.jobs.batch.report import JSON_NAME, PAGE_NAME
from device.jobs.batch.report_page import page_of
from device.jobs.batch.report_schema import NightReport
from device.jobs.supervise import serve
from device.media.durable import write_bytes
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.batch.report import PageTask


def make(task: PageTask, _send: Callable[[object], None], stop: Stop) -> int:
    """Write the page; returns its size in bytes. Raises SpaceError, InputError, Interrupted at the stop."""
    report = NightReport.model_validate_json(read_regular(task.out / JSON_NAME))
    page = page_of(report, task.out, stop).encode()
    write_bytes(task.out / PAGE_NAME, page)
    return len(page)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), make, Stop()))
