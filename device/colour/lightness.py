"""From codes of luma to L of Lab, as the network sees it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import lightness_of, luminance, srgb_to_linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import ColourSpace, Luma


def black_and_white(depth: int, *, full_range: bool) -> tuple[int, int]:
    """Return the luma codes of black and white: in 8 bits 16 and 235 in limited range, 0 and 255 in full."""
    if full_range:
        return 0, (1 << depth) - 1
    return 16 << (depth - 8), 235 << (depth - 8)


def luma_values(luma: Luma, depth: int, *, full_range: bool) -> NDArray[np.float32]:
    """V of luma codes of ``depth`` bits: 0 at black, 1 at white, clipped; float32 of the same shape."""
    black, white = black_and_white(depth, full_range=full_range)
    values = luma.astype(np.float32)
    values -= black
    values /= white - black
    return np.clip(values, 0, 1, out=values)


@cache
def _table(depth: int, *, full_range: bool) -> NDArray[np.float32]:
    codes = np.arange(1 << depth, dtype=np.uint16)
    table = lightness_of(srgb_to_linear(luma_values(codes, depth, full_range=full_range)))
    table.setflags(write=False)
    return table


def lightness_table(colour_space: ColourSpace, depth: int = 8) -> NDArray[np.float32]:
    """L of Lab, 0..100, of every luma code of ``depth`` bits (8 to 16); (2**depth,) float32, read-only.

    R' = G' = B' = V, the sRGB curve, D65: the matrix has no part in it, for a grey has no chroma.
    """
    return _table(depth, full_range=colour_space.full_range)


def lightness(luma: Luma, colour_space: ColourSpace, depth: int = 8) -> NDArray[np.float32]:
    """L of Lab, 0..100, of luma codes (H, W), uint8 or uint16, strided or not; float32 of the same shape.

    Codes that ``depth`` bits don't hold count as white.
    """
    table = lightness_table(colour_space, depth)
    if luma.dtype == np.uint8 and depth == 8:
        return np.asarray(cv2.LUT(luma, table), np.float32)
    return table.take(luma, mode="clip")


@cache
def _linear_table(depth: int) -> NDArray[np.float32]:
    white = (1 << depth) - 1
    table = srgb_to_linear(np.arange(white + 1, dtype=np.float32) / np.float32(white))
    table.setflags(write=False)
    return table


def lightness_of_rgb(rgb: Luma) -> NDArray[np.float32]:
    """L of Lab, 0..100, of sRGB pixels (..., 3), uint8 or uint16 at full scale; float32 (...)."""
    table = _linear_table(8 * rgb.itemsize)
    return lightness_of(luminance(table.take(rgb[..., 0]), table.take(rgb[..., 1]), table.take(rgb[..., 2])))
