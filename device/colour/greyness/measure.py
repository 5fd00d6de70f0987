"""The measure: how much of a picture's chroma its luma does not explain.

A sepia print, a toned scan, the pink night of an infrared camera have chroma, but one that follows from
luma: each luma level's median ab is taken off, and so is what a blurred luma still explains (chroma is stored
coarser than luma). What is left is colour, or noise. Noise is not alike in neighbouring places, colour is:
the spread is the root of the covariance of what is left with itself two cells further.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import rgb_to_lab
from device.colour.lightness import luma_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Frame, Luma, Window

    Floats = NDArray[np.float32]

#: A spread (Lab units) above this is colour.
_COLOUR = 1.0
#: Samples a side that are measured, and how many of them make a cell of the grid that is left.
_SAMPLES = 96
_CELL = 3
#: Levels hold equally many samples: few enough to follow a duotone's curve, enough for a median.
_LEVELS = 48
_BLURRED_LEVELS = 24
_BLUR = 5
#: A frame is black, and says nothing, where 99 % of its samples are darker than this (V, 0..1).
_BLACK = 0.06


@dataclass(frozen=True, eq=False)
class Chroma:
    """What luma does not explain of a picture's chroma: ``rest``, a coarse grid (rows, columns, 2), Lab."""

    rest: Floats

    @cached_property
    def spread(self) -> float:
        """How far it spreads, in Lab units: the root of what neighbouring cells have in common."""
        rest = self.rest
        if min(rest.shape[:2]) < 3:
            return 0.0
        down = float((rest[2:] * rest[:-2]).sum(axis=-1).mean())
        across = float((rest[:, 2:] * rest[:, :-2]).sum(axis=-1).mean())
        return math.sqrt(max((down + across) / 2, 0.0))


def is_colour(spread: float) -> bool:
    """Whether a picture whose unexplained chroma has this ``spread`` (Lab units) is in true colour."""
    return spread > _COLOUR


def unexplained_chroma(lightness: Floats, ab: Floats) -> float:
    """Spread of the chroma that luma does not explain, in Lab units; 0 where there is nothing to judge by.

    ``lightness``: (h, w) L of Lab, 0..100. ``ab``: (h, w, 2). Small planes: what is larger than 96 a side is
    averaged down to that.
    """
    rows, columns = (min(_SAMPLES, n) for n in lightness.shape)
    light, small = (
        np.asarray(cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
        for plane in (lightness, ab)
    )
    return _unexplained(light, small).spread


def frame_chroma(frame: Frame, window: Window | None = None) -> Chroma | None:
    """Measure a frame's own chroma within ``window``; None where the frame is black and says nothing."""
    space = frame.colour_space
    value = luma_values(_sampled(frame.luma, frame, window), frame.depth, full_range=space.full_range)
    if np.quantile(value, 0.99) < _BLACK:
        return None
    if frame.cb is None or frame.cr is None:
        return Chroma(np.zeros((1, 1, 2), np.float32))
    swing = (255 if space.full_range else 224) << (frame.depth - 8)
    neutral = np.float32(1 << (frame.depth - 1))
    cb, cr = (
        (_sampled(plane, frame, window).astype(np.float32) - neutral) / np.float32(swing)
        for plane in (frame.cb, frame.cr)
    )
    kr, kb = space.matrix.kr, space.matrix.kb
    red, blue = value + 2 * (1 - kr) * cr, value + 2 * (1 - kb) * cb
    green = (value - kr * red - kb * blue) / (1 - kr - kb)
    lab = rgb_to_lab(np.clip(np.stack((red, green, blue), axis=-1), 0, 1))
    return _unexplained(np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:]))


def _sampled(plane: Luma, frame: Frame, window: Window | None) -> Luma:
    """Sample the window of a plane of any sampling at 96 x 96 places, each the mean of some around it."""
    if window is not None:
        down, across = plane.shape[0] / frame.height, plane.shape[1] / frame.width
        top, left = round(window.y * down), round(window.x * across)
        bottom, right = round((window.y + window.height) * down), round((window.x + window.width) * across)
        plane = plane[top : max(bottom, top + 1), left : max(right, left + 1)]
    rough = cv2.resize(plane, (2 * _SAMPLES, 2 * _SAMPLES), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(rough, (_SAMPLES, _SAMPLES), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _unexplained(light: Floats, ab: Floats) -> Chroma:
    rows, columns = light.shape
    if min(rows, columns) < 3 * _CELL:
        return Chroma(np.zeros((1, 1, 2), np.float32))
    blurred = np.asarray(cv2.blur(light, (_BLUR, _BLUR)), np.float32)
    rest = _without_levels(light, ab, _LEVELS)
    rest = _without_levels(blurred - light, rest, _BLURRED_LEVELS)
    rest = _without_levels(blurred, rest, _LEVELS)
    cells = columns // _CELL, rows // _CELL
    return Chroma(np.asarray(cv2.resize(rest, cells, interpolation=cv2.INTER_AREA), np.float32))


def _without_levels(key: Floats, values: Floats, levels: int) -> Floats:
    """Take off ``values`` (h, w, 2) the median of each level of ``key`` (h, w); levels hold equally many."""
    low, high = float(key.min()), float(key.max())
    codes = ((key - low) * np.float32(255 / max(high - low, 1e-6))).astype(np.uint8).ravel()
    each = max(codes.size // levels, 1)
    levels = codes.size // each
    order = np.argsort(codes, kind="stable")[: each * levels]
    middle = codes[order].reshape(levels, each).mean(axis=1)
    taken_off = np.empty_like(values)
    for channel in (0, 1):
        ordered = values[..., channel].ravel().take(order).reshape(levels, each)
        medians = np.partition(ordered, each // 2, axis=1)[:, each // 2]
        table = np.interp(np.arange(256), middle, medians).astype(np.float32)
        taken_off[..., channel] = table.take(codes).reshape(key.shape)
    return values - taken_off
