"""How much hints help: PSNR when true colours are given, at random places or as the picture's palette."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter.evaluate import grey_of
from device.colour.hints import Hint, Hints, palette_of
from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness
from device.colour.measure import colourfulness, psnr
from device.colour.merge import merge_reference
from device.colour.tint import shrink
from device.errors import InputError
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from device.network import Network

    Pixels = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

#: How many places are hinted.
COUNTS = (1, 5, 10, 50)
_GRID = 112  # what the true colours are read from
_SMALLEST, _LARGEST = 4 / 224, 12 / 224  # sides of a hint's patch, as parts of the picture's


@dataclass(frozen=True, slots=True)
class Guided:
    """One way of hinting: mean PSNR in dB, what it gains over none, mean colourfulness."""

    hints: str
    pictures: int
    psnr: float
    gain: float
    colourfulness: float


def compare_hints(
    pictures: Iterable[tuple[str, Pixels]], network: Network, *, count: int = 200
) -> list[Guided]:
    """Judge ``network`` on ``count`` photographs with no hints, ``COUNTS`` of them, and the own palette."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for number, (_, rgb) in enumerate(islice(pictures, count)):
        grey = grey_of(rgb)
        small = lightness(shrink(grey, None, network.size), JPEG_COLOUR)
        light = lightness(grey, JPEG_COLOUR)
        for name, hints in _ways(rgb, np.random.default_rng(number)).items():
            result = merge_reference(light, network.predict(small, hints=hints).ab)
            rows.setdefault(name, []).append((psnr(result, rgb), colourfulness(result)))
    if not rows:
        raise InputError("no photographs to judge by")
    means = {name: np.mean(values, axis=0) for name, values in rows.items()}
    base = float(means["none"][0])
    return [
        Guided(name, len(rows[name]), float(mean[0]), float(mean[0]) - base, float(mean[1]))
        for name, mean in means.items()
    ]


def _ways(rgb: Pixels, rng: np.random.Generator) -> dict[str, Hints]:
    palette = palette_of(rgb)
    small = cv2.resize(rgb, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
    ab = rgb_to_lab(small / np.float32(255))[..., 1:]
    points = tuple(_hint(ab, rng) for _ in range(max(COUNTS)))
    return {
        "none": Hints(),
        **{f"{count} places": Hints(points[:count]) for count in COUNTS},
        "own palette": Hints(palette=palette),
        "own mean chroma": Hints(palette=type(palette)(None, palette.chroma)),
    }


def _hint(ab: Floats, rng: np.random.Generator) -> Hint:
    """The mean colour of a random square."""
    height, width, _ = ab.shape
    patch = float(rng.uniform(_SMALLEST, _LARGEST))
    x, y = (float(place) for place in rng.uniform(patch / 2, 1 - patch / 2, 2))
    rows = slice(int((y - patch / 2) * height), int((y + patch / 2) * height) + 1)
    columns = slice(int((x - patch / 2) * width), int((x + patch / 2) * width) + 1)
    a, b = (float(mean) for mean in ab[rows, columns].mean(axis=(0, 1)))
    return Hint(x, y, a, b, patch)
