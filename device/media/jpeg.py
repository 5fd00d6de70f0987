"""JPEG straight from planes: no RGB on the way. The facts inside are ``device.media.facts``."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg

from device.colour.tint import jpeg_planes
from device.media.facts import Facts, read_facts, read_jpeg_size
from device.media.jpeg_segments import COM, insert, xmp_segment
from device.media.made_by import MadeBy
from device.resources import version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import TintedFrame

    Plane = NDArray[np.uint8]
    Planes = tuple[Plane, Plane, Plane]

__all__ = [
    "Facts",
    "encode_jpeg",
    "encode_within",
    "facts_of",
    "read_facts",
    "read_jpeg_size",
    "upright_planes",
    "xmp_of",
]

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

_POOREST = 40  # below this quality a smaller picture looks better than a worse one
_SMALLEST_SIDE = 16


def encode_jpeg(y: Plane, cb: Plane, cr: Plane, quality: int, facts: Facts | None = None) -> bytes:
    """Encode full-range BT.601 planes as a JFIF file, with ``facts`` in it where there are any.

    Where these say that the colour is the network's, XMP says so, too, to whoever reads it.
    ``y``: (H, W) uint8; ``cb``, ``cr``: (ceil(H/2), ceil(W/2)) uint8 for 4:2:0, or as large as ``y`` in
    either direction. Rows may be strided, samples within a row may not. ``quality``: 1..100.
    Raises ValueError for planes that don't fit each other, and for facts of a picture of another size.
    """
    if facts is not None and y.shape != (facts.height, facts.width):
        raise ValueError(f"facts of {facts.width}x{facts.height} for a picture of {y.shape[1]}x{y.shape[0]}")
    jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(y, cb, cr, quality=quality)
    if facts is None:
        return jpeg
    xmp = xmp_of(facts)
    told = [] if xmp is None else [xmp_segment(xmp)]
    return insert(jpeg, [*told, (COM, facts.to_bytes())])


def xmp_of(facts: Facts) -> bytes | None:
    """The XMP packet that says that a machine made the colour, where it did."""
    return None if facts.own_colour else _made_by(facts.network)


@cache
def _made_by(network: str) -> bytes:
    return MadeBy(network, version()).xmp()


def encode_within(planes: Planes, quality: int, facts: Facts, limit: int) -> bytes:
    """Encode as ``encode_jpeg``, in at most ``limit`` bytes: by lower quality first, then by smaller size.

    Raises ValueError where no picture at all fits.
    """
    while True:
        for attempt in (quality, *(q for q in (85, 75, 65, 55, 45, _POOREST) if q < quality)):
            jpeg = encode_jpeg(*planes, attempt, facts)
            if len(jpeg) <= limit:
                return jpeg
        rows, columns = (side * 3 // 4 for side in planes[0].shape)
        if min(rows, columns) < _SMALLEST_SIDE:
            raise ValueError(f"no picture fits into {limit} bytes")
        half = (columns + 1) // 2, (rows + 1) // 2
        y, cb, cr = (
            np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
            for plane, size in zip(planes, ((columns, rows), half, half), strict=True)
        )
        planes = y, cb, cr
        facts = replace(facts, width=columns, height=rows)


def upright_planes(tinted: TintedFrame) -> Planes:
    """Y, Cb, Cr of a tinted frame for ``encode_jpeg``: 8 bits, full-range BT.601, 4:2:0, turned upright.

    Where a side is odd, turning may land chroma half a chroma sample away from where it was.
    """
    y, cb, cr = jpeg_planes(tinted)
    if not tinted.frame.rotation:
        return y, cb, cr
    turn = _TURNS[tinted.frame.rotation]
    y, cb, cr = (np.asarray(cv2.rotate(plane, turn), np.uint8) for plane in (y, cb, cr))
    return y, cb, cr


def facts_of(
    tinted: TintedFrame,
    *,
    sequence: int,
    network: str,
    device: str,
    job: str | None = None,
    last: bool = False,
) -> Facts:
    """Facts of the JPEG that ``upright_planes`` of this frame makes; its capture time by the wall clock."""
    frame = tinted.frame
    width, height = frame.width, frame.height
    if frame.rotation in {90, 270}:
        width, height = height, width
    captured = frame.captured_ns
    return Facts(
        width=width,
        height=height,
        sequence=sequence,
        pts=frame.pts,
        time_base=frame.time_base,
        network=network,
        device=device,
        job=job,
        last=last,
        captured_ns=None if captured is None else time.time_ns() - (time.monotonic_ns() - captured),
        chroma_age_ns=tinted.chroma_age_ns,
        own_colour=tinted.own_colour,
    )
