"""Means of colours that disagree are paler than they are: what the picture loses by that, given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from device.colour.motion import Floats

#: The most that a mean's colours are strengthened.
_MOST_GAIN: Final = 1.25


def chroma_to(power: float, ab: Floats) -> Floats:
    """Chroma of ab (h, w, 2), to a power: (h, w). Its mean is what ``as_strong`` makes up for."""
    square = np.square(ab[..., 0]) + np.square(ab[..., 1])
    return square if power == 2 else np.asarray(np.power(square, power / 2), np.float32)


def as_strong(colour: Floats, power: float) -> Floats:
    """The mean ab (h, w, 2), as strong over the whole picture as what it is the mean of.

    ``colour``: (h, w, 3), means of a, b and ``chroma_to(power, ab)``.
    """
    ab = colour[..., :2]
    mean, predicted = float(chroma_to(power, ab).sum()), float(colour[..., 2].sum())
    gain = min((predicted / mean) ** (1 / power), _MOST_GAIN) if predicted > mean > 0 else 1.0
    return np.asarray(ab * np.float32(gain), np.float32)
