"""OUT/report.json and OUT/report.html: what a night has done, for programs and for people.

Both are whole whenever the plug is pulled. The first is written as each file ends; the second, which has
pictures in it, by a process of its own, when what was made since outweighs it: a card that keeps films is not
to be worn out by reports on them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from device.engine import Stop
from device.errors import TintcastError
from device.jobs.batch.naming import shown
from device.jobs.batch.records import FOLDER, Ledger
from device.jobs.batch.report_data import now, report_of, this_machine
from device.jobs.batch.report_schema import FORMAT
from device.jobs.supervise import Crashed, MemoryExceeded, Stalled, Terms, run_child
from device.media.durable import write_bytes
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device.config import Config
    from device.jobs.batch.records import Record
    from device.jobs.batch.report_schema import NightReport
    from device.jobs.batch.status import Status

_log = logging.getLogger(__name__)

JSON_NAME: Final = "report.json"
PAGE_NAME: Final = "report.html"
#: Both say so near their beginning, and no other file does.
_MARK: Final = FORMAT.encode()
_BEGINNING: Final = 1024
#: A report of up to so many bytes is always written; a larger one where it is at most this share of what was
#: made since, or after so many seconds.
_SMALL: Final = 64 * 1024
_SHARE: Final = 0.02
_LATEST_S: Final = {JSON_NAME: 60.0, PAGE_NAME: 1800.0}
#: Nor does writing it take more than this share of the time, nor more than so many bytes a second.
_SHARE_OF_TIME: Final = 0.02
_BYTES_A_SECOND: Final = 1e6 / 60
#: No more often than this, in seconds: a page takes a process.
_SOONEST_S: Final = {JSON_NAME: 0.0, PAGE_NAME: 20.0}
#: The page takes so long at most, and where somebody waits for the end, in seconds.
_PAGE_S: Final = 120.0
_LAST_PAGE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class PageTask:
    """What the page's process is told: where results, report and stills of a night are."""

    out: Path


class Report:
    """The reports of one run, from its beginning to ``close``. ``tell`` it of every file that has ended.

    ``say``: a line for people: what can't be written is said once, and never ends a night. Files under these
    names that are not ours are left alone.
    """

    def __init__(self, source: Path, out: Path, config: Config, *, say: Callable[[str], None]) -> None:
        self._source, self._out, self._config = source.absolute(), out.absolute(), config
        self._say = say
        self._began, self._machine = now(), this_machine()
        self._pace = {name: _Pace(_SOONEST_S[name], latest_s) for name, latest_s in _LATEST_S.items()}
        self._told = 0
        self._said: set[str] = set()
        self._stop = Stop()
        self._page: threading.Thread | None = None
        self._ours = {name: _is_ours(self._out / name) for name in _LATEST_S}
        for name, ours in self._ours.items():
            if not ours:
                say(f"{shown(name)} is there and not ours: it is left alone")

    def tell(self, status: Status, records: Sequence[Record]) -> None:
        """Files have ended. ``records``: all there are, those of earlier runs among them. Never raises."""
        made = sum(record.out_bytes for record in status.records[self._told :])
        self._told = len(status.records)
        for pace in self._pace.values():
            pace.made += made
        if self._pace[JSON_NAME].due(time.monotonic()):
            self._write_json(status, records)
            if self._pace[PAGE_NAME].due(time.monotonic()) and not self._busy:
                self._begin_page()

    def close(self, status: Status, records: Sequence[Record], *, stopped: bool = False) -> None:
        """The run ends; ``stopped``: because somebody wants it to, and waits. Never raises."""
        self._write_json(status, records, stopped=stopped)
        patience_s = _LAST_PAGE_S if stopped else _PAGE_S
        self._stop.request()
        if self._page is not None:
            self._page.join(patience_s)
        if not self._busy:  # two of them would write to one file
            self._begin_page(low=False).join(patience_s)
        self._stop.request()  # a page that is late is none: its process goes with ours

    def _report(self, status: Status, records: Sequence[Record], *, stopped: bool = False) -> NightReport:
        return report_of(
            status,
            records,
            source=self._source,
            out=self._out,
            config=self._config,
            machine=self._machine,
            began=self._began,
            stopped=stopped,
        )

    def _write_json(self, status: Status, records: Sequence[Record], *, stopped: bool = False) -> None:
        if not self._ours[JSON_NAME]:
            return
        began = time.monotonic()
        data = self._report(status, records, stopped=stopped).model_dump_json(indent=1).encode()
        try:
            write_bytes(self._out / JSON_NAME, data)
        except TintcastError as error:
            self._trouble(error)
        self._pace[JSON_NAME].written(len(data), began, time.monotonic())

    @property
    def _busy(self) -> bool:
        return self._page is not None and self._page.is_alive()

    def _begin_page(self, *, low: bool = True) -> threading.Thread:
        """``low``: it stands back behind all else."""
        self._stop = Stop()
        self._page = threading.Thread(target=self._write_page, args=(self._stop, low), daemon=True)
        self._page.start()
        return self._page

    def _write_page(self, stop: Stop, low: bool) -> None:  # noqa: FBT001 - as a thread's function
        page = self._out / PAGE_NAME
        if not all(self._ours.values()):
            return
        task = PageTask(self._out)
        began = time.monotonic()
        try:
            size = _make_page(task, stop, low=low)
            self._pace[PAGE_NAME].written(size, began, time.monotonic())
        except (Crashed, MemoryExceeded, Stalled) as error:
            self._trouble(TintcastError(f"its process failed: {error}", where=page))
        except TintcastError as error:
            if not stop.is_set():
                self._trouble(error)

    def _trouble(self, error: TintcastError) -> None:
        line = str(error)
        if line not in self._said:
            self._said.add(line)
            self._say(f"{line}; the night goes on")


