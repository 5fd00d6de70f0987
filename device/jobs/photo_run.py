"""A run over many photographs: a few at a time, one broken file takes no other with it, memory is bounded.

Each picture goes through one thread from its file to its file, so that some are decoded and encoded while
another one has the network.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

from device.engine import Budget, Leases, Stopped, Workers
from device.errors import InputError, Interrupted, NetworkFileError, SpaceError, Stuck, TintcastError
from device.jobs.photo_develop import Developed, Outcome
from device.media.contact import BeforeAfter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.engine import Lease, Stop
    from device.jobs.photo_develop import Developer
    from device.jobs.photo_plan import Place, Plan
    from device.media.contact_pages import ContactPages

_log = logging.getLogger(__name__)

#: How long one picture may take, in seconds: as large as it may be, on a small board.
_PATIENCE_S = 1800.0
#: How long the pictures that are being worked on may take once the run is to end.
_GRACE_S = 60.0
#: At most so many pixels are worked on at a time: a larger picture is worked on alone.
_MOST_PIXELS = 50_000_000


class Notes:
    """What the user should know of pictures: each thing once, and at the end of how many more it is true."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()

    def take(self, path: Path, text: str) -> None:
        """Take a note on the file ``path``, from any thread."""
        with self._lock:
            self._seen[text] += 1
            if self._seen[text] == 1:
                self._say(str(TintcastError(f"note: {text}", where=path)))

    def close(self) -> None:
        """Say what was true of several."""
        for text, count in self._seen.items():
            if count > 1:
                self._say(f"{count - 1} more: note: {text}")


class PhotoRun:
    """All pictures of a plan, each taken by the next thread that is free; ``counts``: what became of them.

    ``alone``: there is but one, whose error is the run's. Of several, those that fail are told to ``say``.
    ``progress(pictures, of)``.
    """

    def __init__(
        self,
        todo: Plan,
        developer: Developer,
        sheet: ContactPages | None,
        stop: Stop,
        *,
        say: Callable[[str], None],
        progress: Callable[[int, int | None], None],
        alone: bool,
    ) -> None:
        self._places = todo.places
        self._developer, self._sheet = developer, sheet
        self._stop, self._say, self._progress = stop, say, progress
        self._alone = alone
        self._budget = Budget(_MOST_PIXELS, stop)
        self._lock = threading.Lock()
        self._next = iter(enumerate(todo.places))
        self.counts: Counter[Outcome] = Counter()

    def work(self, threads: int) -> None:
        """Develop all pictures with so many threads.

        Raises SpaceError, NetworkFileError, and Interrupted where the run was to stop; pictures that were
        being worked on then are finished first.
        """
        workers = Workers(self._stop, Leases())
        for number in range(threads):
            workers.start(f"photograph {number + 1}", self._take_turns, lease_s=_PATIENCE_S)
        try:
            workers.join(_GRACE_S)
        except Stuck as error:
            if self._stop.requested:
                raise Interrupted(hint=error.what) from error
            raise
        if self._stop.requested:
            done = f"{self.counts.total()} of {len(self._places)} pictures are done"
            raise Interrupted(hint=None if self._alone else f"{done}; run it again to go on from here")

    def _take_turns(self, lease: Lease) -> None:
        while not self._stop.is_set():
            with self._lock:
                index, place = next(self._next, (0, None))
            if place is None:
                return
            outcome = self._take(index, place, lease)
            _log.info("%s: %s", place.source, outcome.value)
            with self._lock:
                self.counts[outcome] += 1
                self._progress(self.counts.total(), len(self._places))

    def _take(self, index: int, place: Place, lease: Lease) -> Outcome:
        pair = self._sheet is not None and self._sheet.wants(index)
        try:
            with self._budget.use(self._developer.cost(place, pair=pair), lease):
                developed = self._developer.develop(place, pair=pair)
        except (SpaceError, NetworkFileError, Stopped):
            raise
        except Exception as error:
            if self._alone:
                raise
            self._say(_line(error, place))
            developed = Developed(Outcome.FAILED, BeforeAfter.nothing(f"{place.source.name}: failed"))
        if self._sheet and developed.pair:
            self._sheet.add(index, developed.pair)
        return developed.outcome


def _line(error: Exception, place: Place) -> str:
    """What went wrong with one picture."""
    if isinstance(error, TintcastError):
        return str(error)
    if isinstance(error, MemoryError):
        return str(InputError("too large for this machine's memory", where=place.source))
    return str(TintcastError(f"a mistake of ours: {type(error).__name__}: {error}", where=place.source))
