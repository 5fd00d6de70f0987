"""Colour that goes along with the picture: each prediction is one more vote on it, whenever it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.colour.carry import Carry
from device.colour.temporal import Steady

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.frames import Luma
    from device.jobs.live.colouring import Colour, Seen


class Following:
    """Steady colour at the camera's pace, from predictions at the network's. Used by one thread at a time.

    ``steadiness``: of ``Steady``.
    """

    def __init__(self, steadiness: float) -> None:
        self._steadiness = steadiness
        self._depth = 8
        self._steady = Steady(steadiness, self._depth)
        self._carry = Carry()
        self._last: Colour | None = None

    def step(self, seen: Seen, small: Luma, newest: Colour) -> NDArray[np.float32]:
        """Ab (h, w, 2) of the next frame, from the ``newest`` prediction of its shot.

        ``small``: luma codes of that part of the frame that was predicted.
        """
        last, self._last = self._last, newest
        if seen.frame.depth != self._depth:
            self._depth, last = seen.frame.depth, None
            self._steady = Steady(self._steadiness, self._depth)
        if newest is last:
            return self._steady.step(small, None, cut=False)
        ab = newest.ab
        if newest.seen is not seen:  # that frame is gone already: what was said of it is brought here
            ab = self._carry.to(ab, newest.seen.look.small, small, self._depth)
        return self._steady.step(small, ab, cut=last is None or last.scene != newest.scene)
