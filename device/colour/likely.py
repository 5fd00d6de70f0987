"""Colours that a place may well have: the modes of what a network says of the 313 bins there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.bins import bin_points
from device.colour.lab import lab_to_rgb
from device.colour.placed import Likely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: So far apart (units of CIE94) are two colours that are offered as two: another hue, or clearly paler.
_APART: Final = 14.0
#: What is less likely is not offered.
_LEAST: Final = 0.015
#: Share, with its neighbours', of a bin that may be a mode.
_FAINTEST: Final = 0.005
#: Of the annealed mean that makes one colour of a mode's bins (Zhang et al. 2016, section 2.3).
_TEMPERATURE: Final = 0.38
#: Width (Lab units) of the Gaussian under which bins' neighbours speak for them.
_WIDTH: Final = 8.0
_BISECTIONS: Final = 8
_TOLERANCE: Final = 0.002


def likely_colours(shares: Floats, own: Floats, lightness: float, count: int) -> tuple[Likely, ...]:
    """At most ``count`` distinct colours, real ones at this L (0..100): ``own`` first, then the likeliest.

    ``shares``: (313,), how likely each bin is, of sum 1. ``own``: ab (2,), Lab units, of the network's own
    choice. Each colour's share is that of all bins that are nearer to it than to the others.
    """
    points = _pulled_in(bin_points(), lightness)
    seeds = _pulled_in(own.reshape(1, 2).astype(np.float32), lightness)
    peaks = _nearness() @ shares
    free = _apart(seeds[0], points) >= _APART
    while len(seeds) < count and float((peaks * free).max()) > _FAINTEST:
        seed = points[int((peaks * free).argmax())]
        seeds = np.vstack((seeds, seed))
        free &= _apart(seed, points) >= _APART
    nearest = np.stack([_apart(seed, points) for seed in seeds]).argmin(axis=0)
    held = [float(shares[nearest == number].sum()) for number in range(len(seeds))]
    offered = [
        _likely(_annealed(points, shares, nearest == number), held[number], lightness)
        for number in range(1, len(seeds))
        if held[number] >= _LEAST
    ]
    offered.sort(key=lambda each: each.share, reverse=True)
    return _likely(seeds[0], held[0], lightness), *offered


def _likely(ab: Floats, share: float, lightness: float) -> Likely:
    rgb = np.clip(lab_to_rgb(np.full((1, 1), lightness, np.float32), ab.reshape(1, 1, 2)), 0, 1)[0, 0]
    codes = np.rint(rgb * np.float32(255)).astype(int)
    return Likely(float(ab[0]), float(ab[1]), share, "#" + "".join(f"{code:02x}" for code in codes))


def _annealed(points: Floats, shares: Floats, inside: NDArray[np.bool_]) -> Floats:
    """The mean of the bins inside, the likelier ones counting for more."""
    weights = np.power(shares[inside], np.float32(1 / _TEMPERATURE))
    return np.asarray((weights[:, None] * points[inside]).sum(axis=0) / weights.sum(), np.float32)


def _pulled_in(ab: Floats, lightness: float) -> Floats:
    """``ab`` (n, 2) with its chroma made less, hue by hue, until it is inside sRGB's gamut at this L."""
    light = np.full((len(ab), 1), lightness, np.float32)

    def real(shares: Floats) -> NDArray[np.bool_]:
        rgb = lab_to_rgb(light, (ab * shares[:, None])[:, None])[:, 0]
        return np.asarray(((rgb >= -_TOLERANCE) & (rgb <= 1 + _TOLERANCE)).all(axis=1))

    least, most = np.zeros(len(ab), np.float32), np.ones(len(ab), np.float32)
    whole = real(most)
    for _ in range(_BISECTIONS):
        middle = (least + most) / np.float32(2)
        inside = real(middle)
        least, most = np.where(inside, middle, least), np.where(inside, most, middle)
    return np.asarray(ab * np.where(whole, np.float32(1), least)[:, None], np.float32)


def _apart(one: Floats, others: Floats) -> Floats:
    """How far ``one`` (2,) is from each of ``others`` (n, 2), by CIE94 (graphic arts), of one lightness."""
    chroma, chromas = np.hypot(one[0], one[1]), np.hypot(others[:, 0], others[:, 1])
    paler = chroma - chromas
    turned = np.maximum(np.square(one - others).sum(axis=1) - paler**2, 0)
    mean = np.sqrt(chroma * chromas)
    return np.asarray(
        np.sqrt((paler / (1 + 0.045 * mean)) ** 2 + turned / (1 + 0.015 * mean) ** 2), np.float32
    )


@cache
def _nearness() -> Floats:
    """How much each bin's share speaks for each bin, (313, 313)."""
    points = bin_points()
    squares = np.square(points[:, None] - points[None]).sum(axis=-1)
    return np.asarray(np.exp(-squares / np.float32(2 * _WIDTH**2)), np.float32)
