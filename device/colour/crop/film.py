"""Black bars: the window of a film's picture without them, found causally and steady over each shot.

Bars are lines, from the edge of the frame inwards, that are dark and even along their whole length in every
frame of a shot. A single frame shows them only where the picture beside them is lit: a night scene is not
taken for bars. So a shot's first frame decides at once where it is clear (a lit picture between even bars of
one width, or bars as the shot before had them); a shot that begins in the dark waits, whole or as the shot
before, for its first lit frame; and nothing changes from there to the next cut.

Give the cut detector the whole frame, not the window: it must not see the window change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from device.frames import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

#: Each line is measured by the means of so many bands along it, each of so many samples, against noise.
_BANDS = 8
_SAMPLES = 8
#: 8-bit codes: the outermost line of a bar is at most so light, and its other lines at most so much lighter.
_DARK = 40.0
_EVEN = 6.0
#: Beside a bar, within this share of the frame, half of the picture must be so much lighter than the bar.
_EDGE = 0.03
_LIT = 16.0
#: Shares of the frame (and at least two lines): by how much two bars of one frame may differ, and a bar from
#: what the shot before had.
_ALIKE = 0.005
_AGREED = 0.02
#: A bar of fewer lines, or of a smaller share of the frame, is none.
_FEWEST = 3
_SLIGHTEST = 0.006
#: Once a shot's bars are decided, only every so many frames are measured; after so many measured and lit, the
#: shot has shown what its bars are.
_EVERY = 4
_PROOF = 3
#: The picture is at least this share of the frame, both ways.
_LEAST = 0.3

_Four = tuple[int, int, int, int]
_NONE: _Four = (0, 0, 0, 0)


class BarState(TypedDict):
    """What must be remembered to go on, in values that JSON holds.

    ``proven``, ``darkest``: lines at top, bottom, left, right.
    """

    window: list[int] | None
    decided: bool
    proven: list[int]
    darkest: list[int] | None
    lit: int
    frames: int


@dataclass(frozen=True, slots=True)
class _Sides:
    """Of one frame, for top, bottom, left, right: how many lines are dark, and if a lit edge ends them."""

    dark: _Four
    clear: tuple[bool, bool, bool, bool]

    @property
    def lit(self) -> bool:
        """Whether the frame shows where the picture is: no side of it is dark without an edge."""
        return all(clear or not dark for dark, clear in zip(self.dark, self.clear, strict=True))


class BarFinder:
    """Finds the window inside black bars, shot by shot; give it every frame, in order.

    ``depth``: bits of the luma codes.
    """

    def __init__(self, depth: int = 8) -> None:
        self._depth = depth
        self._window: Window | None = None
        self._decided = False
        self._proven = _NONE  # bars of the last shot that showed them
        self._darkest: _Four | None = None  # lines dark in all lit frames of this shot
        self._lit = 0  # measured frames of this shot that were lit
        self._frames = 0  # frames of this shot

    def step(self, luma: Luma, *, cut: bool) -> Window | None:
        """Give the window of the next frame, ``luma`` (H, W) codes, even-aligned; None where all is picture.

        ``cut``: whether a shot begins with this frame.
        """
        if cut:
            self._begin_shot()
        self._frames += 1
        if self._decided and self._frames % _EVERY:
            return self._window
        sides = _sides(luma, self._depth)
        if sides.lit:
            self._lit += 1
            seen = sides.dark if self._darkest is None else self._darkest
            self._darkest = _four(np.minimum(seen, sides.dark))
        if not self._decided:
            bars = _bars(sides, self._proven, luma.shape)
            self._window = _window(bars, luma.shape)
            self._decided = sides.lit
        return self._window

    def state(self) -> BarState:
        """Return what must be remembered to go on from here."""
        window = self._window
        return BarState(
            window=None if window is None else [window.x, window.y, window.width, window.height],
            decided=self._decided,
            proven=list(self._proven),
            darkest=None if self._darkest is None else list(self._darkest),
            lit=self._lit,
            frames=self._frames,
        )

    def restore(self, state: BarState) -> None:
        """Go on from ``state``."""
        window, darkest = state["window"], state["darkest"]
        self._window = None if window is None else Window(*window)
        self._decided = state["decided"]
        self._proven = _four(state["proven"])
        self._darkest = None if darkest is None else _four(darkest)
        self._lit = state["lit"]
        self._frames = state["frames"]

    def _begin_shot(self) -> None:
        if self._darkest is not None and self._lit >= _PROOF:
            self._proven = self._darkest
        self._decided = False
        self._darkest = None
        self._lit = 0
        self._frames = 0


def _bars(sides: _Sides, proven: _Four, shape: tuple[int, ...]) -> _Four:
    """Decide by one frame, and by what the shot before had, how wide the bars are."""
    bars = [0, 0, 0, 0]
    for first, length in ((0, shape[0]), (2, shape[1])):
        near, far = sides.dark[first : first + 2]
        if abs(near - far) <= max(2, _ALIKE * length) and all(sides.clear[first : first + 2]):
            bars[first : first + 2] = near, far
        else:
            for side in (first, first + 1):
                more = sides.dark[side] - proven[side]
                if more >= 0 and (more <= max(2, _AGREED * length) or not sides.clear[side]):
                    bars[side] = proven[side]
        for side in (first, first + 1):
            if bars[side] < max(_FEWEST, _SLIGHTEST * length):
                bars[side] = 0
    return _four(bars)


def _window(bars: _Four, shape: tuple[int, ...]) -> Window | None:
    height, width = shape[:2]
    top, left = (bars[0] + 1) // 2 * 2, (bars[2] + 1) // 2 * 2
    inner_height = (height - bars[1] - top) // 2 * 2 if bars[1] else height - top
    inner_width = (width - bars[3] - left) // 2 * 2 if bars[3] else width - left
    if (inner_height, inner_width) == (height, width):
        return None
    if inner_height < _LEAST * height or inner_width < _LEAST * width:
        return None
    return Window(left, top, inner_width, inner_height)


def _sides(luma: Luma, depth: int) -> _Sides:
    height, width = luma.shape
    across = _bands(luma[:, _places(width)], depth)
    down = _bands(luma[_places(height)].T, depth)
    measured = [_side(lines) for lines in (across, across[::-1], down, down[::-1])]
    return _Sides(_four([dark for dark, _ in measured]), tuple(clear for _, clear in measured))  # type: ignore[arg-type]


def _places(length: int) -> NDArray[np.intp]:
    """Where a line is sampled."""
    return ((np.arange(_BANDS * _SAMPLES) + 0.5) * length / (_BANDS * _SAMPLES)).astype(np.intp)


def _bands(samples: Luma, depth: int) -> NDArray[np.float32]:
    """Mean of each band of each line, in 8-bit codes: (lines, bands)."""
    bands = samples.reshape(-1, _BANDS, _SAMPLES).mean(axis=2, dtype=np.float32)
    return np.asarray(bands / np.float32(1 << (depth - 8)), np.float32)


def _side(lines: NDArray[np.float32]) -> tuple[int, bool]:
    """How many lines from the first are dark and even, and whether a lit picture follows them."""
    level = float(lines[0].mean())
    if level > _DARK:
        return 0, False
    light = np.flatnonzero(lines.max(axis=1) > level + _EVEN)
    if light.size == 0:
        return len(lines), False
    dark = int(light[0])
    beside = lines[dark : dark + max(2, round(_EDGE * len(lines)))].max(axis=0)
    return dark, bool((beside > level + _LIT).mean() >= 0.5)


def _four(values: object) -> _Four:
    top, bottom, left, right = (int(value) for value in np.asarray(values))
    return top, bottom, left, right
