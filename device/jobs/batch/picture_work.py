"""A handful of pictures, one after the other in one process, each from what is to do to its record."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from device.errors import Interrupted, MissingInput, SourceChanged, SpaceError, TintcastError
from device.jobs.batch.one_by_one import one_by_one
from device.jobs.batch.outcomes import Ending, now
from device.jobs.batch.picture_task import PictureDone, PictureTask
from device.jobs.film_identity import is_source
from device.media.durable import writable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.engine import Stop
    from device.jobs.batch.queue import Todo
    from device.jobs.batch.records import Record
    from device.jobs.batch.work import Work
    from device.jobs.supervise import Terms

#: A picture that takes so long is given up (seconds): as large as it may be, on a small board.
_PATIENCE_S = 600.0


class Pictures:
    """Pictures to do. ``took`` gets the record of each as it ends; ``show`` the path of each as it begins."""

    def __init__(
        self,
        work: Work,
        todos: Sequence[Todo],
        *,
        took: Callable[[Todo, Record], None],
        show: Callable[[str], None],
    ) -> None:
        self._work = work
        self._took, self._show = took, show
        self._todos = todos
        self._left: dict[str, tuple[Todo, Ending]] = {}

    def colorize(self, stop: Stop, terms: Terms) -> None:
        """Do them all; where there is no room any more, those that are left have failed.

        Raises Interrupted, Postponed among it, and NetworkFileError.
        """
        for todo in self._todos:
            try:
                self._left[todo.item.relative] = todo, self._work.prepare(todo)
            except TintcastError as error:
                self._took(todo, self._work.failed(todo, Ending(todo.item, {}, now()), error))
        try:
            self._work.begin(self._left.values())
            self._colorize(stop, terms)
        except Interrupted:
            self._take_finished()
            raise
        except SpaceError as error:
            for relative in list(self._left):
                self._failed(relative, error)

    def _colorize(self, stop: Stop, terms: Terms) -> None:
        out, config = self._work.out, self._work.config
        left = list(self._left.values())
        places = {todo.item.relative: (out / todo.outs[0], out / todo.outs[-1]) for todo, _ in left}
        one_by_one(
            "device.jobs.batch.picture_child",
            lambda items: PictureTask(items, places, config),
            [todo.item for todo, _ in left],
            stop,
            began=self._began,
            got=self._got,
            failed=self._failed,
            stall_s=_PATIENCE_S,
            terms=terms,
        )

    def _began(self, relative: str) -> None:
        todo, ending = self._left[relative]
        self._left[relative] = todo, replace(ending, began=now())
        self._show(relative)

    def _got(self, relative: str, done: PictureDone) -> None:
        todo, ending = self._left[relative]
        out = todo.outs[-1 if done.passed else 0]
        notes = [todo.why, *done.notes, "in colour already, passed as it was" if done.passed else ""]
        fields = {
            **asdict(done),
            "passed": int(done.passed),
            "frames": 1,
            "notes": tuple(filter(None, notes)),
        }
        try:
            if not is_source(todo.item.path, ending.identity):
                raise SourceChanged("changed while it was worked on")
            record = ending.done(self._work.out / out, out, fields)
        except TintcastError as error:
            self._failed(relative, error)
        else:
            del self._left[relative]
            self._took(todo, record)

    def _failed(self, relative: str, error: TintcastError) -> None:
        todo, ending = self._left.pop(relative)
        record = self._finished(todo, ending, self._work.at_heart(error, todo, ending))
        self._took(todo, record or self._work.failed(todo, ending, error))

    def _take_finished(self) -> None:
        """Keep those that have their name, where the word of that did not come through."""
        for relative, (todo, ending) in list(self._left.items()):
            left = Interrupted()
            record = self._finished(todo, ending, self._work.at_heart(left, todo, ending))
            if record is not None:
                del self._left[relative]
                self._took(todo, record)

    def _finished(self, todo: Todo, ending: Ending, error: TintcastError) -> Record | None:
        """The record of a picture that has its name, though its work ended with ``error``.

        None where it has none; one that may be of another source than was begun with loses it.
        """
        out = self._work.unrecorded(todo)
        if out is None:
            return None
        path = self._work.out / out
        with contextlib.suppress(TintcastError):
            if not isinstance(error, SourceChanged | MissingInput):
                return ending.done(path, out, {"frames": 1, "notes": tuple(filter(None, [todo.why]))})
            with writable(path):
                path.unlink(missing_ok=True)
        return None
