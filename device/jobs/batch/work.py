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
    SourceChanged,
    SpaceError,
    TintcastError,
)
from device.jobs.batch.outcomes import Ending, NotOurs, now
from device.jobs.batch.places import is_there, lies_among_sources
from device.jobs.batch.records import Begun, Outcome
from device.jobs.batch.scan import Item, State, kind_of
from device.jobs.film import FilmTask, run_film
from device.jobs.film_identity import is_source
from device.jobs.film_receipt import read_receipt
from device.jobs.film_shots import read_shots
from device.media.durable import writable
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.queue import Queue, Todo
    from device.jobs.batch.records import Ledger, Record
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
        item, (out,) = todo.item, todo.outs
        ending = Ending(item, {}, now())
        try:
            ending = self.prepare(todo)
            check()
            self.begin([(todo, ending)])
            result = run_film(
                self._task(todo, ending),
                progress=progress,
                say=say,
                stop=stop,
                terms=terms,
            )
        except (Interrupted, NetworkFileError):
            raise
        except TintcastError as error:
            known = read_receipt(self._ledger.receipt, self.out / out)
            if known is None:
                return self.failed(todo, ending, error)
            fields = known
        else:
            fields = asdict(result)
        if skipped := fields.get("skipped"):
            return ending.skipped(skipped, fields)
        notes = (*filter(None, (todo.why, self._left_over(item, out))), *fields["notes"])
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
        return ending.failed(self._at_heart(error, todo, ending), self._ledger.get(todo.item.relative))

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
        if lies_among_sources(target, self._source, self.out):
            raise ConfigurationError(f"its result {target} would lie among the files that are read")
        with writable(target.parent):
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

    def _at_heart(self, error: TintcastError, todo: Todo, ending: Ending) -> TintcastError:
        """The reason behind ``error``, where that is that the file is not there any more, or another one."""
        path = todo.item.path
        if isinstance(error, NotOurs | SpaceError | ConfigurationError):
            return error
        if not path.exists():
            return MissingInput("is no longer there")
        try:
            if ending.identity and not is_source(path, ending.identity):
                return SourceChanged("changed while it was worked on")
        except TintcastError as unreadable:
            return unreadable
        return error


def is_ours(target: Path, out: str, record: Record | None) -> bool:
    """Whether the file ``target``, ``out`` below OUT, is as ``record`` says, or as a redone shot left it."""
    if record is None or record.out != out:
        return False
    return is_as_recorded(target, record) or read_shots(target) is not None


def is_as_recorded(target: Path, record: Record | None) -> bool:
    """Whether the file ``target`` has the size and the time that ``record`` says."""
    if record is None:
        return False
    try:
        status = target.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (record.out_bytes, record.out_mtime_ns)


def is_of_another(before: Record, ending: Ending) -> bool:
    """Whether the record is of another file, which had this place in another folder."""
    path = ending.item.path
    if before.source == str(path.absolute()) or before.identity.get("source") == ending.identity["source"]:
        return False
    try:
        return not path.samefile(before.source)
    except OSError:
        return True


def adopt(source: Path, out: Path, ledger: Ledger) -> list[Record]:
    """Write the records of results that got their name just before an earlier run was killed; returns them.

    Raises an error of the tree where they can't be written.
    """
    adopted = []
    for begun in ledger.begun():
        before = ledger.get(begun.relative)
        if before is not None and before.identity == begun.identity and before.outcome is not Outcome.FAILED:
            continue
        kind = kind_of(source / begun.relative)
        for relative in begun.outs:
            target = out / relative
            if not target.is_file() or is_as_recorded(target, before):
                continue  # not begun to be written, or what stood there before
            known = {"frames": 1} if kind == "picture" else read_receipt(ledger.receipt, target)
            if known is not None:
                item = Item(source / begun.relative, begun.relative, kind, State(0, 0, 0))
                record = Ending(item, begun.identity, now()).done(target, relative, known)
                ledger.write(record)
                adopted.append(record)
                break
    return adopted
