"""A shot that fades in from black is what it becomes: its first, dark frames count as if they were lit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from device.colour.greyness import ShotJudge, frame_chroma
from device.frames import ColourSpace, Frame
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    from device.frames import Luma


def scene(*, colour: bool) -> Frame:
    """A soft picture of moderate contrast and, where it has any, pale colour."""
    random = np.random.default_rng(3)
    luma = np.kron(random.integers(40, 215, (12, 16)), np.ones((16, 16), np.int64))
    cb, cr = (
        np.kron(random.integers(-12, 13, (6, 8)), np.ones((16, 16), np.int64)) * colour + 128
        for _ in range(2)
    )
    grain = random.integers(-2, 3, (2, *cb.shape))
    planes = (luma, cb + grain[0], cr + grain[1])
    y, cb, cr = (plane.astype(np.uint8) for plane in planes)
    return Frame(y, ColourSpace(), 0, 0, Fraction(1, 25), cb=cb, cr=cr)


def faded(frame: Frame, share: float) -> Frame:
    """The frame as a fade from black shows it."""

    def plane(codes: Luma | None, black: int) -> Luma:
        assert codes is not None
        return np.clip((codes.astype(np.float32) - black) * share + black + 0.5, 0, 255).astype(np.uint8)

    return replace(frame, luma=plane(frame.luma, 16), cb=plane(frame.cb, 128), cr=plane(frame.cr, 128))


def verdict(frame: Frame, frames: int) -> bool:
    """Of a shot that fades in over so many frames."""
    judge = ShotJudge()
    for number in count(1):
        found = judge.step(frame_chroma(faded(frame, min(number / frames, 1)), None))
        if found is not None:
            return found
    raise AssertionError


@pytest.mark.parametrize("frames", [1, 25, 50, 100])
@pytest.mark.parametrize("colour", [True, False])
def test_a_fade_in_is_judged_as_the_picture_that_it_becomes(frames: int, *, colour: bool) -> None:
    assert verdict(scene(colour=colour), frames) is colour


def test_real_films_fade_in_as_what_they_are(films: list[Path]) -> None:
    for path in films:
        own = {"seoul.mp4": True, "basketball.mp4": True, "chaplin_bw.mp4": False}.get(path.name)
        if own is None:
            continue
        with FilmSource(path) as film:
            (frame,) = islice(film.frames(), 1)
        for frames in (1, 50, 100):
            assert verdict(frame, frames) is own, (path.name, frames)
