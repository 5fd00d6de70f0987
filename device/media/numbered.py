"""Numbered pictures in a folder, known as a film: all of one size, so many a second."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from device.errors import InputError
from device.frames import JPEG_COLOUR
from device.media.photograph.opening import opened
from device.media.photograph.planes import read_planes
from device.media.planes import BT601, FULL, Layout
from device.media.probe import FilmFacts
from device.media.tags import ColourTags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: FFmpeg's numbers of sRGB: primaries of BT.709, its own transfer.
_SRGB = (1, 13)
_NUMBER = re.compile(r"[0-9]+")


def probe_pictures(folder: Path, pictures: Sequence[Path], rate: float) -> FilmFacts:
    """The facts of ``pictures`` as a film of ``rate`` of them a second, their headers read, the first whole.

    Raises InputError where they are not of one size, and the errors of ``read_planes`` for the first.
    """
    first = read_planes(pictures[0])
    height, width = first.luma.shape
    _check_sizes(pictures, (width, height))
    exact = exact_rate(rate)
    depth = 8 * first.luma.itemsize
    return FilmFacts(
        path=folder,
        container="pictures",
        codec=pictures[0].suffix[1:].lower(),
        video=-1,
        width=width,
        height=height,
        layout=Layout("yuvj420p" if depth == 8 else "yuv420p16le", depth, subsampling=(2, 2)),
        colour_space=JPEG_COLOUR,
        tags=ColourTags(FULL, *_SRGB, BT601),
        time_base=1 / exact,
        rate=exact,
        rotation=first.rotation,
        display_matrix=_TURNED[first.rotation],
        frames=len(pictures),
        duration=float(len(pictures) / exact),
    )


def exact_rate(rate: float) -> Fraction:
    """``rate`` as it is meant: 23.976 is 24000/1001."""
    television = Fraction(round(rate * 1.001) * 1000, 1001)
    if abs(television - Fraction(rate)) < Fraction(1, 1000):
        return television
    return Fraction(rate).limit_denominator(1001)


def gaps(pictures: Sequence[Path]) -> int:
    """How many numbers are left out between the first and the last of ``pictures``."""
    numbers = [int(found[-1]) for path in pictures if (found := _NUMBER.findall(path.stem))]
    return max(0, numbers[-1] - numbers[0] + 1 - len(numbers)) if numbers else 0


def _check_sizes(pictures: Sequence[Path], size: tuple[int, int]) -> None:
    """What is broken is left to the one who reads it."""
    for path in pictures:
        try:
            with opened(path) as picture:
                found = picture.size
        except InputError:
            continue
        if found != size:
            raise InputError(
                f"is {found[0]}x{found[1]}, while {pictures[0].name} is {size[0]}x{size[1]}: "
                "a film has one size",
                where=path,
                hint="put pictures of each size into a folder of their own",
            )


def _matrix(a: int, b: int, c: int, d: int) -> tuple[int, ...]:
    one = 1 << 16
    return (a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)


#: Display matrices, as films store them, that turn a picture clockwise by so many degrees.
_TURNED = {
    0: None,
    90: _matrix(0, 1, -1, 0),
    180: _matrix(-1, 0, 0, -1),
    270: _matrix(0, -1, 1, 0),
}
