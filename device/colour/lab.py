"""CIE Lab under D65 and sRGB, written out in float32 for arrays of any leading shape.

Formulas: IEC 61966-2-1 (sRGB curve and primaries) and CIE 15 (Lab, with its exact constants 216/24389 and
24389/27). The white point is the D65 that OpenCV uses, so that a neutral colour has a = b = 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Linear sRGB to XYZ, rows X, Y, Z.
RGB_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]],
    np.float64,
)
#: XYZ of linear RGB (1, 1, 1).
WHITE = RGB_TO_XYZ.sum(axis=1)

_EPSILON = 216 / 24389
_KAPPA = 24389 / 27
_LINEAR_TO_LAB_SPACE = (RGB_TO_XYZ / WHITE[:, None]).astype(np.float32)
_LAB_SPACE_TO_LINEAR = np.linalg.inv(RGB_TO_XYZ / WHITE[:, None]).astype(np.float32)


def srgb_to_linear(encoded: Floats) -> Floats:
    """Decode the sRGB curve: R'G'B' 0..1 to light 0..1."""
    power = ((np.maximum(encoded, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / np.float32(12.92), power)


def linear_to_srgb(light: Floats) -> Floats:
    """Encode the sRGB curve: light to R'G'B'. Unclipped; light below 0 stays on the straight part."""
    power = np.float32(1.055) * np.maximum(light, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), power)


def lightness_of(y: Floats) -> Floats:
    """L of Lab, 0..100, of relative luminance 0..1."""
    return np.where(y > _EPSILON, 116 * np.cbrt(y) - 16, np.float32(_KAPPA) * y)


def lab_to_rgb(lab: Floats) -> Floats:
    """Lab (..., 3) to sRGB R'G'B' (..., 3), 0..1, unclipped."""
    fy = (lab[..., 0] + 16) / np.float32(116)
    f = np.stack((fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200), axis=-1)
    xyz = np.where(f > np.float32(6 / 29), f * f * f, (116 * f - 16) / np.float32(_KAPPA))
    return linear_to_srgb(xyz @ _LAB_SPACE_TO_LINEAR.T)


def rgb_to_lab(rgb: Floats) -> Floats:
    """Convert sRGB R'G'B' (..., 3), 0..1, to Lab (..., 3)."""
    xyz = srgb_to_linear(rgb) @ _LINEAR_TO_LAB_SPACE.T
    f = np.where(xyz > _EPSILON, np.cbrt(xyz), (np.float32(_KAPPA) * xyz + 16) / 116)
    return np.stack(
        (116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])), axis=-1
    )
