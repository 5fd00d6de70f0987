"""A film, played at its own pace as if it were a camera; once, or over and over."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Self

from device.media.probe import probe
from device.sources.film import FilmSource
from device.sources.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from device.frames import Frame

#: Who is later than this has the film wait for it, in nanoseconds; who is less late misses frames.
_SLIP_NS = 500_000_000


class PlayedFilm:
    """Plays the film at ``path``; ``loop``: over and over, ``index`` and ``pts`` going on at each round.

    ``rotation``: degrees clockwise that turn it upright beyond what it says itself. At rest it goes on frame
    by frame, two a second. Errors as ``FilmSource``; without ``loop``, ``frames`` ends where the film does.
    """

    def __init__(self, path: Path, *, loop: bool = False, rotation: int = 0) -> None:
        self._facts = probe(path)
        self._path, self._loop, self._rotation = path, loop, rotation
        self._pace = Pace()
        self._dropped = 0
        self._corrupt = 0

    @property
    def name(self) -> str:
        """What it is, for people."""
        facts = self._facts
        return f"{self._path.name}, {facts.width}x{facts.height}, {float(facts.rate):.4g}/s"

    @property
    def dropped(self) -> int:
        """Frames so far for which whoever takes them was late."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """Packets so far that could not be decoded."""
        return self._corrupt

    def rest(self, *, resting: bool) -> None:
        """Go on slowly, frame by frame, or at the film's own pace again."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield its frames when their time has come."""
        index, pts = 0, 0
        while not self._pace.closed:
            with FilmSource(self._path, self._facts) as film:
                for frame in self._played(film):
                    yield replace(
                        frame,
                        index=index + frame.index,
                        pts=pts + frame.pts,
                        rotation=(frame.rotation + self._rotation) % 360,
                        captured_ns=time.monotonic_ns(),
                    )
                index += film.read
                pts += film.end_pts
                self._corrupt += film.damaged
            if not self._loop or not film.read:  # what gives no frame would be gone round without a pause
                return

    def close(self) -> None:
        """End ``frames``, from any thread."""
        self._pace.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _played(self, film: FilmSource) -> Iterator[Frame]:
        """The frames of one round, each when it is due; its last for as long as it lasts."""
        tick = Fraction(1_000_000_000) * self._facts.time_base
        interval = int(1_000_000_000 / self._facts.rate)
        began: int | None = None
        for frame in film.frames():
            at, now = int(frame.pts * tick), time.monotonic_ns()
            if began is None or now - began - at > _SLIP_NS:
                began = now - at
            if now - began - at > interval and not self._pace.resting:
                self._dropped += 1
                continue
            rested = self._pace.resting
            if not self._pace.wait_until(began + at):
                return
            if rested:
                began = time.monotonic_ns() - at
            yield frame
        if began is not None:
            self._pace.wait_until(began + int(film.end_pts * tick))
