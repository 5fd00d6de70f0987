"""One photograph's colour: what is in colour already is left alone, what is grey or toned is tinted."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.crop import still_window
from device.colour.greyness import is_colour, unexplained_chroma
from device.colour.hint_text import place_hints
from device.colour.hints import Hint, Hints
from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness, lightness_of_rgb
from device.colour.merge import merge_into
from device.colour.taste import Tame, Taste
from device.colour.tint import shrink
from device.frames import JPEG_COLOUR
from device.jobs.guided import predict_guided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.colour.hint_text import PixelHint
    from device.colour.hints import Palette
    from device.config import ColourSettings
    from device.frames import Luma, Window
    from device.network import Network

    Floats = NDArray[np.float32]
    Pixels = Luma  # (H, W), or (H, W, 3) R'G'B'


class PhotoTinter:
    """Gives photographs their colour; several threads may share one, and take turns at its network.

    ``hints``: colours at pixels; ``palette``: of a reference picture. ``threads``: how many work on one
    picture. Raises ConfigurationError for hints that the network does not take.
    """

    def __init__(
        self,
        network: Network,
        colour: ColourSettings,
        *,
        hints: Sequence[PixelHint] = (),
        palette: Palette | None = None,
        threads: int = 1,
    ) -> None:
        somewhere = tuple(Hint(0.5, 0.5, each.a, each.b) for each in hints)
        network.check_hints(Hints(somewhere, palette))
        self._network = network
        self._when = colour.when
        self._taste = Taste(
            saturation=colour.saturation,
            shadow_chroma=colour.shadow_chroma,
            tame=tuple(Tame(hue.start, hue.end, hue.keep) for hue in colour.tame),
        )
        self._hints, self._palette = hints, palette
        self._threads = threads
        self._turn = threading.Lock()
        self._predictions = 0
        self._network_s = 0.0

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a picture so far, in milliseconds."""
        return 1000 * self._network_s / max(self._predictions, 1)

    def tint(self, pixels: Pixels) -> Pixels | None:
        """Colour a photograph: R'G'B' (H, W, 3) of the same depth; None where it passes as it is.

        ``pixels``: upright (H, W) or (H, W, 3), sRGB at full scale of uint8 or uint16. Black bars around the
        picture are kept from the network, and stay grey. Raises ConfigurationError for a hint outside it.
        """
        if self._when == "never":
            return None
        pixels = _plainest(pixels)
        window = still_window(_luma(pixels), 8 * pixels.itemsize)
        small = shrink(pixels, window, self._network.size)
        light, ab = _lab(small)
        if self._when == "auto" and ab is not None and is_colour(unexplained_chroma(light, ab)):
            return None
        height, width = pixels.shape[:2]
        points = place_hints(self._hints, width, height, window)
        predicted = self._predict(light, Hints(points, self._palette))
        return self._merged(pixels, window, self._taste.apply(predicted, light))

    def _predict(self, light: Floats, hints: Hints) -> Floats:
        with self._turn:
            began = time.perf_counter()
            ab = predict_guided(self._network, light, hints)
            self._network_s += time.perf_counter() - began
            self._predictions += 1
        return ab

    def _merged(self, pixels: Pixels, window: Window | None, ab: Floats) -> Pixels:
        rgb = np.empty((*pixels.shape[:2], 3), pixels.dtype)
        if window is None:
            self._merge(rgb, pixels, ab)
            return rgb
        if pixels.ndim == 2:
            rgb[:] = pixels[..., None]
        else:
            self._merge(rgb, pixels, np.zeros((1, 1, 2), np.float32))
        self._merge(rgb[window.slices], pixels[window.slices], ab)
        return rgb

    def _merge(self, rgb: Pixels, pixels: Pixels, ab: Floats) -> None:
        merge_into(rgb, lambda rows: _lightness(pixels[rows]), ab, threads=self._threads)


def _plainest(pixels: Pixels) -> Pixels:
    """``pixels``, or where these are of three equal channels, one of them."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    neutral = np.array_equal(red, green) and np.array_equal(green, blue)
    return red.copy() if neutral else pixels


def _luma(pixels: Pixels) -> Luma:
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _lightness(pixels: Pixels) -> Floats:
    if pixels.ndim == 2:
        return lightness(pixels, JPEG_COLOUR, 8 * pixels.itemsize)
    return lightness_of_rgb(pixels)


def _lab(pixels: Pixels) -> tuple[Floats, Floats | None]:
    """L and ab of a small picture; no ab where it is neutral."""
    if pixels.ndim == 2:
        return _lightness(pixels), None
    lab = rgb_to_lab(pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max))
    return np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:])
