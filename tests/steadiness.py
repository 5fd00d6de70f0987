"""Films whose true colour is known, what a network might make of it, and how far that is off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from device.colour.lightness import lightness
from device.colour.measure import Motion, cdc, motion
from device.colour.measure import warp_error as warp_error_of
from device.colour.merge import merge_reference
from device.colour.temporal import Steady
from device.frames import ColourSpace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

STILLS = Path(__file__).parent / "media" / "stills"
SIZE = 56


@dataclass(frozen=True)
class Film:
    """Luma (H, W) of limited range, the same at 224 x 224, and true ab (56, 56, 2), frame by frame."""

    luma: list[NDArray[np.uint8]]
    small: list[NDArray[np.uint8]]
    ab: list[NDArray[np.float32]]

    @cached_property
    def motions(self) -> list[Motion]:
        """From frame to frame, at full size."""
        return [motion(before, now) for before, now in pairwise(self.luma)]

    @classmethod
    def of(cls, pictures: Iterable[NDArray[np.uint8]]) -> Film:
        luma, small, ab = [], [], []
        for rgb in pictures:
            grey = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) * (219 / 255) + 16).astype(np.uint8)
            luma.append(grey)
            small.append(cv2.resize(grey, (224, 224), interpolation=cv2.INTER_AREA))
            few = cv2.resize(rgb, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            ab.append(cv2.cvtColor(few.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:])
        return cls(luma, small, ab)


def pan(still: str, frames: int = 24) -> Film:
    rgb = cv2.cvtColor(cv2.imread(str(STILLS / f"{still}.jpg")), cv2.COLOR_BGR2RGB)
    height, width = rgb.shape[0] * 2 // 3, rgb.shape[1] * 2 // 3
    ways = np.linspace(0, 1, frames)
    return Film.of(
        cv2.getRectSubPix(
            rgb, (width, height), (width / 2 + way * width * 0.45, height / 2 + way * height * 0.2)
        )
        for way in ways
    )


def real(path: Path, start: int, end: int) -> Film:
    pictures = []
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index >= end:
                break
            if index >= start:
                rgb = frame.to_ndarray(format="rgb24")
                scale = 320 / max(rgb.shape[:2])
                pictures.append(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return Film.of(pictures)


def flickering(ab: Sequence[NDArray[np.float32]], seed: int = 1) -> list[NDArray[np.float32]]:
    """What a network makes of it: patches of colour, and the whole picture's tone, change with each frame."""
    rng = np.random.default_rng(seed)
    return [
        (
            each
            + cv2.resize(rng.normal(0, 8, (7, 7, 2)), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
            + rng.normal(0, 3, 2)
        ).astype(np.float32)
        for each in ab
    ]


def steadied(
    small: Sequence[NDArray[np.uint8]], ab: Sequence[NDArray[np.float32] | None], strength: float = 0.8
) -> list[NDArray[np.float32]]:
    steady = Steady(strength)
    return [
        steady.step(each, now, cut=index == 0)
        for index, (each, now) in enumerate(zip(small, ab, strict=True))
    ]


def rolling(
    film: Film, colour: tuple[float, float]
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """A ball of one colour that rolls over a film's first frame: luma and ab."""
    small, ab = [], []
    for index in range(20):
        luma, colours = film.small[0].copy(), film.ab[0].copy()
        cv2.circle(luma, (30 + 8 * index, 150), 24, 110, -1)
        cv2.circle(colours, ((30 + 8 * index) // 4, 150 // 4), 6, colour, -1)
        small.append(luma)
        ab.append(colours)
    return small, ab


def behind_ball(index: int) -> tuple[slice, slice]:
    """Places of ab that the ball has just left."""
    left = (30 + 8 * index - 24) // 4 - 2
    return np.s_[150 // 4 - 4 : 150 // 4 + 4, max(left - 6, 0) : left]


def error(ab: Sequence[NDArray[np.float32]], truth: Sequence[NDArray[np.float32]]) -> float:
    return float(
        np.mean([np.linalg.norm(one - other, axis=-1).mean() for one, other in zip(ab, truth, strict=True)])
    )


def warp_error(film: Film, ab: Sequence[NDArray[np.float32]]) -> float:
    """Mean over the pairs of frames, as ``ab_warp_error`` gives it."""
    pairs = zip(pairwise(ab), film.motions, strict=True)
    return float(np.mean([warp_error_of(before, now, moved) for (before, now), moved in pairs]))


def colour_drift(film: Film, ab: Sequence[NDArray[np.float32]]) -> float:
    """CDC of the film in colour."""
    space = ColourSpace()
    return cdc(
        merge_reference(
            lightness(cv2.resize(small, (112, 112), interpolation=cv2.INTER_AREA), space, 8),
            cv2.resize(each, (112, 112), interpolation=cv2.INTER_CUBIC),
        )
        for small, each in zip(film.small, ab, strict=True)
    )
