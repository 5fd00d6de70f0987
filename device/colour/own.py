"""A frame's own colour on its way out: into the matrix, range, depth or sampling that is wanted there.

YCbCr of one matrix into that of another, and into R'G'B', is linear: all of it but luma itself is worked out
on the small planes of chroma, scaled to the size of luma and added to it, with one rounding at the end (ITU-R
BT.601, BT.709, BT.2020 and JFIF define the codes). Chroma is taken to lie in the middle of the luma samples
that it stands for, as JPEG has it; where a film means their left edge, its colour lands half a luma sample to
the right, as with most players.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from device.colour.lightness import black_and_white
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.frames import Frame, Luma, Matrix

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

_BAND = 256  # rows of luma at once: what is scaled to its size stays in the cache

Plane = TypeVar("Plane", bound="NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]")


def own_chroma(frame: Frame, size: tuple[int, int]) -> tuple[Luma, Luma]:
    """The frame's own Cb and Cr as planes of ``size`` (rows, columns), in its colour space and depth.

    They are the frame's own arrays where they have that size; neutral where it has none.
    """
    if frame.cb is None or frame.cr is None:
        neutral = np.full(size, 1 << (frame.depth - 1), frame.luma.dtype)
        return neutral, neutral
    return _resampled(frame.cb, frame.luma.shape, size), _resampled(frame.cr, frame.luma.shape, size)


def own_jpeg_planes(frame: Frame) -> tuple[Bytes, Bytes, Bytes]:
    """Y, Cb, Cr of the frame's own colour: 8 bits, full range, BT.601, 4:2:0.

    Planes that are all of that already are the frame's own arrays.
    """
    half = (frame.height + 1) // 2, (frame.width + 1) // 2
    cb, cr = own_chroma(frame, half)
    space = frame.colour_space
    if space == JPEG_COLOUR and frame.depth == 8:
        y, cb, cr = (np.ascontiguousarray(plane, np.uint8) for plane in (frame.luma, cb, cr))
        return y, cb, cr
    to_luma, to_cb, to_cr = between(space.matrix, JPEG_COLOUR.matrix)
    return (
        jpeg_luma(frame) if not any(to_luma) else _with_luma(frame, _mixed(frame, (cb, cr), to_luma)),
        _mixed(frame, (cb, cr), to_cb, codes_about=128),  # type: ignore[return-value]  # 8 bits are asked for
        _mixed(frame, (cb, cr), to_cr, codes_about=128),
    )


def own_rgb(frame: Frame) -> Bytes:
    """R'G'B' (H, W, 3), 0..255, of the frame's own colour, as it is stored."""
    if frame.cb is None or frame.cr is None:
        return np.asarray(cv2.merge([jpeg_luma(frame)] * 3), np.uint8)
    kr, kb = frame.colour_space.matrix.kr, frame.colour_space.matrix.kb
    kg = 1 - kr - kb
    red, blue = 2 * (1 - kr), 2 * (1 - kb)
    weights = (0.0, red), (-kb * blue / kg, -kr * red / kg), (blue, 0.0)
    planes = frame.cb, frame.cr
    return np.asarray(cv2.merge([_with_luma(frame, _mixed(frame, planes, w)) for w in weights]), np.uint8)


def jpeg_luma(frame: Frame) -> Bytes:
    """Luma (H, W) stretched to 8 bits of full range; the frame's own array where it was that already."""
    black, white = black_and_white(frame.depth, full_range=frame.colour_space.full_range)
    if frame.luma.dtype == np.uint8 and white - black == 255:
        return np.ascontiguousarray(frame.luma, np.uint8)
    floor = frame.luma.dtype.type(black)
    above_black = np.maximum(frame.luma, floor)  # not by OpenCV, which takes four rows of one for a scalar
    above_black -= floor
    return np.asarray(cv2.convertScaleAbs(above_black, alpha=255 / (white - black)), np.uint8)


