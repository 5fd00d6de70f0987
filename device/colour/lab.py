"""CIE Lab under D65 and sRGB, written out in float32 for arrays of any leading shape.

Formulas: IEC 61966-2-1 (sRGB curve and primaries) and CIE 15 (Lab, with its exact constants 216/24389 and
24389/27). The matrix is the one that OpenCV uses, its row sums the white point, so that a neutral colour has
a = b = 0. Curves with a straight foot are worked out without branches, as curve(max(x, foot)) + slope *
min(x - foot, 0): below the foot they go on straight, so nothing is clipped on the way to R'G'B'.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_RGB_TO_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]],
    np.float64,
)
_RELATIVE_XYZ = _RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)
_LINEAR_TO_RELATIVE = _RELATIVE_XYZ.astype(np.float32)
_RELATIVE_TO_LINEAR = np.linalg.inv(_RELATIVE_XYZ).astype(np.float32)

_EPSILON = np.float32(216 / 24389)
_KAPPA = np.float32(24389 / 27)
_LAB_FOOT = np.float32(6 / 29)
_LAB_SLOPE = np.float32(116 * 27 / 24389)
_SRGB_FOOT = np.float32(0.0031308)
_SRGB_SLOPE = np.float32(12.92)


def srgb_to_linear(encoded: Floats) -> Floats:
    """Decode the sRGB curve: R'G'B' 0..1 to light 0..1."""
    power = ((np.maximum(encoded, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / _SRGB_SLOPE, power)


def linear_to_srgb(light: Floats) -> Floats:
    """Encode the sRGB curve: light of any shape to R'G'B', unclipped."""
    encoded = np.asarray(cv2.pow(np.maximum(light, _SRGB_FOOT), 1 / 2.4), np.float32)
    encoded *= np.float32(1.055)
    encoded -= np.float32(0.055)
    foot = light - _SRGB_FOOT
    np.minimum(foot, 0, out=foot)
    foot *= _SRGB_SLOPE
    encoded += foot
    return encoded


def lightness_of(y: Floats) -> Floats:
    """L of Lab, 0..100, of relative luminance 0..1."""
    return np.where(y > _EPSILON, 116 * np.cbrt(y) - 16, _KAPPA * y)


def luminance(red: Floats, green: Floats, blue: Floats) -> Floats:
    """Relative luminance Y of light R, G, B, 0..1."""
    of_red, of_green, of_blue = _LINEAR_TO_RELATIVE[1]
    return np.asarray(red * of_red + green * of_green + blue * of_blue, np.float32)


def lab_to_rgb_planes(lightness: Floats, ab: Floats) -> tuple[Floats, Floats, Floats]:
    """Convert L (H, W) and ab (H, W, 2) to sRGB R', G', B', (H, W) each, 0..1 inside the gamut, unclipped.

    Plane by plane, as the planar path wants them; without BLAS, whose threads wait for one another on a busy
    board.
    """
    a, b = cv2.split(ab)
    fy = lightness + np.float32(16)
    fy /= np.float32(116)
    x, y, z = (_lab_curve(f) for f in (fy + a / np.float32(500), fy, fy - b / np.float32(200)))
    r, g, b = (linear_to_srgb(x * of_x + y * of_y + z * of_z) for of_x, of_y, of_z in _RELATIVE_TO_LINEAR)
    return r, g, b


def _lab_curve(f: Floats) -> Floats:
    """Decode the curve of Lab: f to X, Y or Z over the white's."""
    root = np.maximum(f, _LAB_FOOT)
    light = root * root
    light *= root
    foot = f - _LAB_FOOT
    np.minimum(foot, 0, out=foot)
    foot *= _LAB_SLOPE
    light += foot
    return light


def lab_to_rgb(lightness: Floats, ab: Floats) -> Floats:
    """Convert L (H, W) and ab (H, W, 2) to sRGB R'G'B' (H, W, 3), as ``lab_to_rgb_planes``."""
    return np.asarray(cv2.merge(lab_to_rgb_planes(lightness, ab)), np.float32)


def rgb_to_lab(rgb: Floats) -> Floats:
    """Convert sRGB R'G'B' (..., 3), 0..1, to Lab (..., 3)."""
    xyz = srgb_to_linear(rgb) @ _LINEAR_TO_RELATIVE.T
    f = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    return np.stack(
        (116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])), axis=-1
    )
