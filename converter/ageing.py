"""Grey as it comes: from other emulsions and sensors, through older lenses, prints, scans, tapes and codecs.

All functions take and give L of Lab (h, w) float32, 0..100.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Rng = np.random.Generator

#: Shares of linear red, green and blue in the grey of emulsions and sensors.
WEIGHTS = {
    "blue-sensitive": (0.02, 0.08, 0.90),
    "orthochromatic": (0.04, 0.56, 0.40),
    "red-heavy": (0.80, 0.18, 0.02),
}
_PLAIN = 0.4  # of the pictures stay as they are
_OTHER_EMULSION = 0.35


def regrey(lightness: Floats, ab: Floats, weights: tuple[float, float, float]) -> Floats:
    """The grey of the picture with this colour when linear R, G, B weigh so; ``ab`` may be smaller."""
    height, width = lightness.shape
    large = cv2.resize(ab, (width, height), interpolation=cv2.INTER_LINEAR)
    lab = np.dstack((lightness, large)).astype(np.float32)
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2LRGB), np.float32)
    return lightness_of(rgb @ np.asarray(weights, np.float32))


def lightness_of(linear: Floats) -> Floats:
    """L of linear light, 0..1 (CIE 1976)."""
    light = np.clip(linear, 0, 1)
    return np.asarray(np.where(light > 0.008856, 116 * np.cbrt(light) - 16, 903.3 * light), np.float32)


def random_weights(rng: Rng) -> tuple[float, float, float]:
    """Near one of the known emulsions, or anything between."""
    if rng.random() < 0.75:
        known = list(WEIGHTS.values())[int(rng.integers(len(WEIGHTS)))]
        plain = np.array((0.2126, 0.7152, 0.0722))
        share = rng.uniform(0, 0.5)
        drawn = (1 - share) * np.array(known) + share * plain
    else:
        drawn = rng.dirichlet((1, 1, 1))
    red, green, blue = (float(part) for part in drawn / drawn.sum())
    return red, green, blue


def age(lightness: Floats, ab: Floats, rng: Rng) -> Floats:
    """A random mixture of everything here; some pictures stay as they are."""
    if rng.random() < _PLAIN:
        return lightness
    light = lightness
    if rng.random() < _OTHER_EMULSION:
        light = regrey(light, ab, random_weights(rng))
    for chance, change in _CHANGES:
        if rng.random() < chance:
            light = change(light, rng)
    return np.clip(light, 0, 100)


def gamma(light: Floats, rng: Rng) -> Floats:
    """Another contrast and exposure, oftener too dark than too light."""
    x = np.clip(light * np.float32(0.01), 0, 1)
    return np.asarray(np.power(x, np.float32(np.exp(rng.normal(0.05, 0.3)))) * 100, np.float32)


def fog(light: Floats, rng: Rng) -> Floats:
    """Faded: black is grey, white is less than white; or underexposed."""
    black, white = rng.uniform(0, 15), rng.uniform(45, 100)
    return np.float32(black) + light * np.float32((white - black) / 100)


def blur(light: Floats, rng: Rng) -> Floats:
    """A soft lens."""
    return cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.4, 1.6)))  # type: ignore[return-value]


def noise(light: Floats, rng: Rng) -> Floats:
    """A sensor's."""
    return light + rng.standard_normal(light.shape, np.float32) * np.float32(rng.uniform(0.5, 5))


def grain(light: Floats, rng: Rng) -> Floats:
    """A film's: clumps of one to three pixels, strongest in the midtones."""
    height, width = light.shape
    clump = rng.uniform(1, 3)
    coarse = rng.standard_normal((int(height / clump) + 1, int(width / clump) + 1), np.float32)
    clumps = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    midtones = light * (100 - light) * np.float32(1 / 2500)
    return np.asarray(light + clumps * midtones * np.float32(rng.uniform(1, 7)), np.float32)


def jpeg(light: Floats, rng: Rng) -> Floats:
    """Blocks and ringing of a low quality."""
    codes = np.clip(light * np.float32(2.55), 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])[1]
    return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.float32) * np.float32(100 / 255)  # type: ignore[union-attr]


def scratches(light: Floats, rng: Rng) -> Floats:
    """Upright lines of a worn film, and dust."""
    height, width = light.shape
    worn = light.copy()
    for _ in range(int(rng.integers(1, 5))):
        column, first = int(rng.integers(width)), int(rng.integers(height))
        worn[first : first + int(rng.integers(height // 4, height + 1)), column] += np.float32(
            rng.uniform(-60, 60)
        )
    for _ in range(int(rng.integers(0, 8))):
        centre = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(worn, centre, int(rng.integers(1, 3)), float(rng.choice((0, 100))), -1)
    return worn


def vignette(light: Floats, rng: Rng) -> Floats:
    """Dark corners."""
    return light * (1 - _from_centre(*light.shape) * np.float32(rng.uniform(0.2, 0.8)))


def interlace(light: Floats, rng: Rng) -> Floats:
    """Two fields of something that moves: every second line is shifted."""
    combed = light.copy()
    combed[1::2] = np.roll(combed[1::2], int(rng.integers(1, 5)) * int(rng.choice((-1, 1))), axis=1)
    return combed


@cache
def _from_centre(height: int, width: int) -> Floats:
    """Squared distance from the middle, 1 in the corners."""
    y, x = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    return np.asarray((y[:, None] ** 2 + x[None] ** 2) / 2, np.float32)


_CHANGES: tuple[tuple[float, Callable[[Floats, Rng], Floats]], ...] = (
    (0.5, gamma),
    (0.35, fog),
    (0.12, vignette),
    (0.2, blur),
    (0.2, noise),
    (0.2, grain),
    (0.08, interlace),
    (0.08, scratches),
    (0.15, jpeg),
)
