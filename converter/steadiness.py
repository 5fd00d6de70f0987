"""How steady a network's colour is from frame to frame, by itself, without any smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lightness import lightness
from device.colour.measure import cdc
from device.colour.measure.films import CDC_DISTANCES, motion, warp_error
from device.colour.merge import merge_reference
from device.colour.own import jpeg_luma
from device.colour.shots import CutDetector
from device.colour.tint import shrink
from device.errors import InputError
from device.frames import JPEG_COLOUR
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from device.network import Network

    Luma = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

_WIDTH = 480  # what frames are shrunk to, to measure


@dataclass(frozen=True, slots=True)
class Steadiness:
    """One film: ab warp error in Lab units, and CDC x 1000 of the result and of the grey that it came from.

    Means over the shots of its first frames; shots too short for CDC are left out.
    """

    name: str
    frames: int
    warp_error: float
    cdc: float
    grey_cdc: float


def steadiness(film: Path, network: Network, *, frames: int = 100) -> Steadiness:
    """Judge ``network`` on the first ``frames`` of a film, shot by shot."""
    shots = [shot for shot in _shots(film, frames, network.size) if len(shot) > max(CDC_DISTANCES)]
    if not shots:
        raise InputError("no shot of it is long enough to judge by", where=film)
    measured = [_measure([_coloured(luma, network) for luma in shot]) for shot in shots]
    weights = [len(shot) for shot in shots]
    warp, colour, grey = (float(mean) for mean in np.average(measured, axis=0, weights=weights))
    return Steadiness(film.name, sum(weights), warp, 1000 * colour, 1000 * grey)


def _shots(film: Path, frames: int, size: tuple[int, int]) -> list[list[Luma]]:
    """Full-range luma (h, w) of each shot."""
    cuts = CutDetector()
    shots: list[list[Luma]] = []
    with FilmSource(film) as source:
        for frame in source.frames():
            if frame.index >= frames:
                break
            luma = np.ascontiguousarray(np.rot90(jpeg_luma(frame), -frame.rotation // 90))
            if cuts.update(shrink(luma, None, size)):
                shots.append([])
            scale = min(1.0, _WIDTH / luma.shape[1])
            small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            shots[-1].append(np.asarray(small, np.uint8))
    return shots


def _coloured(luma: Luma, network: Network) -> tuple[Luma, Floats]:
    return luma, network.predict(lightness(shrink(luma, None, network.size), JPEG_COLOUR)).ab


def _measure(shot: list[tuple[Luma, Floats]]) -> tuple[float, float, float]:
    errors = [warp_error(old, new, motion(before, now)) for (before, old), (now, new) in pairwise(shot)]
    coloured = [merge_reference(lightness(luma, JPEG_COLOUR), ab) for luma, ab in shot]
    return (
        float(np.mean(errors)),
        cdc(coloured),
        cdc([np.repeat(luma[..., None], 3, axis=2) for luma, _ in shot]),
    )
