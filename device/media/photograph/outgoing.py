"""What is about to be written: samples as the format can hold them, metadata as it was put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
from PIL import Image

from device.media.photograph.opening import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma
    from device.media.photograph.values import Carried


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """``pixels`` (H, W, 3) and ``alpha`` (H, W) or None, both uint8 or both uint16.

    ``xmp``, ``icc``: packets; ``own_xmp``: of ``xmp`` what we put into it, where the rest is too much;
    ``quality``: 1..100, for what loses something; ``said``: a line about who made
    the colour, for formats that hold no more than that.
    """

    pixels: Luma
    alpha: Luma | None
    carried: Carried
    xmp: bytes | None
    own_xmp: bytes | None
    icc: bytes
    quality: int
    said: str | None = None

    @property
    def bits(self) -> int:
        """Bits of a sample: 8 or 16."""
        return 8 * self.pixels.itemsize

    def stacked(self) -> Luma:
        """R'G'B' (H, W, 3), or with alpha (H, W, 4)."""
        if self.alpha is None:
            return self.pixels
        return cast("Luma", np.dstack((self.pixels, self.alpha)))

    def in_eight_bits(self) -> Outgoing:
        """The same in 8 bits."""
        alpha = None if self.alpha is None else to_eight_bits(self.alpha)
        return replace(self, pixels=to_eight_bits(self.pixels), alpha=alpha)

    def over_white(self) -> Outgoing:
        """The same without alpha, laid over white."""
        if self.alpha is None:
            return self
        largest = np.float32(np.iinfo(self.pixels.dtype).max)
        out = np.empty_like(self.pixels)
        for row, (colour, alpha) in enumerate(zip(self.pixels, self.alpha, strict=True)):
            share = (alpha / largest)[:, None]
            out[row] = np.rint(colour * share + largest * (1 - share))
        return replace(self, pixels=out, alpha=None)


def to_eight_bits(plane: Luma) -> NDArray[np.uint8]:
    """Codes of 8 bits for codes of 16, rounded; 8 bits stay as they are."""
    return np.asarray(
        plane if plane.dtype == np.uint8 else cv2.convertScaleAbs(plane, alpha=1 / 257), np.uint8
    )


def to_depth(plane: Luma, dtype: np.dtype[np.unsignedinteger]) -> Luma:
    """The same in codes of ``dtype``, uint8 or uint16."""
    if plane.dtype == dtype:
        return plane
    return to_eight_bits(plane) if dtype == np.uint8 else plane.astype(np.uint16) * np.uint16(257)


def pillow_picture(samples: Luma) -> Image.Image:
    """The samples, 8 bits, as Pillow's own."""
    with quiet():  # it warns of large pictures, also where these are ours
        return Image.fromarray(samples)
