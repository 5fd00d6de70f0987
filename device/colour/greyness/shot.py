"""A film's verdict, shot by shot: from a shot's first frames, and held to its end."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, TypedDict

from device.colour.greyness.measure import is_colour

if TYPE_CHECKING:
    from device.colour.greyness.measure import Chroma

#: Frames, black ones left out, that a shot is decided from.
SHOT_FRAMES = 12
#: A shot's rest disagrees where so many frames in a row, black ones left out, say otherwise.
_DISAGREEING = 12


class ShotState(TypedDict):
    """What a shot's judge must remember, in values that JSON holds.

    ``before``: the verdict on the shot before. ``spreads``: of the frames to decide by. ``against``: frames
    in a row, just now, that say otherwise.
    """

    before: bool | None
    spreads: list[float]
    verdict: bool | None
    against: int
    disagrees: bool


class ShotJudge:
    """Decides whether a shot is in true colour, from its first 12 frames that are not black.

    In doubt it is what the shot before was. ``begin`` with every shot, give every frame of it in order, and
    ``conclude`` where it ends. ``before``: what the first shot is in doubt, where that is known.
    """

    def __init__(self, before: bool | None = None) -> None:  # noqa: FBT001 - a verdict, not a flag
        self._before = before
        self._verdict: bool | None = None
        self._spreads: list[float] = []
        self.begin()

    def begin(self) -> None:
        """Begin the next shot: of the one before only the verdict is remembered."""
        if self._spreads:
            self._before = self._verdict
        self._spreads = []
        self._verdict = None
        self._against = 0
        self._disagrees = False

    @property
    def disagrees(self) -> bool:
        """Whether the shot's frames after its decision say otherwise: half a second of them in a row."""
        return self._disagrees

    def step(self, chroma: Chroma | None) -> bool | None:
        """Take the next frame's chroma (None: black); give the shot's verdict, None while undecided."""
        if chroma is None:
            return self._verdict
        if self._verdict is None:
            self._spreads.append(chroma.spread)
            if len(self._spreads) >= SHOT_FRAMES or not chroma.there:
                self.conclude()
        elif is_colour(chroma.spread, self._verdict) is self._verdict:
            self._against = 0
        else:
            self._against += 1
            self._disagrees |= self._against >= _DISAGREEING
        return self._verdict

    def conclude(self) -> bool:
        """Decide by what was seen so far, where that is not done; a shot that is all black is grey."""
        if self._verdict is None:
            self._verdict = bool(self._spreads) and is_colour(median(self._spreads), self._before)
        return self._verdict

    def state(self) -> ShotState:
        """Return what must be remembered to go on from here."""
        return ShotState(
            before=self._before,
            spreads=list(self._spreads),
            verdict=self._verdict,
            against=self._against,
            disagrees=self._disagrees,
        )

    def restore(self, state: ShotState) -> None:
        """Go on from ``state``."""
        self._before = state["before"]
        self._spreads = list(state["spreads"])
        self._verdict = state["verdict"]
        self._against = state["against"]
        self._disagrees = state["disagrees"]
