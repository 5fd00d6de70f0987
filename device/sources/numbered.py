"""A folder of numbered pictures as the frames of a film, each once and in order."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from device.errors import InputError, UnreadablePicture
from device.frames import Frame
from device.media.decode import DAMAGE_TOLERATED
from device.media.numbered import gaps, probe_pictures
from device.media.photograph.planes import read_planes
from device.media.planes import at_depth
from device.sources.film import Counted
from device.sources.pictures import find_pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from device.media.probe import FilmFacts


class NumberedPictures:
    """The pictures in ``folder``, in natural order, ``rate`` of them a second: from number ``start`` on.

    One that is broken is passed over, the one before it staying for longer; where more than a quarter of
    them are, that is UnreadablePicture. ``read``, ``end_pts``, ``counted_before``, ``before``: as of a
    ``FilmSource``. Raises the errors of ``find_pictures`` and ``probe_pictures``.
    """

    def __init__(
        self,
        folder: Path,
        rate: float,
        facts: FilmFacts | None = None,
        start: int = 0,
        *,
        before: Counted = Counted(),  # noqa: B008 - a constant
    ) -> None:
        self.paths = find_pictures(folder)
        self.facts = facts or probe_pictures(folder, self.paths, rate)
        self.read = start
        self.end_pts = len(self.paths)
        self._start = start
        self._before = before.damaged
        self._broken: list[int] = []  # for each broken picture, the number of the frame that follows it
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Every frame from ``start`` on. Frame ``start`` is that many whole pictures behind the first."""
        index = self._start
        for place in range(self._start + self._before, len(self.paths)):
            if self._closed:
                return
            try:
                frame = _frame(self.paths[place], self.facts, index, place)
            except UnreadablePicture as error:
                self._broken.append(index)
                if self.damaged > DAMAGE_TOLERATED * len(self.paths):
                    others = f", as are {self.damaged - 1} before it" if self.damaged > 1 else ""
                    raise UnreadablePicture(error.what + others, where=error.where) from None
                continue
            index = self.read = index + 1
            yield frame
        if index == 0:
            raise UnreadablePicture("none of its pictures can be read", where=self.facts.path)

    def seek(self, seconds: float) -> None:
        """Begin with the picture at ``seconds``; to be called before ``frames``."""
        self._start = self.read = min(round(seconds * self.facts.rate), len(self.paths) - 1)

    def remarks(self) -> Iterator[str]:
        """What the user should know of it, one line each."""
        if missing := gaps(self.paths):
            yield f"{missing} numbers are missing between the first and the last of its pictures"
        if self.damaged:
            yield f"{self.damaged} of its pictures can't be read: the ones before them stay for longer"

    def counted_before(self, index: int) -> Counted:
        """How many broken pictures lie before frame ``index``, one of those that came, or the next."""
        return Counted(damaged=self._before + sum(number <= index for number in self._broken))

    @property
    def damaged(self) -> int:
        """Pictures so far that can't be read."""
        return self._before + len(self._broken)

    def close(self) -> None:
        """End ``frames`` after the present one."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def glimpsed(facts: FilmFacts, count: int = 12) -> Iterator[Frame]:
    """At most ``count`` of the pictures of ``facts``, spread over them; broken ones are left out."""
    paths = find_pictures(facts.path)
    for index, place in enumerate(sorted({(2 * n + 1) * len(paths) // (2 * count) for n in range(count)})):
        with contextlib.suppress(InputError):
            yield _frame(paths[place], facts, index, place)


def _frame(path: Path, facts: FilmFacts, index: int, place: int) -> Frame:
    luma, cb, cr, rotation = read_planes(path)
    if luma.shape != (facts.height, facts.width) or rotation != facts.rotation:
        raise InputError(
            f"is {luma.shape[1]}x{luma.shape[0]}, turned by {rotation} degrees, unlike the first",
            where=path,
            hint="a film has one size",
        )
    depth, wanted = 8 * luma.itemsize, facts.layout.depth
    return Frame(
        luma=at_depth(luma, depth, wanted, full_luma=True),
        cb=None if cb is None else at_depth(cb, depth, wanted),
        cr=None if cr is None else at_depth(cr, depth, wanted),
        colour_space=facts.colour_space,
        index=index,
        pts=place,
        time_base=facts.time_base,
        depth=wanted,
        rotation=rotation,
    )
