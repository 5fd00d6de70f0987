"""A night, turn by turn: what is next is done, recorded and shown, until nothing is left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from device.engine import POLL_S
from device.errors import Interrupted, Postponed
from device.jobs.batch.forecast import Forecast
from device.jobs.batch.guest import Guest
from device.jobs.batch.picture_work import Pictures
from device.jobs.batch.queue import Queue
from device.jobs.batch.records import Ledger, Outcome
from device.jobs.batch.report import Report
from device.jobs.batch.work import Work
from device.jobs.telling import number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.guest import Verdict
    from device.jobs.batch.plan import Plan
    from device.jobs.batch.queue import Todo
    from device.jobs.batch.records import Record
    from device.jobs.batch.status import Night
    from device.jobs.film import Progress
    from device.jobs.film_identity import Ground


#: So many pictures go to one process.
_PICTURES = 256
#: Seconds between two reports on pictures.
_REPORT_S = 10.0
#: A folder that is so large that a look takes long is looked at less often: this many times as long.
_LOOKS_SHARE = 20
#: How long the end waits for a look that is under way, in seconds.
_LOOKER_S = 1.0


@dataclass(frozen=True, slots=True)
class Summary:
    """A night that has ended.

    ``done``, ``skipped``, ``failed``: files of this run; ``before``: finished by earlier ones; ``aside``:
    failed in earlier ones and not tried again; ``space``: how many failed for want of room; ``unread``:
    folders and files that can't be read; ``others``, ``links``: files that are neither films nor pictures,
    and linked folders, passed over; ``partial``: files that were never finished by whoever writes them.
    """

    done: int
    skipped: int
    failed: int
    before: int
    aside: int
    space: int
    unread: int
    others: int
    links: int
    partial: int


class Turns:
    """One run over the folder."""

    def __init__(
        self,
        source: Path,
        out: Path,
        config: Config,
        ground: Ground,
        *,
        ledger: Ledger,
        night: Night,
        stop: Stop,
        say: Callable[[str], None],
        planned: Callable[[Plan], None],
    ) -> None:
        self._config, self._settings = config, config.batch
        self._ledger, self._night, self._stop, self._say = ledger, night, stop, say
        self._planned = planned
        self._queue = Queue(source, out, config, ground, ledger)
        self._forecast = Forecast(out, config)
        self._report = Report(source, out, config, say=say)
        self._guest = Guest(config.batch, out, paused=lambda: night.paused_by)
        terms = self._guest.terms
        self._terms = replace(terms, held=lambda: self._show_held(terms.held()))
        self._work = Work(source, out, config, self._queue, ledger)
        self._ended = threading.Event()
        self._told = False
        self._tell_at = 0.0
        self._latest: dict[str, Record] = {}
        self._counts: Counter[Outcome] = Counter()
        self._records: tuple[Record, ...] = ()

    def work(self) -> Summary:
        """Do all there is to do."""
        self._look()
        looker = threading.Thread(target=self._keep_looking, name="looker", daemon=True)
        looker.start()
        try:
            while not self._stop.is_set() and self._turn():
                pass
        finally:
            self._ended.set()
            looker.join(_LOOKER_S)
            self._night.change(
                state="stopped" if self._stop.is_set() else "finished",
                reason="",
                file=None,
                progress=None,
                film_seconds_left=None,
                night_seconds_left=None,
            )
            self._report.close(self._night.status(), self._ledger.all(), stopped=self._stop.is_set())
        self._stop.raise_if_failed()
        if self._stop.is_set():
            raise Interrupted
        return self._summary()

    def _turn(self) -> bool:
        """Do the next thing; False: there is nothing left."""
        if self._is_to_retry():
            self._look()
        if not self._queue.todo:
            self._look()
        if not self._queue.todo:
            return self._wait_for_files()
        try:
            if not self._told:  # a person who has just begun a night wants to know, whatever the hour is
                self._measure()
            if not self._guest.wait(self._stop, self._show_verdict):
                return False
            self._measure()
            return self._work_on_next()
        except Postponed:
            return True
        except Interrupted:
            return False

    def _is_to_retry(self) -> bool:
        """Whether somebody wishes that what failed is tried again, and something failed."""
        by = self._night.take_retry()
        if by is None or not (count := self._queue.retry()):
            return False
        self._say(f"tried again, as {by} wishes: {number(count, 'file')} that failed")
        return True

    def _measure(self) -> None:
        """Find out, and say, what films take that have come since this was last done."""
        self._told = True
        if not self._settings.measure:
            return
        todos = self._queue.todo
        plan = self._forecast.measure(todos, self._stop, self._show_reason, self._show_measuring)
        if plan is not None:
            self._planned(plan)

    def _work_on_next(self) -> bool:
        if not (todos := self._queue.take(_PICTURES)):
            return True  # it went away meanwhile
        self._night.change(state="working", reason="", file=todos[0].item.relative, progress=None)
        if todos[0].item.kind == "picture":
            pictures = Pictures(self._work, todos, took=self._took, show=self._show_picture)
            pictures.colorize(self._stop, self._terms)
        else:
            self._film(todos[0])
        self._ledger.end()
        return True

    def _film(self, todo: Todo) -> None:
        record = self._work.film(
            todo,
            self._stop,
            self._terms,
            check=partial(self._check_room, todo),
            progress=self._show_progress,
            say=self._say,
        )
        self._took(todo, record)

    def _took(self, todo: Todo, record: Record) -> None:
        """Keep what became of a file."""
        self._queue.settle(todo.item, record)
        if earlier := self._latest.get(record.relative):
            self._counts[earlier.outcome] -= 1
        self._counts[record.outcome] += 1
        self._latest[record.relative] = record
        self._records = (*self._records, record)
        self._night.change(
            done=self._counts[Outcome.DONE],
            failed=self._counts[Outcome.FAILED],
            skipped=self._counts[Outcome.SKIPPED],
            records=self._records,
            left=len(self._queue.todo),
            progress=None,
            film_seconds_left=None,
        )
        # Many pictures end in a second.
        if record.kind != "picture" or time.monotonic() >= self._tell_at:
            self._tell_at = time.monotonic() + _REPORT_S
            self._report.tell(self._night.status(), self._ledger.all())

    def _check_room(self, todo: Todo) -> None:
        """See that the film fits. Raises SpaceError."""
        size, there = self._forecast.room(todo)
        self._guest.room.check(size, there)

    def _look(self) -> None:
        """Look through the folder, and show what is there."""
        self._queue.look()
        self._night.change(
            arriving=len(self._queue.arriving), left=len(self._queue.todo), before=self._queue.before
        )
        for line in self._queue.remarks():
            self._say(line)

    def _keep_looking(self) -> None:
        """Look again and again while a film takes its time; a night that can't is no night that goes on."""
        took = 0.0
        try:
            while not self._ended.wait(max(self._settings.look_seconds, _LOOKS_SHARE * took)):
                began = time.monotonic()
                self._look()
                took = time.monotonic() - began
        except Exception as error:  # noqa: BLE001 - it is raised where the night ends
            if not self._ended.is_set():
                self._stop.fail(error)

    def _wait_for_files(self) -> bool:
        """Wait for what is arriving, or may come; False: there is nothing to wait for."""
        arriving = len(self._queue.arriving)
        if not arriving and not self._settings.watch:
            return False
        reason = "for files that are still arriving" if arriving else "for new files"
        self._night.change(state="waiting", reason=reason, file=None, progress=None)
        deadline = time.monotonic() + min(
            self._settings.look_seconds, max(self._settings.settle_seconds, 0.2)
        )
        while time.monotonic() < deadline and not self._is_to_retry():
            if self._stop.wait(POLL_S):
                return False
        return True

    def _show_progress(self, progress: Progress) -> None:
        left = None
        if progress.rate and progress.total:
            left = max(progress.total - progress.done, 0) / progress.rate
        self._night.change(
            progress=progress, film_seconds_left=left, night_seconds_left=self._night_left(left)
        )

    def _night_left(self, film: float | None) -> float | None:
        others = self._forecast.seconds(self._queue.todo[1:])
        return None if film is None or others is None else film + others

    def _show_measuring(self) -> None:
        self._night.change(state="measuring", reason="", file=None)

    def _show_reason(self, reason: str) -> None:
        self._night.change(reason=reason)

    def _show_picture(self, relative: str) -> None:
        self._night.change(file=relative)

    def _show_verdict(self, verdict: Verdict) -> None:
        state = "paused" if verdict.kind == "pause" else "waiting"
        self._night.change(state=state, reason=verdict.reason, file=None, progress=None)

    def _show_held(self, reason: str | None) -> str | None:
        """Show why the child rests; passes ``reason`` on."""
        if reason is not None:
            self._night.change(state="paused", reason=reason)
        elif self._night.status().state == "paused":
            self._night.change(state="working", reason="")
        return reason

    def _summary(self) -> Summary:
        queue, found = self._queue, self._queue.found
        failed = [record for record in self._latest.values() if record.outcome is Outcome.FAILED]
        return Summary(
            done=self._counts[Outcome.DONE],
            skipped=self._counts[Outcome.SKIPPED],
            failed=len(failed),
            before=queue.before,
            aside=queue.aside,
            space=sum(record.how == "space" for record in failed),
            unread=len(found.unread),
            others=found.others,
            links=found.links,
            partial=len(queue.unfinished),
        )
