"""A photograph before and after, side by side in one JPEG, to look at and to show around."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from device.media.durable import write_bytes
from device.media.jpeg_segments import insert, xmp_segment

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from device.frames import Luma
    from device.media.made_by import MadeBy

    Rgb = NDArray[np.uint8]

#: The longest side of either picture: two fill the widest of screens, and every viewer opens them.
_LONGEST = 2400
_SEAM, _PAPER = 8, 255
_QUALITY = 90


def shown(pixels: Luma, longest: int = _LONGEST) -> Rgb:
    """R'G'B' (h, w, 3) uint8 of pixels (H, W) or (H, W, 3), uint8 or uint16, at most ``longest`` a side."""
    scale = longest / max(pixels.shape[:2])
    if scale < 1:
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    return np.asarray(pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)


def write_side_by_side(path: Path, before: Luma, after: Luma, made_by: MadeBy) -> None:
    """Write both, one beside the other; errors as ``write_bytes``.

    ``before``, ``after``: upright pictures of one size, as ``shown`` takes them.
    """
    pictures = [shown(before), shown(after)]
    height = len(pictures[0])
    seam = np.full((height, _SEAM, 3), _PAPER, np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.concatenate((pictures[0], seam, pictures[1]), axis=1)).save(
        file, "JPEG", quality=_QUALITY
    )
    write_bytes(path, insert(file.getvalue(), [xmp_segment(made_by.xmp())]))
