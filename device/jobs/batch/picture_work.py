"""A handful of pictures, one after the other in one process, each from what is to do to its record."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from device.errors import SourceChanged, SpaceError, TintcastError
from device.jobs.batch.one_by_one import one_by_one
from device.jobs.batch.outcomes import Ending, now
from device.jobs.batch.picture_task import PictureDone, PictureTask
from device.jobs.film_identity import is_source

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
        path = todo.item.path
        if not path.exists() or not is_source(path, ending.identity):
            self._failed(relative, SourceChanged("changed while it was worked on"))
            return
        del self._left[relative]
        out = todo.outs[-1 if done.passed else 0]
        notes = [todo.why, *done.notes, "in colour already, passed as it was" if done.passed else ""]
        fields = {
            **asdict(done),
            "passed": int(done.passed),
            "frames": 1,
            "notes": tuple(filter(None, notes)),
        }
        self._took(todo, ending.done(self._work.out / out, out, fields))

    def _failed(self, relative: str, error: TintcastError) -> None:
        todo, ending = self._left.pop(relative)
        self._took(todo, self._work.failed(todo, ending, error))
