"""Measures of one picture: PSNR, colour differences, colourfulness. Pictures are R'G'B' (H, W, 3), 0..255."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from device.colour.lab import rgb_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8] | NDArray[np.floating]

_HALF_TURN = math.pi + 1e-6  # hues exactly opposite count as not beyond it, however they are rounded


def psnr(picture: Picture, truth: Picture) -> float:
    """Peak signal-to-noise ratio in dB over all samples, peak 255; infinite where both are equal."""
    error = float(np.mean(np.square(picture.astype(np.float32) - truth.astype(np.float32)), dtype=np.float64))
    return 10 * math.log10(255**2 / error) if error else math.inf


def colourfulness(picture: Picture) -> float:
    """Colourfulness M3 of Hasler and Suesstrunk, "Measuring colourfulness in natural images" (2003)."""
    r, g, b = np.moveaxis(picture.astype(np.float32), -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    spread = math.hypot(rg.std(dtype=np.float64), yb.std(dtype=np.float64))
    return spread + 0.3 * math.hypot(rg.mean(dtype=np.float64), yb.mean(dtype=np.float64))


def delta_e_76(picture: Picture, truth: Picture) -> NDArray[np.float32]:
    """CIE 1976 colour difference of every pixel: Euclidean distance in Lab; (H, W) float32."""
    difference = _lab(picture) - _lab(truth)
    return np.asarray(np.linalg.norm(difference, axis=-1), np.float32)


def delta_e_2000(picture: Picture, truth: Picture) -> NDArray[np.float32]:
    """CIEDE2000 colour difference of every pixel; (H, W) float32."""
    return delta_e_2000_lab(_lab(picture), _lab(truth))


def delta_e_2000_lab(lab: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float32]:
    """CIEDE2000 of Lab colours (..., 3), kL = kC = kH = 1.

    After Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), equations 2 to 22; computed
    in the floating type of the arguments.
    """
    l1, a1, b1 = np.moveaxis(lab, -1, 0)
    l2, a2, b2 = np.moveaxis(truth, -1, 0)
    chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(chroma7 / (chroma7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * math.pi), np.arctan2(b2, a2) % (2 * math.pi)

    coloured = (c1 * c2) > 0
    turn = h2 - h1
    turn = np.where(np.abs(turn) <= _HALF_TURN, turn, turn - np.sign(turn) * 2 * math.pi)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.where(coloured, turn, 0) / 2)

    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    h_sum = h1 + h2
    far = np.abs(h1 - h2) > _HALF_TURN
    h_mean = np.where(far, h_sum + np.where(h_sum < 2 * math.pi, 2, -2) * math.pi, h_sum) / 2
    h_mean = np.where(coloured, h_mean, h_sum)

    t = (
        1
        - 0.17 * np.cos(h_mean - math.radians(30))
        + 0.24 * np.cos(2 * h_mean)
        + 0.32 * np.cos(3 * h_mean + math.radians(6))
        - 0.20 * np.cos(4 * h_mean - math.radians(63))
    )
    l_off = (l_mean - 50) ** 2
    s_l = 1 + 0.015 * l_off / np.sqrt(20 + l_off)
    s_c = 1 + 0.045 * c_mean
    s_h = 1 + 0.015 * c_mean * t
    c_mean7 = c_mean**7
    rotation = -2 * np.sqrt(c_mean7 / (c_mean7 + 25.0**7))
    rotation = rotation * np.sin(math.radians(60) * np.exp(-(((np.degrees(h_mean) - 275) / 25) ** 2)))
    l_term, c_term, h_term = d_l / s_l, d_c / s_c, d_h / s_h
    square = l_term**2 + c_term**2 + h_term**2 + rotation * c_term * h_term
    return np.asarray(np.sqrt(np.maximum(square, 0)), np.float32)


def _lab(picture: Picture) -> NDArray[np.float32]:
    return rgb_to_lab(picture.astype(np.float32) / np.float32(255))
