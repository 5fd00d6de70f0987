"""The work itself: a film from what is to do to its record; and what pictures share with it."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from device.errors import (
    ConfigurationError,
    Interrupted,
    MissingInput,
    NetworkFileError,
    NotOurs,
    SourceChanged,
    SpaceError,
    TintcastError,
)
from device.jobs.batch.outcomes import Ending, now
from device.jobs.batch.places import is_gone, is_there, lies_among_sources
from device.jobs.batch.records import Begun
from device.jobs.batch.results import closed_segments, is_of_another, is_ours, tidy, unrecorded
from device.jobs.film import FilmTask, run_film
from device.jobs.film_identity import is_source
from device.jobs.film_receipt import read_receipt
from device.jobs.film_shots import read_shots
from device.jobs.telling import number
from device.media.durable import writable
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.queue import Queue, Todo
    from device.jobs.batch.records import Ledger, Record
    from device.jobs.batch.scan import Item
    from device.jobs.film import Progress
    from device.jobs.supervise import Terms


class Work:
    """Does what ``queue`` has to do, and keeps in ``ledger`` what is begun."""

    def __init__(self, source: Path, out: Path, config: Config, queue: Queue, ledger: Ledger) -> None:
        self.out, self.config = out, config
        self._source = source
        self._queue = queue
        self._ledger = ledger

    def film(
        self,
        todo: Todo,
        stop: Stop,
        terms: Terms,
        *,
        check: Callable[[], None],
        progress: Callable[[Progress], None],
        say: Callable[[str], None],
    ) -> Record:
        """Colorize a film or a sequence; ``check`` is called before, and may raise SpaceError.

        Raises Interrupted, Postponed among it, and NetworkFileError; what else goes wrong is in the record.
        """
        ending = Ending(todo.item, {}, now())
        try:
            ending = self.prepare(todo)
            check()
            self._ledger.starts.begin(todo.item.relative, closed_segments(self.out / todo.outs[0]))
            self.begin([(todo, ending)])
            return self._film(todo, ending, stop, terms, progress=progress, say=say)
        except (Interrupted, NetworkFileError):
            raise
        except TintcastError as error:
            return self.failed(todo, ending, error)
        finally:
            self._ledger.starts.end(todo.item.relative)

    def _film(
        self,
        todo: Todo,
        ending: Ending,
        stop: Stop,
        terms: Terms,
        *,
        progress: Callable[[Progress], None],
        say: Callable[[str], None],
    ) -> Record:
        """Do what is begun. A film that has its name is done, whatever became of its process then."""
        item, (out,) = todo.item, todo.outs
        redone = _redone(self.out / out)
        try:
            result = run_film(
                self._task(todo, ending),
                progress=progress,
                say=say,
                stop=stop,
                terms=terms,
            )
        except TintcastError:
            known = read_receipt(self._ledger.receipt, self.out / out)
            if known is None:
                raise
            tidy(self.out / out)
            fields = known
        else:
            fields = asdict(result)
        if skipped := fields.get("skipped"):
            return ending.skipped(skipped, fields)
        notes = (*filter(None, (todo.why, redone, self._left_over(item, out))), *fields["notes"])
        return ending.done(self.out / out, out, {**fields, "notes": notes})

    def _task(self, todo: Todo, ending: Ending) -> FilmTask:
        out = (self.out / todo.outs[0]).absolute()
        source = todo.item.path.absolute()
        return FilmTask(
            source,
            out,
            self.config,
            publish=self.config.batch.frames,
            identity=ending.identity,
            receipt=self._ledger.receipt.absolute(),
            go_without=True,
            skip_colour=True,
        )

    def prepare(self, todo: Todo) -> Ending:
        """See that the work on a file may begin; what its record will say.

        Raises the errors of a file that can't be read, and of a result that can't be written.
        """
        self._ledger.check()
        ending = Ending(todo.item, {}, now())
        ending = replace(ending, identity=self._queue.identity(todo.item))
        for out in todo.outs:
            self._clear(out, ending)
        return ending

    def failed(self, todo: Todo, ending: Ending, error: TintcastError) -> Record:
        """The record of a file whose work ended with ``error``."""
        heart = self.at_heart(error, todo, ending)
        if isinstance(heart, MissingInput) and self._is_deleted(todo.item):
            for out in todo.outs:
                shutil.rmtree(WorkFolder.path_for(self.out / out), ignore_errors=True)
        return ending.failed(heart, self._ledger.get(todo.item.relative))

    def unrecorded(self, todo: Todo) -> str | None:
        """Which of its results stands there without a record, as of ``results.unrecorded``."""
        return unrecorded(self.out, todo.outs, self._ledger.get(todo.item.relative))

    def _is_deleted(self, item: Item) -> bool:
        """Whether the file is gone and others are there: not the disk that they lie on."""
        try:
            return is_gone(item.path) and any(self._source.iterdir())
        except OSError:
            return False

    def _clear(self, out: str, ending: Ending) -> None:
        """See that the result may go to ``out``, and make the folder for it.

        Raises NotOurs where another file stands there, ConfigurationError where it would lie among the
        sources, and the errors of a folder that can't be made.
        """
        target, before = self.out / out, self._ledger.get(ending.item.relative)
        if is_there(target) and before is not None and before.out == out and is_of_another(before, ending):
            raise NotOurs(
                f"{out} in the folder of results was made of {before.source}",
                hint="name another folder for the results of this one",
            )
        if is_there(target) and not is_ours(target, out, before):
            changed = before is not None and before.out == out
            raise NotOurs(
                f"{out} stands in the folder of results and "
                + ("was changed since it was made" if changed else "is not ours"),
                hint="move it away, or delete it, for a new one",
            )
        with writable(target.parent):
            if lies_among_sources(target, self._source, self.out):
                raise ConfigurationError(f"its result {target} would lie among the files that are read")
            target.parent.mkdir(parents=True, exist_ok=True)

    def begin(self, begun: Iterable[tuple[Todo, Ending]]) -> None:
        """Note what is begun. Raises an error of the tree: SpaceError on a full disk."""
        self._forget_other_names(begun := list(begun))
        self._ledger.begin(
            tuple(Begun(todo.item.relative, todo.outs, ending.identity) for todo, ending in begun)
        )

    def _left_over(self, item: Item, out: str) -> str:
        """What is to be said of an earlier result under another name."""
        before = self._ledger.get(item.relative)
        if before is None or before.out in {None, out} or not is_there(self.out / str(before.out)):
            return ""
        return f"its earlier result stays, {before.out}"

    def _forget_other_names(self, begun: Iterable[tuple[Todo, Ending]]) -> None:
        """Delete what was begun of the same files under other names: another codec has another ending."""
        before = {each.relative: each.outs for each in self._ledger.begun()}
        for todo, _ in begun:
            for out in set(before.get(todo.item.relative, ())) - set(todo.outs):
                shutil.rmtree(WorkFolder.path_for(self.out / out), ignore_errors=True)

    def at_heart(self, error: TintcastError, todo: Todo, ending: Ending) -> TintcastError:
        """The reason behind ``error``, where that is that the file is not there any more, or another one."""
        path = todo.item.path
        if isinstance(error, NotOurs | SpaceError | ConfigurationError):
            return error
        if is_gone(path):
            return MissingInput("is no longer there")
        try:
            if ending.identity and not is_source(path, ending.identity):
                return SourceChanged("changed while it was worked on")
        except TintcastError as unreadable:
            return unreadable
        return error


def _redone(film: Path) -> str:
    """What is to be said of shots of an earlier ``film`` that settings of their own were asked for."""
    before = read_shots(film)
    count = 0 if before is None else sum(bool(shot.settings) for shot in before.shots)
    if not count:
        return ""
    was = "that was redone is" if count == 1 else "that were redone are"
    return f"{number(count, 'shot')} {was} as the rest again (tintcast redo)"
