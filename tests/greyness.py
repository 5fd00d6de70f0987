"""Frames in colour, grey, toned and noisy, made from R'G'B', for the tests of greyness."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.frames import JPEG_COLOUR, ColourSpace, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Picture = NDArray[np.uint8]

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)


def grey(picture: Picture) -> Picture:
    """R'G'B' made grey."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def sepia(picture: Picture) -> Picture:
    """R'G'B' turned by the usual matrix."""
    return np.clip(np.rint(picture.astype(np.float32) @ SEPIA.T), 0, 255).astype(np.uint8)


def pink_night(picture: Picture, random: np.random.Generator) -> Picture:
    """What an infrared camera sees: dark, pink, noisy."""
    luma = 0.6 * cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    pink = luma[..., None] * np.array([1.15, 0.95, 1.05], np.float32)
    noisy = pink + random.normal(0, 5, picture.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def frame_of(
    picture: Picture,
    space: ColourSpace = JPEG_COLOUR,
    *,
    depth: int = 8,
    sampling: tuple[int, int] = (2, 2),
    index: int = 0,
) -> Frame:
    """Y'CbCr of R'G'B' in a colour space, chroma shared by ``sampling`` (rows, columns) samples of luma."""
    rgb = picture.astype(np.float32) / 255
    kr, kb = space.matrix.kr, space.matrix.kb
    y = rgb @ np.array([kr, 1 - kr - kb, kb], np.float32)
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))
    top = (1 << depth) - 1
    if space.full_range:
        black, swing, chroma_swing = 0, top, top
    else:
        black, swing, chroma_swing = 16 << (depth - 8), 219 << (depth - 8), 224 << (depth - 8)
    size = -(-picture.shape[1] // sampling[1]), -(-picture.shape[0] // sampling[0])
    kind = np.uint8 if depth == 8 else np.uint16

    def codes(plane: Floats) -> NDArray[np.uint8]:
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        return np.clip(np.rint(small * chroma_swing + (1 << (depth - 1))), 0, top).astype(kind)

    luma = np.clip(np.rint(y * swing + black), 0, top).astype(kind)
    return Frame(luma, space, index, index, Fraction(1, 25), depth, cb=codes(cb), cr=codes(cr))
