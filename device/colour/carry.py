"""Colour carried along: what was predicted for one frame, brought to where its things are in another.

For frames that leave before a colour of their own is there. Where the luma bears the motion out, a thing
keeps its colour; where it doesn't (something is uncovered or appears), what was there before says nothing:
such places take the colour of what is alike in luma and near, and where nothing is, none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.motion import Follower, codes

if TYPE_CHECKING:
    from device.colour.motion import Codes, Floats
    from device.frames import Luma

#: Neighbourhood that unknown places take their colour from, as a share of the picture's longer side.
_NEAR = 0.25
#: Levels of luma (8-bit codes each) that count as alike.
_LEVEL = 64
#: Trust, summed up over a neighbourhood, from which its colour counts in full (share of its places).
_ENOUGH = 0.02


class Carry:
    """Carries colour between frames of one shot; used by one thread at a time."""

    def __init__(self) -> None:
        self._follower = Follower()
        self._then: Codes | None = None
        self._back: Floats | None = None

    def to(self, ab: Floats, then: Luma, now: Luma, depth: int = 8) -> Floats:
        """Move ``ab`` (h, w, 2) of the frame ``then`` along the motion to the frame ``now``.

        ``then``, ``now``: luma codes of ``depth`` bits of the two pictures, of any size. While ``then`` stays
        the same, motion is looked for from where the last ``now`` had it: give it frames in order, and things
        are followed far. Returns (h, w, 2) float32.
        """
        rows, columns = ab.shape[:2]
        before, after = codes(then, depth), codes(now, depth)
        if self._then is None or not np.array_equal(self._then, before):
            self._then, self._back = before, None
        self._back = back = self._follower.back(before, after, self._back)
        way = self._follower.way(before, after, (rows, columns), back)
        return filled(way.pull(ab), way.trust, after)


def filled(ab: Floats, trust: Floats, picture: Codes) -> Floats:
    """Replace colour (h, w, n) so far as it is not trusted (h, w) by that of what is near and of like luma.

    ``picture``: luma codes of 8 bits, of any size. Where nothing that is trusted is near and alike, colour
    fades to none. A bilateral grid (Chen, Paris and Durand 2007): colour and trust are laid down by level of
    luma, blurred in each level, and read between levels.
    """
    rows, columns = trust.shape
    luma = np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    side = int(max(rows, columns) * _NEAR) | 1
    place = luma / np.float32(_LEVEL)
    weighed = np.dstack([ab * trust[..., None], trust])
    found = np.zeros_like(weighed)
    for level in range(256 // _LEVEL + 1):
        part = np.maximum(1 - np.abs(place - level), 0)[..., None]
        if part.any():
            found += part * np.asarray(cv2.blur(weighed * part, (side, side)), np.float32)
    alike = found[..., :-1] / np.maximum(found[..., -1:], np.float32(_ENOUGH))
    return np.asarray(alike + (ab - alike) * trust[..., None], np.float32)
