"""The reference merge: colour at low resolution under lightness at full resolution, in float.

For photographs, and the yardstick of every test. Worked through in bands of rows, so that beside what is
given and returned only a few rows are held in float.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import lab_to_rgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_BAND_PIXELS = 1 << 14  # small enough to stay in a core's cache
_SHARED_BAND_PIXELS = 1 << 16  # threads have enough to do between two looks at the lock that they share
_CUBIC_A = -0.75  # of the convolution kernel (Keys 1981) that cv2.INTER_CUBIC uses


def merge_float(lightness: NDArray[np.floating], ab: NDArray[np.floating]) -> Floats:
    """Merge L (H, W), 0..100, with ab (h, w, 2) in Lab units, scaled up by cubic.

    Returns R'G'B' (H, W, 3) float32 on a scale of 0..255, neither clipped nor rounded.
    """
    rgb = np.empty((*lightness.shape, 3), np.float32)
    wide = _wide(ab, rgb.shape[1])
    for rows in _bands(rgb.shape, _BAND_PIXELS):
        rgb[rows] = _merged(np.asarray(lightness[rows], np.float32), wide, rows, len(rgb))
        rgb[rows] *= np.float32(255)
    return rgb


def merge_reference(lightness: NDArray[np.floating], ab: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Merge as `merge_float` does, then clip and round: R'G'B' (H, W, 3) uint8."""
    rgb = np.empty((*lightness.shape, 3), np.uint8)
    merge_into(rgb, lambda rows: np.asarray(lightness[rows], np.float32), ab)
    return rgb


def merge_into(
    rgb: Pixels, lightness_of: Callable[[slice], Floats], ab: NDArray[np.floating], *, threads: int = 1
) -> None:
    """Merge as `merge_float` does, clip and round into ``rgb`` (H, W, 3), full scale of its uint8 or uint16.

    ``lightness_of(rows)`` gives L (rows, W) float32, 0..100, of these rows: it is asked for a few rows at a
    time, by ``threads`` threads at once, so that the lightness of a large photograph never is there whole.
    """
    wide = _wide(ab, rgb.shape[1])
    if threads == 1:
        for rows in _bands(rgb.shape, _BAND_PIXELS):
            _merge_band(rgb, lightness_of, wide, rows)
        return
    with ThreadPoolExecutor(threads, "merge") as pool:
        work = partial(_merge_band, rgb, lightness_of, wide)
        for _ in pool.map(work, _bands(rgb.shape, _SHARED_BAND_PIXELS)):
            pass  # what a thread raised is raised here


def _merge_band(rgb: Pixels, lightness_of: Callable[[slice], Floats], wide: Floats, rows: slice) -> None:
    band = _merged(lightness_of(rows), wide, rows, len(rgb))
    white = np.iinfo(rgb.dtype).max
    band *= np.float32(white)
    np.clip(band, 0, white, out=band)
    rgb[rows] = np.rint(band, out=band)


def _merged(lightness: Floats, wide: Floats, rows: slice, height: int) -> Floats:
    """R'G'B' of some rows, 0..1 inside the gamut; ``wide``: ab scaled to the picture's width alone."""
    colour = wide[rows] if wide.shape[0] == height else _cubic_rows(wide, rows, height)
    return lab_to_rgb(lightness, colour)


def _wide(ab: NDArray[np.floating], width: int) -> Floats:
    narrow = np.ascontiguousarray(ab, np.float32)
    return np.asarray(cv2.resize(narrow, (width, len(narrow)), interpolation=cv2.INTER_CUBIC), np.float32)


def _bands(shape: tuple[int, ...], pixels: int) -> Iterator[slice]:
    height, width = shape[:2]
    step = max(1, pixels // width)
    return (slice(first, min(first + step, height)) for first in range(0, height, step))


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
