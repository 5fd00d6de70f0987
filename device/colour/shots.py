"""Where a shot begins: one causal cut detector for everyone who needs shots.

Two frames belong to one shot when the structure of the first is still found in the second, wherever it moved.

Being causal, the detector cannot know at a flash what comes after it. It therefore remembers the picture from
before a disturbance (black, white or partly burnt out frames, a cut just declared), and before it calls a new
shot it asks whether that picture has come back.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from device.colour.structure import SIDE, Look, Match, Matcher, reduced

if TYPE_CHECKING:
    from device.frames import Luma

#: Correlation under which two frames are of different shots. Unrelated frames stay below 0.3, neighbours in
#: the fastest of whip pans above 0.55. Where the frames before moved fast already, less is asked for.
_SAME = 0.38
_SAME_IN_MOTION = 0.25
_OF_RECENT = 0.58
_RECENT = 3
#: With less evidence than the first (codes), what the motion leaves unexplained decides: within one shot at
#: most _STILL (codes). With less than the second there is nothing to decide by.
_WEAK = 4.0
_BLIND = 1.0
_STILL = 6.0
#: White that lasts for more frames than this is no flash. The memory takes a picture every so many frames,
#: and keeps so many: one of them is from before any flash.
_FLASH = 6
_EVERY = 4
_KEPT = 2
#: Share of a frame that, burnt out, may hide its shot, and the share that, ablaze (all but clipped), looks
#: like fire.
_BURNT = 0.15
_FIRE = 0.2


class CutState(TypedDict):
    """What a detector remembers, in values that JSON holds; pictures are base64 of their 96 x 96 codes."""

    last: str | None
    memory: list[str]
    steps: int
    held: int
    recent: list[float]


class CutDetector:
    """Says of each frame, from it and the frames before it alone, whether a shot begins with it.

    ``depth``: bits of the luma codes that ``update`` is given. A picture that comes back within four to eight
    frames belongs to the shot that it left: that is what a flash looks like.
    """

    def __init__(self, depth: int = 8) -> None:
        self._depth = depth
        self._matcher = Matcher()
        self._last: Look | None = None
        self._memory: list[Look] = []  # pictures from some frames ago, the newest last
        self._steps = 0  # frames since the memory took one
        self._held = 0  # frames just now on which nothing could be decided
        self._recent: list[float] = []

    def update(self, small_luma: Luma) -> bool:
        """Take the next frame, (h, w) luma codes of any size from about 96 to 224 a side.

        True if it is the first frame of a shot, which the first of all is.
        """
        picture = reduced(small_luma, self._depth)
        last = self._last
        if last is not None and not self._held and last.resembles(picture):
            self._age(last)
            return False
        self._last = look = Look.of(picture)
        return last is None or self._judge(last, look)

    def state(self) -> CutState:
        """Return what a detector must remember to go on from here."""
        return CutState(
            last=None if self._last is None else _written(self._last),
            memory=[_written(look) for look in self._memory],
            steps=self._steps,
            held=self._held,
            recent=list(self._recent),
        )

    def restore(self, state: CutState) -> None:
        """Go on from ``state``: what follows is decided as if the detector had never stopped."""
        self._last = None if state["last"] is None else _read(state["last"])
        self._memory = [_read(text) for text in state["memory"]]
        self._steps = state["steps"]
        self._held = state["held"]
        self._recent = list(state["recent"])

    def _judge(self, last: Look, look: Look) -> bool:
        if look.black:
            return self._hold(last)
        if look.burnt_out_since(self._memory[-1] if self._held and self._memory else last):
            return self._hold_white(last)
        match = self._matcher.match(last, look)
        if match.burnt > _BURNT and match.evidence < _BLIND:
            return self._hold_white(last)
        if self._held:
            return self._emerge(match, last, look)
        return self._compare(match, last, look)

    def _hold(self, last: Look) -> bool:
        if not self._held and not last.black:
            self._remember(last)
        self._held += 1
        return False

    def _hold_white(self, last: Look) -> bool:
        if self._held < _FLASH:
            return self._hold(last)
        self._held = 0  # white that stays is no flash but a picture
        self._recent = []
        return True

    def _emerge(self, match: Match, last: Look, look: Look) -> bool:
        if self._memory:
            return self._decide([], last, look)
        self._held = 0  # all was black so far: a fade in belongs to the shot that it opens
        return match.residual > _STILL

    def _compare(self, match: Match, last: Look, look: Look) -> bool:
        self._age(last)
        if not self._same(match):
            match = self._matcher.match_far(last, look)
        if not self._same(match):
            return self._decide([match], last, look)
        self._recent = [*self._recent, match.correlation][-_RECENT:]
        return False

    def _decide(self, matches: list[Match], last: Look, look: Look) -> bool:
        matches += [self._matcher.match_far(before, look) for before in reversed(self._memory)]
        new = not any(self._same(match) for match in matches)
        if new and max(match.ablaze for match in matches) > _FIRE:
            return self._hold_white(last)
        self._held = 0
        self._recent = []
        return new

    def _age(self, last: Look) -> None:
        self._steps += 1
        if self._steps >= _EVERY:
            self._remember(last)

    def _remember(self, look: Look) -> None:
        self._memory = [*self._memory, look][-_KEPT:]
        self._steps = 0

    def _same(self, match: Match) -> bool:
        if match.evidence < _BLIND or (match.evidence < _WEAK and match.residual < _STILL):
            return True
        asked = min(max(_OF_RECENT * min(self._recent, default=1.0), _SAME_IN_MOTION), _SAME)
        return match.correlation >= asked


def _written(look: Look) -> str:
    return base64.b64encode(look.picture.tobytes()).decode("ascii")


def _read(text: str) -> Look:
    return Look.of(np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE, SIDE))
