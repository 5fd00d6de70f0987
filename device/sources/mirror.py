"""A picture mirrored, for sources that can't do it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import cv2

from device.media.planes import Planes

if TYPE_CHECKING:
    from device.frames import Luma


def mirrored(planes: Planes, *, hflip: bool, vflip: bool) -> Planes:
    """``planes`` with left and right (``hflip``), top and bottom (``vflip``) exchanged, as new ones."""
    if not (hflip or vflip):
        return planes
    code = -1 if hflip and vflip else int(hflip)

    def flipped(plane: Luma) -> Luma:
        return cast("Luma", cv2.flip(plane, code))

    luma, cb, cr = planes
    return Planes(flipped(luma), None if cb is None else flipped(cb), None if cr is None else flipped(cr))