def between(source: Matrix, to: Matrix) -> NDArray[np.float64]:
    """What Cb and Cr (-0.5..0.5) of ``source`` add to Y, Cb and Cr of ``to``, (3, 2); Y is added to Y."""
    kr, kb = source.kr, source.kb
    # With Y' = 0: R' and B' are colour differences, G' follows from Y' = Kr R' + Kg G' + Kb B'.
    red = np.array([0, 2 * (1 - kr)])
    blue = np.array([2 * (1 - kb), 0])
    green = -(kr * red + kb * blue) / (1 - kr - kb)
    luma = to.kr * red + (1 - to.kr - to.kb) * green + to.kb * blue
    if source is to:
        luma = np.zeros(2)
    return np.array([luma, (blue - luma) / (2 * (1 - to.kb)), (red - luma) / (2 * (1 - to.kr))])


def _mixed(
    frame: Frame, chroma: Sequence[Luma], weights: Sequence[float], *, codes_about: int | None = None
) -> Floats | Bytes:
    """Chroma (-0.5..0.5) under ``weights``, times 255: float32, or 8-bit codes about a neutral one."""
    neutral = 1 << (frame.depth - 1)
    scale = (1 << frame.depth) - 1 if frame.colour_space.full_range else 224 << (frame.depth - 8)
    of_cb, of_cr = (255 * float(weight) / scale for weight in weights)
    about = float(codes_about or 0) - (of_cb + of_cr) * neutral
    cb, cr = chroma
    if codes_about is None:
        return cv2.addWeighted(cb, of_cb, cr, of_cr, about, dtype=cv2.CV_32F)  # type: ignore[return-value]
    return cv2.addWeighted(cb, of_cb, cr, of_cr, about, dtype=cv2.CV_8U)  # type: ignore[return-value]


def _with_luma(frame: Frame, added: Floats | Bytes) -> Bytes:
    """Full-range luma of 8 bits plus a small plane scaled to its size, rounded once."""
    black, white = black_and_white(frame.depth, full_range=frame.colour_space.full_range)
    scale = 255 / (white - black)
    luma, sum_ = frame.luma, np.empty(frame.luma.shape, np.uint8)
    rows, columns = luma.shape
    down = _step(rows, added.shape[0])
    for first in range(0, rows, _BAND):
        last = min(first + _BAND, rows)
        top, bottom = max(first // down - 1, 0), -(-last // down) + 1  # and a neighbour, to scale from
        strip = added[top:bottom]
        size = down * strip.shape[0], columns
        wide = _resampled(strip, size, size)[first - down * top : last - down * top]
        cv2.addWeighted(luma[first:last], scale, wide, 1, -scale * black, sum_[first:last], cv2.CV_8U)
    return sum_


def _resampled(plane: Plane, luma_size: tuple[int, ...], size: tuple[int, ...]) -> Plane:
    """A plane beside luma of ``luma_size``, at another size: that over 1, 2 or 4, rounded up."""
    if plane.shape == size:
        return plane
    added, steps = [], []
    for luma, before, after in zip(luma_size, plane.shape, size, strict=True):
        step, wanted = _step(luma, before), _step(luma, after)
        needed = -(-after * wanted // step)  # so that the last sample, too, is made of whole ones
        added.append(max(needed - before, 0))
        steps.append(step / wanted)
    if any(added):
        plane = cv2.copyMakeBorder(plane, 0, added[0], 0, added[1], cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    rows, columns = (round(side * step) for side, step in zip(plane.shape, steps, strict=True))
    resized = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_LINEAR)  # at a half: the average
    return resized[: size[0], : size[1]]  # type: ignore[return-value]


def _step(luma: int, side: int) -> int:
    """How many samples of luma stand beside one of a plane's."""
    for step in (1, 2, 4):
        if -(-luma // step) == side:
            return step
    raise ValueError(f"a plane of {side} samples beside {luma} of luma")
