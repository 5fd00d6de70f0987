"""A picture as a frame of a film: luma, and chroma where it has colour, as it lies in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import cv2
import numpy as np

from device.media.photograph.icc import to_srgb
from device.media.photograph.opening import opened, quiet
from device.media.photograph.reading import ORIENTATIONS, orientation
from device.media.photograph.samples import JPEG, jpeg_luma, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    from cv2.typing import MatLike

    from device.frames import Luma


class PicturePlanes(NamedTuple):
    """``luma`` (H, W), and of a colour picture ``cb``, ``cr`` (ceil(H/2), ceil(W/2)), all of one dtype.

    uint8 or uint16, full-range BT.601, chroma in the middle of its four samples: as in JPEG. ``rotation``:
    degrees clockwise (0, 90, 180, 270) that turn it upright.
    """

    luma: Luma
    cb: Luma | None
    cr: Luma | None
    rotation: int


def read_planes(path: Path) -> PicturePlanes:
    """Read what ``read_photograph`` reads, in sRGB too, but turned by no more than a mirror.

    Grey, and the luma of a JPEG, keep their codes where no profile says otherwise; alpha is left out. Errors
    as there.
    """
    with opened(path) as picture:
        samples = read_samples(path, picture)
        pixels = samples.pixels if samples.icc is None else to_srgb(samples.pixels, samples.icc)[0]
        own = (
            jpeg_luma(path)
            if picture.format in JPEG and pixels is samples.pixels and pixels.ndim == 3
            else None
        )
        with quiet():
            mirrored, rotation = ORIENTATIONS[1 if samples.upright else orientation(path, picture)]
    if mirrored:
        pixels = cast("Luma", np.ascontiguousarray(pixels[:, ::-1]))
        own = None if own is None else cast("Luma", np.ascontiguousarray(own[:, ::-1]))
    if pixels.ndim == 2:
        return PicturePlanes(pixels, None, None, rotation)
    luma, cr, cb = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    return PicturePlanes(cast("Luma", luma) if own is None else own, _halved(cb), _halved(cr), rotation)


def _halved(plane: MatLike) -> Luma:
    """The mean of each two by two samples; the last row and column of odd sizes count twice."""
    height, width = plane.shape
    even = cv2.copyMakeBorder(plane, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    half = (width + 1) // 2, (height + 1) // 2
    return cast("Luma", cv2.resize(even, half, interpolation=cv2.INTER_AREA))
