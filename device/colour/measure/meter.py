"""The measures of one way to colour a film, taken frame by frame, shot by shot: nothing is held but sums."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from device.colour.measure.films import FEWEST_FOR_CDC, cdc_of_histograms, histograms, warp_error
from device.colour.measure.pictures import colourfulness, delta_e_2000_lab, psnr
from device.colour.merge import merge_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.colour.measure.films import Motion

    Floats = NDArray[np.float32]
    Picture = NDArray[np.uint8]

_NO_COLOUR = np.zeros((1, 1, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Figures:
    """How one way to colour a film did; None: of no frame.

    ``warp_error``: in ab, mean over the pairs of frames, ``largest_step``: of the worst pair; ``cdc``: times
    1000, mean over the frames of all shots long enough; ``colourfulness``: mean over frames; ``psnr``: to
    the film's own colour, in dB, mean over frames; ``delta_e``: CIEDE2000 to the colour it is compared with,
    mean over frames.
    """

    warp_error: float | None
    cdc: float | None
    colourfulness: float
    psnr: float | None
    delta_e: float | None
    largest_step: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A frame that is measured, whatever colour it is given.

    ``lightness``: (h, w) float32, L of Lab, at the size that pictures are compared at. ``small``: L on the
    grid of ab. ``moved``: the motion since the frame before, at full size; None: a shot begins. ``truth``:
    (h, w, 3), the film's own colour; None: it has none.
    """

    lightness: Floats
    small: Floats
    moved: Motion | None
    truth: Picture | None


class Meter:
    """Measures one way to colour a film."""

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._warp: list[float] = []
        self._shot: list[NDArray[np.float64]] = []
        self._cdc: list[tuple[float, int]] = []
        self._colourful: list[float] = []
        self._psnr: list[float] = []
        self._delta_e: list[float] = []

    def add(self, scene: Scene, ab: Floats | None, beside: Floats | None = None) -> None:
        """Measure the next frame, coloured by ``ab`` (h, w, 2), or grey.

        ``beside``: what ``delta_e`` is taken to.
        """
        if scene.moved is None:
            self._end_shot()
        elif self._before is not None and ab is not None:
            self._warp.append(warp_error(self._before, ab, scene.moved))
        self._before = ab
        picture = merge_reference(scene.lightness, _NO_COLOUR if ab is None else ab)
        self._shot.append(histograms(picture))
        self._colourful.append(colourfulness(picture))
        if scene.truth is not None:
            self._psnr.append(psnr(picture, scene.truth))
        if ab is not None and beside is not None:
            one, other = (np.dstack([scene.small, each]) for each in (ab, beside))
            self._delta_e.append(float(delta_e_2000_lab(one, other).mean()))

    def figures(self) -> Figures:
        """What was measured so far. Raises ValueError where nothing was."""
        if not self._colourful:
            raise ValueError("nothing was measured")
        self._end_shot()
        frames = sum(count for _, count in self._cdc)
        return Figures(
            warp_error=_mean(self._warp),
            cdc=1000 * sum(value * count for value, count in self._cdc) / frames if frames else None,
            colourfulness=fmean(self._colourful),
            psnr=_mean(self._psnr),
            delta_e=_mean(self._delta_e),
            largest_step=max(self._warp, default=None),
        )

    def _end_shot(self) -> None:
        if len(self._shot) >= FEWEST_FOR_CDC:
            self._cdc.append((cdc_of_histograms(self._shot), len(self._shot)))
        self._shot = []


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None