def own_page(out: Path) -> Path | None:
    """The page of the night whose results are in ``out``; None where there is none, or another file."""
    page = out / PAGE_NAME
    return page if _is_our_own(page) else None


def refresh_page(film: Path, stop: Stop) -> Path | None:
    """Make the page anew of the night whose result ``film`` is, as its shots have changed; returns the page.

    None: there is none, or the night goes on, and its own page follows, or it can't be made.
    """
    for folder in film.absolute().parents:
        page, report = folder / PAGE_NAME, folder / JSON_NAME
        if os.path.isdir(folder / FOLDER) and _is_our_own(page) and _is_our_own(report):  # noqa: PTH112 - never raises
            with contextlib.suppress(TintcastError, Crashed, MemoryExceeded, Stalled), Ledger(folder).hold():
                _make_page(PageTask(folder), stop, low=False)
                return page
    return None


def _make_page(task: PageTask, stop: Stop, *, low: bool) -> int:
    """Have the page made, and return its size; errors as ``run_child``."""
    size: int = run_child(
        "device.jobs.batch.report_child",
        task,
        stop,
        lambda _: False,
        stall_s=_PAGE_S,
        terms=Terms(low=low),
    )
    return size


def _is_our_own(path: Path) -> bool:
    """Whether an earlier run wrote what stands there."""
    return os.path.isfile(path) and _is_ours(path)  # noqa: PTH113 - it never raises


def _is_ours(path: Path) -> bool:
    """Whether nothing stands there, or what an earlier run wrote."""
    try:
        return _MARK in read_regular(path, _BEGINNING)
    except FileNotFoundError:
        return True
    except OSError:
        return False


class _Pace:
    """When a file is worth being written again."""

    def __init__(self, soonest_s: float, latest_s: float) -> None:
        self._soonest_s, self._latest_s = soonest_s, latest_s
        self._size = 0
        self._took_s = 0.0
        self._at = float("-inf")
        #: Bytes that the night made since.
        self.made = 0

    def due(self, now_s: float) -> bool:
        since = now_s - self._at
        light = self._size <= max(_SMALL, _SHARE * self.made)
        latest_s = max(self._latest_s, self._took_s / _SHARE_OF_TIME, self._size / _BYTES_A_SECOND)
        return since >= (self._soonest_s if light else latest_s)

    def written(self, size: int, began_s: float, now_s: float) -> None:
        self._size, self._took_s, self._at, self.made = size, now_s - began_s, now_s, 0
