"""The measure: how much of a picture's chroma its luma does not explain.

A sepia print, a toned scan, the pink night of an infrared camera have chroma, but one that follows from
luma: each luma level's median ab is taken off. A level holds what is alike in luma and in the luma around it,
for chroma is stored coarser than luma. What is left is colour, or noise. Noise is not alike in neighbouring
places, colour is: the spread is the root of the covariance of what is left with itself a sixteenth of the
picture away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lightness import luma_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Frame, Luma, Window

    Floats = NDArray[np.float32]

#: A spread (Lab units) above this is colour.
_COLOUR = 0.8
#: Samples a side that are measured, and cells a side of the grid that is left; neighbours are so many apart.
_SAMPLES = 96
_CELLS = 32
_APART = 2
#: Equally many samples make a level: levels of luma, each divided again by the luma around.
_LEVELS = 48
_AROUND = 4
#: Where without a smooth trend across the picture (a vignette, uneven toning) less than this share of the
#: spread is left, the trend is no colour.
_TREND = 0.6
#: A frame is black, and says nothing, where 99 % of its samples are darker than this (V, 0..1).
_BLACK = 0.06
#: A darker picture than this (V of its lightest hundredth) counts as if it were lit, up to so many times the
#: chroma: a film's first frames fade in, and what fades has ab as the 2.2 / 3rd power of V.
_LIT = 0.6
_FADED = 2.2 / 3
_MOST_LIT = 4.0


@dataclass(frozen=True, eq=False)
class Chroma:
    """What luma does not explain of a picture's chroma: ``rest``, a coarse grid (rows, columns, 2), Lab."""

    rest: Floats

    @cached_property
    def spread(self) -> float:
        """How far it spreads, in Lab units."""
        rest = self.rest
        if rest.shape[0] == 1:
            return 0.0
        spread = _spread(rest)
        basis = _trends()
        flat = rest.reshape(-1, 2)
        without = _spread((flat - basis @ (basis.T @ flat)).reshape(rest.shape))
        return without if without < _TREND * spread else spread


def is_colour(spread: float) -> bool:
    """Whether a picture whose unexplained chroma has this ``spread`` (Lab units) is in true colour."""
    return spread > _COLOUR


def unexplained_chroma(lightness: Floats, ab: Floats) -> float:
    """Spread of the chroma that luma does not explain, in Lab units.

    ``lightness``: (h, w) L of Lab, 0..100. ``ab``: (h, w, 2). Small planes, best of 96 to 250 a side; they
    are averaged down to 96.
    """
    size = _SAMPLES, _SAMPLES
    light, small = (
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
        for plane in (lightness, ab)
    )
    return _unexplained(light, small).spread


def frame_chroma(frame: Frame, window: Window | None = None) -> Chroma | None:
    """Measure a frame's own chroma within ``window``; None where the frame is black and says nothing."""
    space = frame.colour_space
    value = luma_values(_sampled(frame.luma, frame, window), frame.depth, full_range=space.full_range)
    brightest = float(np.quantile(value, 0.99))
    if brightest < _BLACK:
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
    rgb = np.clip(cv2.merge((red, green, blue)), 0, 1)
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
    as_stored = _unexplained(np.ascontiguousarray(lab[..., 0]), lab[..., 1:])
    lift = np.float32(min((_LIT / brightest) ** _FADED, _MOST_LIT))
    return as_stored if lift <= 1 else Chroma(as_stored.rest * lift)


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
    near = np.asarray(cv2.blur(light, (5, 5)), np.float32)
    wide = np.asarray(cv2.blur(light, (7, 7)), np.float32)
    square = np.asarray(cv2.sqrBoxFilter(light, cv2.CV_32F, (7, 7)), np.float32)
    contrast = np.sqrt(np.maximum(square - wide * wide, 0))
    a, b = (np.ascontiguousarray(ab[..., channel]).ravel() for channel in (0, 1))
    for levels in (_levels(light, near - light), _levels(near, contrast)):
        a, b = _without_medians(a, levels), _without_medians(b, levels)
    rest = cv2.merge((a.reshape(light.shape), b.reshape(light.shape)))
    cells = cv2.resize(rest, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return Chroma(np.asarray(cells, np.float32))


def _levels(luma: Floats, around: Floats) -> NDArray[np.intp]:
    """Places of the samples of each level, (levels, samples in each)."""
    level = np.empty(luma.size, np.uint16)
    level[np.argsort(_codes(luma), kind="stable")] = np.arange(luma.size) // (luma.size // _LEVELS) * 256
    order = np.argsort(level + _codes(around), kind="stable")
    return order.reshape(_LEVELS * _AROUND, -1)


def _codes(values: Floats) -> NDArray[np.uint8]:
    """Give 8-bit codes that keep the order of ``values``, but for a few far off; they sort fast."""
    mean, deviation = (float(found[0, 0]) for found in cv2.meanStdDev(values))
    scale = 42 / max(deviation, 1e-3)
    return np.asarray(np.clip(values * scale + (127.5 - mean * scale), 0, 255).astype(np.uint8).ravel())


def _without_medians(values: Floats, levels: NDArray[np.intp]) -> Floats:
    ordered = values.take(levels)
    half = levels.shape[1] // 2
    medians = np.partition(ordered, half, axis=1)[:, half : half + 1]
    without = np.empty_like(values)
    without[levels] = ordered - medians
    return without


def _spread(rest: Floats) -> float:
    down = float((rest[_APART:] * rest[:-_APART]).sum(axis=-1).mean())
    across = float((rest[:, _APART:] * rest[:, :-_APART]).sum(axis=-1).mean())
    return math.sqrt(max((down + across) / 2, 0.0))


@cache
def _trends() -> Floats:
    """Orthonormal polynomials of the second degree on the grid, (cells, 6)."""
    y, x = np.mgrid[-1 : 1 : _CELLS * 1j, -1 : 1 : _CELLS * 1j]
    terms = [x**i * y**j for i in range(3) for j in range(3 - i)]
    basis, _ = np.linalg.qr(np.stack([term.ravel() for term in terms], axis=-1))
    return np.asarray(basis, np.float32)
