"""The planar path: low-resolution ab becomes two chroma planes under luma that nobody touches.

No R'G'B' at full size: the colour is worked out on ab's own grid, about 56x56 (a finer one was no closer to
true photographs), and only the two small planes are scaled to the size of the outgoing chroma. Planes stay in
the frame's stored orientation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import lab_to_rgb_planes
from device.colour.lightness import lightness, luma_values
from device.colour.own import jpeg_luma, own_chroma, own_jpeg_planes
from device.frames import JPEG_COLOUR, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Frame, Luma, Matrix, TintedFrame

    Floats = NDArray[np.float32]

_GRID = 56
_WIDEST_STEP = 2.3  # source samples to one bilinear sample: wider steps would skip some
_PLAIN_STEP = 1.2  # up to here one bilinear step alone is as good as averaging
_TINY = np.float32(1e-6)


def shrink(luma: Luma, window: Window | None = None, size: tuple[int, int] = (224, 224)) -> Luma:
    """Shrink the window of a luma plane to ``size`` (rows, columns), close to area averaging.

    uint8 or uint16 in, the same out. Area averaging by a factor that is not whole is slow; OpenCV is fast
    at halving and at bilinear steps: so a bilinear step to a power of two times ``size``, then halvings.
    """
    small = luma if window is None else luma[window.slices]
    rows, columns = size
    while small.shape[0] >= 8 * rows and small.shape[1] >= 8 * columns:
        small = _bilinear(small, small.shape[0] // 2, small.shape[1] // 2)
    down, across = _power(small.shape[0] / rows), _power(small.shape[1] / columns)
    small = _bilinear(small, down * rows, across * columns)
    while down > 1 or across > 1:
        down, across = max(down // 2, 1), max(across // 2, 1)
        small = _bilinear(small, down * rows, across * columns)  # at exactly half: the average of all
    return small


def _power(step: float) -> int:
    """Return what power of two times the target a bilinear step reaches without skipping samples."""
    return 1 if step <= _PLAIN_STEP else 2 ** max(1, math.ceil(math.log2(step / _WIDEST_STEP)))


def _bilinear(plane: Luma, rows: int, columns: int) -> Luma:
    return cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def chroma_planes(
    tinted: TintedFrame, size: tuple[int, int] | None = None, depth: int | None = None
) -> tuple[Luma, Luma]:
    """Make the planes Cb and Cr of a tinted frame, in its colour space and range.

    ``size``: (rows, columns) of the outgoing chroma; by default 4:2:0, ceil(H/2) x ceil(W/2). ``depth``: bits
    of predicted colour; by default the frame's, as its own always has. Outside the tinted window they are
    neutral. uint8 for 8 bits, else uint16. Where a frame's own colour passes, they are its own planes: the
    very arrays, where they have that size.
    """
    frame = tinted.frame
    size = size or _half_size(frame)
    if tinted.own_colour:
        return own_chroma(frame, size)
    cb, cr = _grid_chroma(tinted, frame.colour_space.matrix)
    full_range = frame.colour_space.full_range
    return (
        _plane(cb, tinted, size, full_range=full_range, depth=depth or frame.depth),
        _plane(cr, tinted, size, full_range=full_range, depth=depth or frame.depth),
    )


def jpeg_planes(tinted: TintedFrame) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Y, Cb, Cr of a tinted frame as JPEG wants them: 8 bits, full range, BT.601, 4:2:0, contiguous.

    The chroma is made for BT.601 whatever the frame's matrix is. Luma is stretched to 8 bits of full range,
    and is the frame's own array where it was that already. A frame whose own colour passes is turned into
    BT.601 whole.
    """
    if tinted.own_colour:
        return own_jpeg_planes(tinted.frame)
    size = _half_size(tinted.frame)
    cb, cr = _grid_chroma(tinted, JPEG_COLOUR.matrix)
    return (
        jpeg_luma(tinted.frame),
        _plane(cb, tinted, size, full_range=True, depth=8),  # type: ignore[return-value]
        _plane(cr, tinted, size, full_range=True, depth=8),
    )


def _half_size(frame: Frame) -> tuple[int, int]:
    return (frame.height + 1) // 2, (frame.width + 1) // 2


def _grid_chroma(tinted: TintedFrame, matrix: Matrix) -> tuple[Floats, Floats]:
    """Cb and Cr on the grid, -0.5..0.5, pulled in to where the source's luma with them stays in the gamut."""
    frame, codes = tinted.frame, tinted.small
    rows, columns = (min(n, _GRID) for n in codes.shape)
    if codes.shape != (rows, columns):
        codes = cv2.resize(codes, (columns, rows), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    ab = np.asarray(cv2.resize(tinted.ab, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)
    r, g, b = lab_to_rgb_planes(lightness(codes, frame.colour_space, frame.depth), ab)

    kr, kb = matrix.kr, matrix.kb
    y = kr * r + (1 - kr - kb) * g + kb * b

    # With V as its luma, V + (R'-Y') must lie in 0..1, G' and B' too: all shrink by what the worst one needs.
    values = luma_values(codes, frame.depth, full_range=frame.colour_space.full_range)
    above = (1 - values) / np.maximum(np.maximum(np.maximum(r, g), b) - y, _TINY)
    below = values / np.maximum(y - np.minimum(np.minimum(r, g), b), _TINY)
    keep = np.minimum(np.minimum(above, below), 1)
    return (b - y) * keep / (2 * (1 - kb)), (r - y) * keep / (2 * (1 - kr))


def _plane(
    chroma: Floats, tinted: TintedFrame, size: tuple[int, int], *, full_range: bool, depth: int
) -> Luma:
    """Give chroma on the grid its codes, and scale them to their place in a plane of ``size``."""
    neutral, top = 1 << (depth - 1), (1 << depth) - 1
    codes = chroma * (top if full_range else 224 << (depth - 8)) + neutral
    codes = np.clip(np.rint(codes), 0, top).astype(np.uint8 if depth == 8 else np.uint16)

    window = _chroma_window(tinted, size)
    inner = cv2.resize(codes, (window.width, window.height), interpolation=cv2.INTER_CUBIC)
    if depth not in {8, 16}:
        inner = np.minimum(inner, top)  # cubic overshoots; only a full integer type stops it by itself
    if (window.height, window.width) == size:
        return inner  # type: ignore[return-value]
    plane = np.full(size, neutral, codes.dtype)
    plane[window.slices] = inner
    return plane  # type: ignore[return-value]


def _chroma_window(tinted: TintedFrame, size: tuple[int, int]) -> Window:
    """Where the tinted window lies in a chroma plane of ``size``."""
    rows, columns = size
    window = tinted.window
    if window is None:
        return Window(0, 0, columns, rows)
    across, down = round(tinted.frame.width / columns), round(tinted.frame.height / rows)
    x, y = window.x // across, window.y // down
    right, bottom = -(-(window.x + window.width) // across), -(-(window.y + window.height) // down)
    return Window(x, y, right - x, bottom - y)
