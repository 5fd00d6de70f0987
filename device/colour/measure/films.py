"""Measures of a film's steadiness: how its colours drift as a whole, and how they differ along its motion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: Distances between the frames that CDC compares.
CDC_DISTANCES = (1, 2, 4)
FEWEST_FOR_CDC = max(CDC_DISTANCES) + 1


def cdc(frames: Iterable[NDArray[np.uint8]]) -> float:
    """Colour distribution consistency of R'G'B' frames (H, W, 3): 0 where no histogram ever changes.

    The Jensen-Shannon divergence (natural logarithm) of the 256-bin histograms of each channel, averaged
    over channels and frame pairs 1, 2 and 4 frames apart, then over the three distances: Liu et al.,
    "Temporally Consistent Video Colorization with Deep Feature Propagation and Self-regularization
    Learning" (2021). Raises ValueError for fewer than five frames.
    """
    return cdc_of_histograms([histograms(frame) for frame in frames])


def cdc_of_histograms(frames: Sequence[NDArray[np.float64]]) -> float:
    """CDC of frames whose ``histograms`` are given: of a film that is not held in memory."""
    if len(frames) < FEWEST_FOR_CDC:
        raise ValueError(f"CDC needs at least {FEWEST_FOR_CDC} frames, not {len(frames)}")
    shares = np.array(frames)
    return float(np.mean([_jensen_shannon(shares[:-t], shares[t:]).mean() for t in CDC_DISTANCES]))


def histograms(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of the 256 codes in each channel of an R'G'B' frame (H, W, 3): (3, 256)."""
    pixels = frame.shape[0] * frame.shape[1]
    return np.array([np.bincount(frame[..., c].ravel(), minlength=256) / pixels for c in range(3)])


def _jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = (p + q) / 2
    return (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return np.asarray(np.sum(p * np.log(ratio), axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where each pixel of a frame came from.

    ``back``: (H, W, 2) float32, from pixels of this frame to the frame before, x and y. ``seen``: (H, W)
    bool, whether the pixel was to be seen there.
    """

    back: Floats
    seen: NDArray[np.bool_]


def motion(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> Motion:
    """Find the motion between two frames of luma (H, W) by dense inverse search (DIS, medium), at full size.

    What forward and backward flow don't agree on is occluded: |f + b|^2 >= 0.01 (|f|^2 + |b|^2) + 0.5, after
    Sundaram, Brox and Keutzer, "Dense point trajectories by GPU-accelerated large displacement optical
    flow" (2010).
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    unknown = np.zeros((*now.shape, 2), np.float32)
    back = np.asarray(dis.calc(now, before, unknown.copy()), np.float32)
    forward = np.asarray(dis.calc(before, now, unknown), np.float32)
    there = _pull(forward, back)
    apart = np.square(back + there).sum(axis=-1)
    length = np.square(back).sum(axis=-1) + np.square(there).sum(axis=-1)
    x, y = np.moveaxis(_places(back), -1, 0)
    inside = (x >= 0) & (y >= 0) & (x <= now.shape[1] - 1) & (y <= now.shape[0] - 1)
    return Motion(back, (apart < 0.01 * length + 0.5) & inside)


def warp_error(ab_before: Floats, ab_now: Floats, moved: Motion) -> float:
    """Mean distance in ab between a frame and the one before it, warped along the motion, where both show.

    ab (h, w, 2) of any size, scaled up to the motion's by cubic. 0 where nothing was seen in both frames.
    """
    if not moved.seen.any():
        return 0.0
    height, width = moved.seen.shape
    full_before, full_now = (
        np.asarray(cv2.resize(ab, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        for ab in (ab_before, ab_now)
    )
    distance = np.linalg.norm(full_now - _pull(full_before, moved.back), axis=-1)
    return float(distance[moved.seen].mean(dtype=np.float64))


def ab_warp_error(frames: Iterable[tuple[NDArray[np.uint8], Floats]]) -> float:
    """Mean warp error of a film, one (luma, ab) a frame: how much colour changes on what only moves.

    luma (H, W) uint8 at full size, ab (h, w, 2) in Lab units. Give it one shot at a time. Raises ValueError
    for fewer than two frames.
    """
    errors = [
        warp_error(ab_before, ab_now, motion(before, now))
        for (before, ab_before), (now, ab_now) in pairwise(frames)
    ]
    if not errors:
        raise ValueError("the warp error needs at least two frames")
    return float(np.mean(errors))


def _places(back: Floats) -> Floats:
    height, width = back.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return back + np.stack((x, y), axis=-1)


def _pull(plane: Floats, back: Floats) -> Floats:
    """Bring the frame before onto this one."""
    places = _places(back)
    pulled = cv2.remap(
        plane, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(pulled, np.float32)
