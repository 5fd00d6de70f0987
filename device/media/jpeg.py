"""JPEG straight from planes: no RGB on the way. The facts inside are ``device.media.facts``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg

from device.media.facts import Facts, add_facts, read_facts, read_jpeg_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

__all__ = ["Facts", "add_facts", "encode_jpeg", "read_facts", "read_jpeg_size", "upright"]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def encode_jpeg(y: Plane, cb: Plane, cr: Plane, quality: int, facts: Facts | None = None) -> bytes:
    """Encode full-range BT.601 planes as a JFIF file, with ``facts`` in it where there are any.

    ``y``: (H, W) uint8; ``cb``, ``cr``: (ceil(H/2), ceil(W/2)) uint8 for 4:2:0, or as large as ``y`` in
    either direction. Rows may be strided, samples within a row may not. ``quality``: 1..100.
    Raises ValueError for planes that don't fit each other, and for facts of a picture of another size.
    """
    if facts is not None and y.shape != (facts.height, facts.width):
        raise ValueError(f"facts of {facts.width}x{facts.height} for a picture of {y.shape[1]}x{y.shape[0]}")
    jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(y, cb, cr, quality=quality)
    return jpeg if facts is None else add_facts(jpeg, facts)


def upright(planes: tuple[Plane, ...], rotation: int) -> tuple[Plane, ...]:
    """Turn each plane ``rotation`` degrees clockwise (0, 90, 180, 270), into new contiguous planes.

    Where a side is odd, 4:2:0 chroma lands up to half a chroma sample away from where it was.
    """
    if rotation == 0:
        return planes
    return tuple(np.asarray(cv2.rotate(plane, _TURNS[rotation]), np.uint8) for plane in planes)
