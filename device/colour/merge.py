"""The reference merge: colour at low resolution under lightness at full resolution, in float.

For photographs, and the yardstick of every test. Worked through in bands of rows, so that beside what is
given and returned only a few rows are held in float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import lab_to_rgb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_BAND_PIXELS = 1 << 14  # small enough to stay in a core's cache
_CUBIC_A = -0.75  # of the convolution kernel (Keys 1981) that cv2.INTER_CUBIC uses


def merge_float(lightness: NDArray[np.floating], ab: NDArray[np.floating]) -> NDArray[np.float32]:
    """Merge L (H, W), 0..100, with ab (h, w, 2) in Lab units, scaled up by cubic.

    Returns R'G'B' (H, W, 3) float32 on a scale of 0..255, neither clipped nor rounded.
    """
    rgb = np.empty((*lightness.shape, 3), np.float32)
    for rows, band in _bands(lightness, ab):
        rgb[rows] = band
    return rgb


def merge_reference(lightness: NDArray[np.floating], ab: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Merge as `merge_float` does, then clip and round: R'G'B' (H, W, 3) uint8."""
    rgb = np.empty((*lightness.shape, 3), np.uint8)
    for rows, band in _bands(lightness, ab):
        rgb[rows] = np.rint(np.clip(band, 0, 255))
    return rgb


def _bands(
    lightness: NDArray[np.floating], ab: NDArray[np.floating]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    height, width = lightness.shape
    narrow = np.ascontiguousarray(ab, np.float32)
    wide = np.asarray(cv2.resize(narrow, (width, len(narrow)), interpolation=cv2.INTER_CUBIC), np.float32)
    step = max(1, _BAND_PIXELS // width)
    for first in range(0, height, step):
        rows = slice(first, min(first + step, height))
        colour = wide[rows] if wide.shape[0] == height else _cubic_rows(wide, rows, height)
        yield rows, lab_to_rgb(np.asarray(lightness[rows], np.float32), colour) * np.float32(255)


def _cubic_rows(source: NDArray[np.float32], rows: slice, height: int) -> NDArray[np.float32]:
    """Rows of ``source`` scaled to ``height`` rows: what cv2.resize gives, for these rows alone."""
    position = (np.arange(rows.start, rows.stop) + 0.5) * source.shape[0] / height - 0.5
    whole = np.floor(position).astype(int)
    out = np.zeros((len(position), *source.shape[1:]), np.float32)
    for tap in range(-1, 3):
        weight = _cubic(np.abs(position - whole - tap)).astype(np.float32)
        out += weight[:, None, None] * source[np.clip(whole + tap, 0, source.shape[0] - 1)]
    return out


def _cubic(t: NDArray[np.float64]) -> NDArray[np.float64]:
    near = ((_CUBIC_A + 2) * t - (_CUBIC_A + 3)) * t * t + 1
    far = ((t - 5) * t + 8) * t * _CUBIC_A - 4 * _CUBIC_A
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))
