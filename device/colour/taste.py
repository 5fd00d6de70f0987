"""Taste: what is done to predicted ab before it becomes chroma, the same for every job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_SHADOW_ENDS = 30.0  # L up to which chroma fades towards black
_SHOULDER = 15.0  # degrees over which a tamed range of hue passes into its neighbours


@dataclass(frozen=True, slots=True)
class Tame:
    """A range of hue to hold back: from ``start`` up through the hue circle to ``end``, in degrees of Lab.

    ``keep`` is the share of the chroma that stays, 0..1.
    """

    start: float
    end: float
    keep: float = 0.5


@dataclass(frozen=True, slots=True)
class Taste:
    """How colourful results are.

    ``saturation``: factor on the chroma. ``shadow_chroma``: share of it kept in the deepest shadow, where
    networks flip between blue and red; 1 fades nothing. ``tame``: ranges of hue to hold back.
    """

    saturation: float = 1.0
    shadow_chroma: float = 0.5
    tame: tuple[Tame, ...] = ()

    def apply(self, ab: Floats, lightness: Floats) -> Floats:
        """Give ab (h, w, 2) this taste, under the lightness L (H, W), 0..100, of the same picture."""
        factor = np.full(ab.shape[:2], self.saturation, np.float32)
        if self.shadow_chroma < 1:
            small = cv2.resize(lightness, (ab.shape[1], ab.shape[0]), interpolation=cv2.INTER_AREA)
            factor *= self._in_shadow(np.asarray(small, np.float32))
        if self.tame:
            hue = np.degrees(np.arctan2(ab[..., 1], ab[..., 0]))
            for tame in self.tame:
                factor *= _held_back(hue, tame)
        return ab * factor[..., None]

    def _in_shadow(self, lightness: Floats) -> Floats:
        t = np.clip(lightness / _SHADOW_ENDS, 0, 1)
        return np.asarray(self.shadow_chroma + (1 - self.shadow_chroma) * t * t * (3 - 2 * t), np.float32)


def _held_back(hue: Floats, tame: Tame) -> Floats:
    past_start = (hue - tame.start) % 360
    width = (tame.end - tame.start) % 360
    outside = np.clip(np.minimum(past_start - width, 360 - past_start), 0, _SHOULDER)
    return np.asarray(tame.keep + (1 - tame.keep) * outside / _SHOULDER, np.float32)
