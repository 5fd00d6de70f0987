"""The test pattern, a camera that is always there: a photograph, panned, under moving grain."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from device.errors import ConfigurationError
from device.frames import JPEG_COLOUR, Frame
from device.resources import bundled
from device.sources.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

_MARGIN = 1.25  # the canvas over the frame, in each direction: room to pan
_GRAIN = 3.0  # standard deviation of the grain in luma codes
_GRAIN_MEAN = 4 * _GRAIN
_GRAIN_ROOM = 64  # how far the grain's plane is shifted from frame to frame, in samples
_PAN_SECONDS = (17.0, 13.0)  # there and back again, across and down


class PatternSource:
    """Frames of ``size`` (width, height) at ``rate`` frames a second, full-range BT.601 grey.

    What is on frame ``index`` follows from ``size``, ``rate`` and ``seed`` alone. ``paced``: as a camera, at
    the pace of the monotonic clock with ``captured_ns`` set; who is late misses frames, seen as gaps in
    ``index``. Not paced: as fast as they are taken, all of them. ``count``: it ends before this index; None:
    never. ``rotation``: said of each frame. Raises ConfigurationError for sizes and rates that make no sense.
    """

    def __init__(
        self,
        size: tuple[int, int] = (1280, 720),
        rate: Fraction | int = 30,
        seed: int = 0,
        *,
        count: int | None = None,
        paced: bool = True,
        rotation: int = 0,
    ) -> None:
        width, height = size
        if not (16 <= width <= 8192 and 16 <= height <= 8192):
            raise ConfigurationError(f"a test pattern of {width}x{height}: sides are 16 to 8192")
        self._rate = Fraction(rate)
        if not Fraction(1, 10) <= self._rate <= 1000:
            raise ConfigurationError(f"a test pattern at {rate} frames a second: 0.1 to 1000 it can do")
        self._size, self._count, self._paced = size, count, paced
        self._rotation = rotation
        self._dropped = 0
        self._pace = Pace()
        rng = np.random.default_rng(seed)
        self._phase = tuple(rng.uniform(0, 2 * math.pi, 2))
        self._shifts = rng.integers(0, _GRAIN_ROOM, (997, 2))
        self._canvas = _canvas(round(width * _MARGIN), round(height * _MARGIN))
        grain = rng.normal(_GRAIN_MEAN, _GRAIN, (height + _GRAIN_ROOM, width + _GRAIN_ROOM))
        self._grain = np.clip(np.rint(grain), 0, 255).astype(np.uint8)

    @property
    def name(self) -> str:
        """What it is, for people."""
        width, height = self._size
        return f"test pattern, {width}x{height}, {float(self._rate):.4g}/s"

    @property
    def dropped(self) -> int:
        """Frames so far for which whoever takes them was late."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """None: it is made here."""
        return 0

    def rest(self, *, resting: bool) -> None:
        """Make two frames a second, or all of them again."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield them until ``count`` or ``close``."""
        began = time.monotonic_ns()
        index = 0
        while not self._pace.closed and (self._count is None or index < self._count):
            captured = None
            if self._paced:
                rested = self._pace.resting
                if not self._pace.wait_until(began + int(index * 1_000_000_000 / self._rate)):
                    return
                captured = time.monotonic_ns()
                due = max(index, int((captured - began) * self._rate / 1_000_000_000))
                self._dropped += 0 if rested else due - index
                index = due
                if self._count is not None and index >= self._count:
                    return
            yield Frame(
                luma=self._luma(index),
                colour_space=JPEG_COLOUR,
                index=index,
                pts=index,
                time_base=1 / self._rate,
                rotation=self._rotation,
                captured_ns=captured,
            )
            index += 1

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

    def _luma(self, index: int) -> NDArray[np.uint8]:
        width, height = self._size
        seconds = index / float(self._rate)
        x, y = (
            round((room - side) * (0.5 + 0.5 * math.sin(2 * math.pi * seconds / period + phase)))
            for room, side, period, phase in zip(
                self._canvas.shape[::-1], self._size, _PAN_SECONDS, self._phase, strict=True
            )
        )
        right, down = self._shifts[index % len(self._shifts)]
        view = self._canvas[y : y + height, x : x + width]
        return np.asarray(cv2.add(view, self._grain[down : down + height, right : right + width]), np.uint8)


def _canvas(width: int, height: int) -> NDArray[np.uint8]:
    """The photograph at this height, cut or mirrored to this width, with room above white for the grain."""
    photograph = cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE)
    if photograph is None:
        raise RuntimeError("pattern.jpg can't be decoded")
    size = round(photograph.shape[1] * height / photograph.shape[0]), height
    tall = cv2.resize(photograph, size, interpolation=cv2.INTER_CUBIC)
    columns = (np.arange(width) + max(0, (tall.shape[1] - width) // 2)) % (2 * tall.shape[1])
    mirrored = tall[:, np.minimum(columns, 2 * tall.shape[1] - 1 - columns)]
    # Choosing columns left it column by column: 25 times as slow to read.
    return np.ascontiguousarray(np.rint(mirrored * (1 - 2 * _GRAIN_MEAN / 255)), np.uint8)
