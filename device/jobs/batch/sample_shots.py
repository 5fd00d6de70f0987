"""Which pictures of a film stand for it: one of every shot, evenly over the film, none of them black."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A film is shown by so many stills at most; one that has fewer shots than the second of these by so many, if
#: it has other pictures to show.
MOST: Final = 60
LEAST: Final = 6
#: Seconds that lie between pictures of one shot at least.
_APART: Final = 1.0
#: Of a shot so many pictures are kept to choose from; of all shots together no more than this.
_KEPT: Final = 12
_MOST_KEPT: Final = 360

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Pick(Generic[T]):
    """A picture to choose: ``seconds`` of the film, its ``contrast``, and what it is."""

    seconds: float
    contrast: float
    what: T


@dataclass(slots=True)
class Shot(Generic[T]):
    """A shot so far: some of its pictures, one of ``every`` so many that were looked at."""

    begins: float
    ends: float
    picks: list[Pick[T]] = field(default_factory=list)
    looked: int = 0
    every: int = 1

    def add(self, pick: Pick[T] | None, seconds: float) -> None:
        """Take the next picture, ``None`` where it shows nothing."""
        self.ends = seconds
        if pick is not None:
            if self.looked % self.every == 0:
                self.picks.append(pick)
            self.looked += 1
        if len(self.picks) > _KEPT:
            self.thin()

    def thin(self) -> None:
        """Let go of every other picture."""
        self.picks = self.picks[::2]
        self.every *= 2

    @property
    def best(self) -> Pick[T]:
        """The picture to show of it: the first and the last one may be half of a fade."""
        inner = self.picks[1:-1] or self.picks
        return max(inner, key=lambda pick: pick.contrast)


class Shots(Generic[T]):
    """The shots of a film, picture by picture, in a bounded memory."""

    def __init__(self) -> None:
        self._shots: list[Shot[T]] = []
        self._begun = 0
        self._every = 1  # one of so many shots is kept
        self._now = Shot[T](0.0, 0.0)

    def add(self, pick: Pick[T] | None, seconds: float, *, cut: bool) -> None:
        """Take the picture at ``seconds``, None where it is black; ``cut``: a shot begins with it."""
        if cut or not self._begun:
            self._now = Shot(seconds, seconds)
            if self._begun % self._every == 0:
                self._shots.append(self._now)
            self._begun += 1
        self._now.add(pick, seconds)
        if sum(len(shot.picks) for shot in self._shots) > _MOST_KEPT:
            self._thin()

    def chosen(self, most: int = MOST, least: int = LEAST) -> list[Pick[T]]:
        """What stands for the film, in order: one of each shot, and where these are few, others."""
        shots = [shot for shot in self._shots if shot.picks]
        if len(shots) > most:
            shots = _evenly(shots, most)
        picks = [shot.best for shot in shots]
        if len(picks) < least:
            others = [pick for shot in shots for pick in shot.picks if pick not in picks]
            picks += _farthest(picks, others, least - len(picks))
        return sorted(picks, key=lambda pick: pick.seconds)

    def _thin(self) -> None:
        """Keep less: of shots with several pictures every other one, else every other shot."""
        several = [shot for shot in self._shots if len(shot.picks) > 1]
        for shot in several:
            shot.thin()
        if not several:
            self._shots = self._shots[::2]
            self._every *= 2


def _evenly(shots: Sequence[Shot[T]], most: int) -> list[Shot[T]]:
    """So many of the shots, those that lie nearest to places that are evenly spread over the film."""
    left = list(shots)
    begins, length = left[0].begins, left[-1].ends - left[0].begins
    found: list[Shot[T]] = []
    for place in range(most):
        at = begins + length * (place + 0.5) / most
        # As many must be left as there are places to fill behind this one.
        free = left[: len(left) - (most - place) + 1]
        nearest = min(range(len(free)), key=lambda n: abs((free[n].begins + free[n].ends) / 2 - at))
        found.append(left[nearest])
        left = left[nearest + 1 :]
    return found


def _farthest(picks: Sequence[Pick[T]], others: Sequence[Pick[T]], count: int) -> list[Pick[T]]:
    """Of ``others`` those that lie farthest from all that are picked, one after the other."""
    found: list[Pick[T]] = []
    for _ in range(min(count, len(others))):
        there = [pick.seconds for pick in (*picks, *found)]
        farthest = max(others, key=lambda pick: min(abs(pick.seconds - at) for at in there))
        if min(abs(farthest.seconds - at) for at in there) < _APART:
            break
        found.append(farthest)
    return found
