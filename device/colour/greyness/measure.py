"""The measure: how much of a picture's chroma its luma does not explain.

A sepia print, a toned scan, the pink night of an infrared camera have chroma, but one that follows from
luma: each luma level's median ab is taken off. A level holds what is alike in luma and in the luma around it,
for chroma is stored coarser than luma. What is left is colour, or noise. Noise is not alike in neighbouring
places, colour is: the spread is the root of the covariance of what is left with itself a sixteenth of the
picture away. To that comes the bend: how far the levels' medians lie off a straight line in the ab plane. A
tone runs from the paper's hue to the ink's; a meadow under trees under the sky does not, though luma may
explain all three.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from device.colour.lab import rgb_to_lab
from device.colour.lightness import luma_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Frame, Luma, Window

    Floats = NDArray[np.float32]

#: A spread (Lab units) above this is colour; above these where what came before was colour, or was not.
_COLOUR = 0.86
_STILL_COLOUR = 0.65
_NOW_COLOUR = 1.0
#: Samples a side that are measured of photographs and of frames; of the latter each is the mean of so many.
_PHOTOGRAPH = 96
_FRAME = 64
_MEAN_OF = 2
#: Cells a side of the grid that is left; neighbours are so many apart.
_CELLS = 32
_APART = 2
#: As many levels of luma as half the samples a side, each divided again by the luma around.
_AROUND = 4
#: Where without a smooth trend across the picture (a vignette, uneven toning) less than this share of the
#: spread is left, the trend is no colour.
_TREND = 0.6
#: Share of the bend that counts. It is measured between these L: there no channel of a sepia is at its end.
_BEND = 0.5
_DARKEST = 8.0
_LIGHTEST = 72.0
_FEWEST = 10
#: A frame is black, and says nothing, where 99 % of its samples are darker than this (V, 0..1).
_BLACK = 0.06
#: A darker picture than this (V of its lightest hundredth) counts as if it were lit, up to so many times the
#: chroma: a film's first frames fade in, and what fades has ab as the 2.2 / 3rd power of V.
_LIT = 0.6
_FADED = 2.2 / 3
_MOST_LIT = 4.0
#: Where a and b range over less than this together (Lab units) there is no colour, and no need to measure.
_NOTHING = 0.25


@dataclass(frozen=True, eq=False)
class Chroma:
    """Samples of one picture, (3, n, n) float32: L, a and b; and what its chroma has of its own."""

    samples: Floats

    @property
    def there(self) -> bool:
        """Whether there is any chroma to judge by."""
        return self.samples.size > 0

    @cached_property
    def spread(self) -> float:
        """How far what luma does not explain spreads, in Lab units."""
        if not self.there or float(np.ptp(self.samples[1])) + float(np.ptp(self.samples[2])) < _NOTHING:
            return 0.0
        rest, bend = _unexplained(self.samples)
        spread = _spread(rest)
        flat, basis = rest.reshape(-1, 2), _trends()
        without = _spread((flat - basis @ (basis.T @ flat)).reshape(rest.shape))
        return math.hypot(without if without < _TREND * spread else spread, _BEND * bend)


_NO_CHROMA = Chroma(np.empty((3, 0, 0), np.float32))


def is_colour(spread: float, before: bool | None = None) -> bool:  # noqa: FBT001 - a verdict, not a flag
    """Whether a picture whose unexplained chroma has this ``spread`` (Lab units) is in true colour.

    ``before``: the verdict on what came before it in its film or stream; where in doubt, it is the same.
    """
    if before is None:
        return spread > _COLOUR
    return spread > (_STILL_COLOUR if before else _NOW_COLOUR)


def unexplained_chroma(lightness: Floats, ab: Floats) -> float:
    """Spread of the chroma that luma does not explain, in Lab units.

    ``lightness``: (h, w) L of Lab, 0..100. ``ab``: (h, w, 2). Small planes, best of 96 to 250 a side.
    """
    size = _PHOTOGRAPH, _PHOTOGRAPH
    planes = (lightness, ab[..., 0], ab[..., 1])
    samples = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in planes]
    return Chroma(np.asarray(samples, np.float32)).spread


def frame_chroma(frame: Frame, window: Window | None = None) -> Chroma | None:
    """Measure a frame's own chroma within ``window``; None where that is black and says nothing.

    A frame without chroma planes is grey, black or not.
    """
    if frame.cb is None or frame.cr is None:
        return _NO_CHROMA
    space = frame.colour_space
    value = luma_values(_sampled(frame.luma, frame, window), frame.depth, full_range=space.full_range)
    brightest = float(np.partition(value, -(value.size // 100), axis=None)[-(value.size // 100)])
    if brightest < _BLACK:
        return None
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
    samples = np.asarray(cv2.split(rgb_to_lab(np.asarray(rgb, np.float32))), np.float32)
    samples[1:] *= min(max((_LIT / brightest) ** _FADED, 1.0), _MOST_LIT)
    return Chroma(samples)


def _sampled(plane: Luma, frame: Frame, window: Window | None) -> Luma:
    """Sample the window of a plane of any sampling at 64 x 64 places, each the mean of some around it."""
    if window is not None:
        down, across = plane.shape[0] / frame.height, plane.shape[1] / frame.width
        top, left = round(window.y * down), round(window.x * across)
        bottom, right = round((window.y + window.height) * down), round((window.x + window.width) * across)
        plane = plane[top : max(bottom, top + 1), left : max(right, left + 1)]
    places = _FRAME * _MEAN_OF, _FRAME * _MEAN_OF
    rough = cv2.resize(plane, places, interpolation=cv2.INTER_LINEAR)
    return cv2.resize(rough, (_FRAME, _FRAME), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _unexplained(samples: Floats) -> tuple[Floats, float]:
    """Give what luma does not explain, (cells, cells, 2), and the bend of what it does."""
    light = samples[0]
    side = len(light) // 20 | 1
    near = np.asarray(cv2.blur(light, (side, side)), np.float32)
    wide = np.asarray(cv2.blur(light, (side + 2, side + 2)), np.float32)
    square = np.asarray(cv2.sqrBoxFilter(light, cv2.CV_32F, (side + 2, side + 2)), np.float32)
    contrast = np.sqrt(np.maximum(square - wide * wide, 0))
    by_luma = _levels(light, cv2.subtract(near, light))
    by_near = _levels(near, contrast)
    rest, medians = [], []
    for plane in samples[1:]:
        of_luma, medians_of_luma = _without_medians(plane.ravel(), by_luma)
        rest.append(_without_medians(of_luma, by_near)[0].reshape(light.shape))
        medians.append(medians_of_luma)
    cells = cv2.resize(cv2.merge(rest), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    lightness = light.take(by_luma[:, by_luma.shape[1] // 2])
    return np.asarray(cells, np.float32), _bend(lightness, np.stack(medians, axis=-1))


def _levels(luma: Floats, around: Any) -> NDArray[np.intp]:
    """Places of the samples of each level, (levels, samples in each)."""
    count = len(luma) // 2
    level = np.empty(luma.size, np.uint16)
    level[np.argsort(_codes(luma), kind="stable")] = np.repeat(np.arange(count) * 256, luma.size // count)
    order = np.argsort(level + _codes(around), kind="stable")
    return order.reshape(count * _AROUND, -1)


def _codes(values: Any) -> NDArray[np.uint8]:
    """Give 8-bit codes that keep the order of ``values``, but for a few far off; they sort fast."""
    mean, deviation = (float(found[0, 0]) for found in cv2.meanStdDev(values))
    scale = 42 / max(deviation, 1e-3)
    codes = cv2.addWeighted(values, scale, values, 0, 127.5 - mean * scale, dtype=cv2.CV_8U)
    return np.asarray(codes, np.uint8).ravel()


def _bend(lightness: Floats, medians: Floats) -> float:
    """Standard deviation of the levels' median ab (levels, 2) across the line that fits them best."""
    medians = medians[(lightness > _DARKEST) & (lightness < _LIGHTEST)]
    if len(medians) < _FEWEST * _AROUND:
        return 0.0
    medians = medians - medians.mean(axis=0)
    (aa, ab), (_, bb) = (medians.T @ medians / len(medians)).tolist()
    return math.sqrt(max((aa + bb) / 2 - math.hypot((aa - bb) / 2, ab), 0.0))


def _without_medians(values: Floats, levels: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Take the median of its level off each value; those values, and the medians."""
    ordered = values.take(levels)
    half = levels.shape[1] // 2
    medians = np.partition(ordered, half, axis=1)[:, half]
    without = np.empty_like(values)
    without[levels] = ordered - medians[:, None]
    return without, medians


def _spread(rest: Floats) -> float:
    down = np.einsum("ijk,ijk", rest[_APART:], rest[:-_APART])
    across = np.einsum("ijk,ijk", rest[:, _APART:], rest[:, :-_APART])
    return math.sqrt(max(float(down + across), 0.0) / (2 * _CELLS * (_CELLS - _APART)))


@cache
def _trends() -> Floats:
    """Orthonormal polynomials of the second degree on the grid, (cells, 6)."""
    y, x = np.mgrid[-1 : 1 : _CELLS * 1j, -1 : 1 : _CELLS * 1j]
    terms = [x**i * y**j for i in range(3) for j in range(3 - i)]
    basis, _ = np.linalg.qr(np.stack([term.ravel() for term in terms], axis=-1))
    return np.asarray(basis, np.float32)
