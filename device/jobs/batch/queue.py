"""What is still to do of a folder: what is done stays, what changed is done again, failures are set aside."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from device.errors import TintcastError
from device.jobs.batch.arriving import Settling
from device.jobs.batch.naming import shown
from device.jobs.batch.places import Places, is_there
from device.jobs.batch.records import PASSING, Outcome
from device.jobs.batch.results import closed_segments
from device.jobs.batch.scan import Found, scan
from device.jobs.film_identity import (
    changed,
    film_identity,
    picture_identity,
    sequence_identity,
    told_changed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.config import Config
    from device.jobs.batch.records import Ledger, Record
    from device.jobs.batch.scan import Item, State
    from device.jobs.film_identity import Ground


#: What becomes another file while it is worked on is tried so often in one run.
_TRIES = 3


class Fate(Enum):
    """What is to be done about a file."""

    TODO = "to do"
    FINISHED = "finished"
    ASIDE = "set aside"


@dataclass(frozen=True, slots=True)
class Todo:
    """A file to do. ``outs`` as of ``Places``; ``why``: of one that was done before, why again."""

    item: Item
    outs: tuple[str, ...]
    why: str = ""


class Queue:
    """What is to do under ``source``, looked at again and again. ``todo``: as of the last look, in order.

    ``before``: how many files were finished by earlier runs; ``aside``: how many are set aside because they
    failed then; ``arriving``: files that are not whole yet, ``unfinished``: that nobody goes on with.
    ``suspects``: films that come last, for they may take the board down. ``found``: all of the last look.
    Safe from any thread.
    """

    def __init__(self, source: Path, out: Path, config: Config, ground: Ground, ledger: Ledger) -> None:
        self._source, self._out = source, out
        self._config = config
        self._ground = ground
        self._ledger = ledger
        self._settling = Settling(config.batch.settle_seconds)
        self._fates: dict[str, tuple[State, Fate, str]] = {}
        self._tries: Counter[str] = Counter()
        self._mine: set[str] = set()
        self.todo: list[Todo] = []
        self.arriving: list[str] = []
        self.unfinished: list[str] = []
        self.suspects: set[str] = set()
        self.before = self.aside = 0
        self.found = Found()
        self._said: set[str] = set()
        self._lock = threading.RLock()

    def look(self) -> None:
        """Look through the folder."""
        found = scan(self._source, self._out, sequences=bool(self._config.batch.rate))
        with self._lock:
            self._sort(found)

    def take(self, most: int) -> list[Todo]:
        """The next file; of pictures up to ``most`` that follow each other; nothing where nothing is left."""
        with self._lock:
            pictures = itertools.takewhile(lambda todo: todo.item.kind == "picture", self.todo)
            return list(itertools.islice(pictures, most)) or self.todo[:1]

    def remarks(self) -> Iterator[str]:
        """What the user should know of what was found; each thing once."""
        found = self.found
        for line in (
            *map(str, found.unread),
            *(
                f"{shown(name)}: comes last: when it was begun, the run was cut off before it got further"
                for name in sorted(self.suspects)
            ),
            *(
                f"{shown(name)}: left out: by {'its name' if name in found.partial else 'a file beside it'} "
                "it is not whole, and nobody goes on with it"
                for name in self.unfinished
            ),
        ):
            if line not in self._said:
                self._said.add(line)
                yield line

    def _sort(self, found: Found) -> None:
        self.found = found
        items, self.arriving, self.unfinished = self._settling.look(found)
        begun = self._ledger.begun()
        places = Places(self._source, self._config.film, self.found.items, self._ledger.all(), begun)
        fates = [(item, *self._fate(item)) for item in items]
        self.todo = [Todo(item, places.outs(item), why) for item, fate, why in fates if fate is Fate.TODO]
        # What was begun first: what is done of it should not lie about.
        first = {each.relative for each in begun}
        self.suspects = {todo.item.relative for todo in self.todo if self._is_suspect(todo)}
        self.todo.sort(
            key=lambda todo: (todo.item.relative in self.suspects, todo.item.relative not in first)
        )
        earlier = [fate for item, fate, _ in fates if item.relative not in self._mine]
        self.before, self.aside = earlier.count(Fate.FINISHED), earlier.count(Fate.ASIDE)

    def _is_suspect(self, todo: Todo) -> bool:
        segments = closed_segments(self._out / todo.outs[0])
        return self._ledger.starts.is_suspect(todo.item.relative, segments)

    def identity(self, item: Item) -> dict[str, Any]:
        """What the result of ``item`` follows from. Raises an error of the tree where it can't be read."""
        if item.kind == "sequence":
            return sequence_identity(item.pictures, self._config.batch.rate, self._config, self._ground)
        known = self._ledger.get(item.relative)
        sample = _sample_of(known, item) if known is not None else None
        make = film_identity if item.kind == "film" else picture_identity
        return make(item.path, self._config, self._ground, sample=sample)

    def settle(self, item: Item, record: Record) -> None:
        """Keep what became of ``item``. Raises an error of the tree: SpaceError on a full disk."""
        with self._lock:
            self._settle(item, record)
            # Nearly always the first: of very many files the list is not made anew for each.
            for place, todo in enumerate(self.todo):
                if todo.item.relative == item.relative:
                    del self.todo[place]
                    break

    def _settle(self, item: Item, record: Record) -> None:
        earlier = self._ledger.get(item.relative)
        if record.how != "there" or earlier is None or earlier.source == record.source:
            self._ledger.write(record)  # what became of another file stays known
        self._mine.add(item.relative)
        fate = Fate.ASIDE if record.outcome is Outcome.FAILED else Fate.FINISHED
        self._tries[item.relative] += 1
        if record.how in {"gone", "changed"} and self._tries[item.relative] < _TRIES:
            self._fates.pop(item.relative, None)
        else:
            self._fates[item.relative] = (item.state, fate, "")

    def retry(self) -> int:
        """Take what is set aside for something to do again; returns how many files that is."""
        with self._lock:
            aside = {name: known for name, known in self._fates.items() if known[1] is Fate.ASIDE}
            self._fates |= {name: (state, Fate.TODO, "tried again") for name, (state, _, _) in aside.items()}
            self._tries.clear()
            return len(aside)

    def _fate(self, item: Item) -> tuple[Fate, str]:
        known = self._fates.get(item.relative)
        if known is None or known[0] != item.state:
            known = self._fates[item.relative] = (item.state, *self._decide(item))
        return known[1:]

    def _decide(self, item: Item) -> tuple[Fate, str]:
        record = self._ledger.get(item.relative)
        if record is None:
            return Fate.TODO, ""
        try:
            differs = changed(record.identity, self.identity(item))
        except TintcastError:  # its work will say why
            return Fate.TODO, ""
        kept = self._config.batch.keep_old and record.outcome is not Outcome.FAILED
        gone = record.out is not None and not is_there(self._out / record.out)
        if differs and (gone or not kept):
            return Fate.TODO, f"begun afresh: {told_changed(differs)} changed since it was made"
        if record.outcome is Outcome.FAILED:
            if record.how in PASSING or self._config.batch.retry_failed:
                return Fate.TODO, "tried again"
            return Fate.ASIDE, ""
        return (Fate.TODO, "its result is gone") if gone else (Fate.FINISHED, "")


def _sample_of(record: Record, item: Item) -> str | None:
    """The sampled hash in ``record``, where the file was not touched since: then it need not be read."""
    source = record.identity.get("source", {})
    state = item.state
    try:
        began = datetime.fromisoformat(record.began).timestamp()
    except (ValueError, OverflowError):
        return None
    same = (source.get("bytes"), source.get("mtime_ns")) == (state.size, state.mtime_ns)
    return source.get("sample") if same and state.ctime_ns / 1e9 < began else None
