"""Small pictures to try photographs on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from device.media.jpeg_segments import COM, insert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.media.facts import Facts

STILLS = Path(__file__).parent / "media" / "stills"


def grey(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A part of a real photograph, small enough for anything."""
    with Image.open(STILLS / "photographer.jpg") as still:
        return np.asarray(still.convert("L").resize((width, height)))


def deep_grey(width: int = 64, height: int = 48) -> NDArray[np.uint16]:
    """The same in 16 bits, of which the lower 8 say something, too."""
    noise = np.random.default_rng(3).integers(0, 256, (height, width))
    return grey(width, height).astype(np.uint16) << 8 | noise.astype(np.uint16)


def colour(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A part of a real photograph in colour."""
    with Image.open(STILLS / "coffee.jpg") as still:
        return np.asarray(still.convert("RGB").resize((width, height)))


def deep_colour(width: int = 64, height: int = 48) -> NDArray[np.uint16]:
    """The same in 16 bits."""
    noise = np.random.default_rng(4).integers(0, 256, (height, width, 3))
    return colour(width, height).astype(np.uint16) << 8 | noise.astype(np.uint16)


def add_facts(jpeg: bytes, facts: Facts) -> bytes:
    """Put ``facts`` into a JFIF file, whatever it says of itself already."""
    return insert(jpeg, [(COM, facts.to_bytes())])
