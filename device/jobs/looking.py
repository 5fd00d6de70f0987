"""What is seen of each frame before it has colour: its luma made small, where a shot begins, black bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from device.colour.crop import BarFinder, BarState
from device.colour.shots import CutDetector, CutState
from device.colour.tint import shrink
from device.frames import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.frames import Frame, Luma


class LookState(TypedDict):
    """What is remembered of the frames that came, in values that JSON holds; ``size``: rows and columns."""

    depth: int
    size: list[int] | None
    cuts: CutState
    bars: BarState
    window: list[int] | None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """``small``, ``window`` and ``cut`` of a frame, as in a ``TintedFrame``."""

    small: Luma
    window: Window | None
    cut: bool


class Looker:
    """Looks at frames, one after the other, in order. Used by one thread at a time."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._size: tuple[int, ...] | None = None
        self._begin(8, None)

    def knows(self, frame: Frame) -> bool:
        """Whether ``frame`` is of the depth and size of those before it (if any); else all begins anew."""
        return frame.depth == self._depth and frame.luma.shape == (self._size or frame.luma.shape)

    def step(self, frame: Frame, size: tuple[int, int]) -> Look:
        """Look at the next frame, made small for a network of ``size`` (rows, columns), upright."""
        if not self.knows(frame):
            self._begin(frame.depth, None)
        self._size = frame.luma.shape
        size = stored_size(size, frame.rotation)
        small = shrink(frame.luma, None, size)
        cut = self._cuts.update(small)
        self._window = self._bars.step(frame.luma, cut=cut)
        if self._window is not None:
            small = shrink(frame.luma, self._window, size)
        return Look(small, self._window, cut)

    def state(self) -> LookState:
        """What must be remembered to go on from here."""
        return LookState(
            depth=self._depth,
            size=None if self._size is None else list(self._size),
            cuts=self._cuts.state(),
            bars=self._bars.state(),
            window=written_window(self._window),
        )

    def restore(self, state: LookState) -> None:
        """Go on from ``state``."""
        self._begin(state["depth"], None if state["size"] is None else tuple(state["size"]))
        self._cuts.restore(state["cuts"])
        self._bars.restore(state["bars"])
        self._window = read_window(state["window"])

    def _begin(self, depth: int, size: tuple[int, ...] | None) -> None:
        self._depth = depth
        self._size = size
        self._cuts = CutDetector(depth)
        self._bars = BarFinder(depth)
        self._window = None


class SeenBefore(Looker):
    """Looks at one shot as it was looked at before.

    ``first``: its first frame; ``windows``: from which frame on which holds. Used by one thread at a time.
    """

    def __init__(self, first: int, windows: Sequence[tuple[int, Window | None]]) -> None:
        super().__init__()
        self._first = first
        self._windows = windows

    def knows(self, frame: Frame) -> bool:
        """Whether it is not the first one."""
        return frame.index != self._first

    def step(self, frame: Frame, size: tuple[int, int]) -> Look:
        """Look at the next frame, as ``Looker`` does."""
        window = next(window for at, window in reversed(self._windows) if at <= frame.index)
        small = shrink(frame.luma, window, stored_size(size, frame.rotation))
        return Look(small, window, cut=frame.index == self._first)


def stored_size(upright: tuple[int, int], rotation: int) -> tuple[int, int]:
    """Rows and columns, as stored, of a picture that ``rotation`` degrees turn to this size upright."""
    return upright if rotation % 180 == 0 else upright[::-1]


def written_window(window: Window | None) -> list[int] | None:
    """A window as JSON holds it."""
    return None if window is None else [window.x, window.y, window.width, window.height]


def read_window(values: list[int] | None) -> Window | None:
    """The window that ``written_window`` wrote."""
    return None if values is None else Window(*values)
