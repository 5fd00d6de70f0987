"""Colour that passes: colour bars in every encoding, against FFmpeg's own conversion."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from bars import (
    SAMPLINGS,
    colour_bars,
    encoded,
    ffmpeg_rgb,
    frame_of_planes,
    grey_ramp,
    inside_bars,
    pixel_format_of,
    video_frame,
)
from hypothesis import given
from hypothesis import strategies as st

from device.colour.own import between, own_chroma, own_jpeg_planes, own_rgb
from device.colour.tint import chroma_planes, jpeg_planes
from device.frames import JPEG_COLOUR, ColourSpace, Matrix, TintedFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Frame

SPACES = [ColourSpace(matrix, full_range=full) for matrix in Matrix for full in (False, True)]
ENCODINGS = [
    (space, depth, sampling)
    for space, depth, sampling in product(SPACES, (8, 10), SAMPLINGS)
    if depth == 8 or sampling in {"420", "422", "444"}
]


def passing(frame: Frame) -> TintedFrame:
    return TintedFrame(frame, frame.luma[::4, ::4], np.zeros((1, 1, 2), np.float32), own_colour=True)


def shown(y: NDArray[np.uint8], cb: NDArray[np.uint8], cr: NDArray[np.uint8]) -> NDArray[np.float64]:
    """R'G'B' of a JPEG's planes by JFIF's own formulas, 0..255."""
    blue, red = (cv2.resize(plane, y.shape[::-1]).astype(float) - 128 for plane in (cb, cr))
    rgb = y[..., None] + np.dstack((1.402 * red, -0.344136 * blue - 0.714136 * red, 1.772 * blue))
    return np.clip(rgb, 0, 255)


@pytest.mark.parametrize(("space", "depth", "sampling"), ENCODINGS)
def test_colour_bars_come_out_as_ffmpeg_shows_them(space: ColourSpace, depth: int, sampling: str) -> None:
    rgb = colour_bars()
    planes = encoded(rgb, space, depth, sampling)
    theirs = ffmpeg_rgb(video_frame(planes, pixel_format_of(sampling, depth)), space)
    frame = frame_of_planes(planes, space, depth)
    inside = inside_bars(rgb.shape)

    ours = own_rgb(frame)
    # FFmpeg has no full-size chroma for samplings of 4: there both are judged within the bars.
    where = inside if sampling in {"411", "410"} else np.ones_like(inside)
    assert np.abs(ours - theirs)[where].max() <= 1
    assert np.abs(ours - 255 * rgb)[inside].max() <= 2

    jpeg = shown(*own_jpeg_planes(frame))
    where = np.ones_like(inside) if sampling == "420" else inside
    assert np.abs(jpeg - theirs)[where].max() <= 2.5


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("depth", [8, 10, 12, 16])
def test_a_grey_ramp_comes_out_as_the_grey_it_is(space: ColourSpace, depth: int) -> None:
    ramp = np.rint(255 * grey_ramp())
    frame = frame_of_planes(encoded(np.dstack([grey_ramp()] * 3), space, depth), space, depth)
    for without_chroma in (frame, replace(frame, cb=None, cr=None)):
        assert np.abs(own_rgb(without_chroma) - ramp[..., None]).max() <= 1
        y, cb, cr = own_jpeg_planes(without_chroma)
        assert np.abs(y - ramp).max() <= 1
        assert (cb == 128).all()
        assert (cr == 128).all()


def test_what_is_a_jpegs_already_passes_without_a_copy() -> None:
    planes = encoded(colour_bars(), JPEG_COLOUR, 8)
    for out, own in zip(jpeg_planes(passing(frame_of_planes(planes, JPEG_COLOUR, 8))), planes, strict=True):
        assert np.shares_memory(out, own)


@pytest.mark.parametrize("depth", [8, 10])
def test_a_films_own_planes_pass_as_they_are(depth: int) -> None:
    for sampling in ("420", "422", "444"):
        planes = encoded(colour_bars(), ColourSpace(Matrix.BT709), depth, sampling)
        frame = frame_of_planes(planes, ColourSpace(Matrix.BT709), depth)
        assert chroma_planes(passing(frame), planes[1].shape) == (frame.cb, frame.cr)


def test_grey_that_passes_is_neutral() -> None:
    frame = replace(frame_of_planes(encoded(colour_bars(), SPACES[0], 10), SPACES[0], 10), cb=None, cr=None)
    for plane in chroma_planes(passing(frame)):
        assert plane.dtype == np.uint16
        assert (plane == 512).all()


@given(
    st.integers(1, 70), st.integers(1, 70), st.sampled_from(list(SAMPLINGS)), st.sampled_from(list(SAMPLINGS))
)
def test_any_sampling_of_any_size_becomes_any_other(height: int, width: int, before: str, after: str) -> None:
    (across, down), (out_across, out_down) = SAMPLINGS[before], SAMPLINGS[after]
    luma = np.full((height, width), 90, np.uint8)
    cb = np.full((-(-height // down), -(-width // across)), 77, np.uint8)
    frame = frame_of_planes((luma, cb, cb + 1), ColourSpace(), 8)
    size = -(-height // out_down), -(-width // out_across)
    cb, cr = own_chroma(frame, size)
    assert cb.shape == cr.shape == size
    assert (cb == 77).all()
    assert (cr == 78).all()
    y, cb, cr = own_jpeg_planes(frame)
    assert (y.shape, cb.shape) == (luma.shape, (-(-height // 2), -(-width // 2)))
    assert own_rgb(frame).shape == (height, width, 3)


def test_chroma_stays_where_it_is_when_its_sampling_changes() -> None:
    luma = np.zeros((64, 101), np.uint8)
    ramp = np.tile(np.arange(101, dtype=np.uint8) + 60, (64, 1))
    frame = frame_of_planes((luma, ramp, ramp), ColourSpace(), 8)
    halved = own_chroma(frame, (32, 51))[0]
    assert np.abs(halved[:, :-1] - (60.5 + 2 * np.arange(50))).max() <= 0.5
    back = own_chroma(replace(frame, cb=halved, cr=halved), (64, 101))[0]
    assert np.abs(back[:, 1:-2].astype(int) - ramp[:, 1:-2]).max() <= 1


def test_the_matrices_are_those_of_the_standards() -> None:
    to_luma, to_cb, to_cr = between(Matrix.BT709, Matrix.BT601)
    assert to_luma == pytest.approx([0.1016, 0.1961], abs=5e-5)
    assert to_cb == pytest.approx([0.9899, -0.1107], abs=5e-5)
    assert to_cr == pytest.approx([-0.0725, 0.9834], abs=5e-5)


@given(st.sampled_from(list(Matrix)), st.sampled_from(list(Matrix)), st.tuples(*[st.floats(0, 1)] * 3))
def test_another_matrix_shows_the_same_colour(
    one: Matrix, other: Matrix, rgb: tuple[float, float, float]
) -> None:
    def ycbcr(matrix: Matrix) -> NDArray[np.float64]:
        y = matrix.kr * rgb[0] + (1 - matrix.kr - matrix.kb) * rgb[1] + matrix.kb * rgb[2]
        return np.array([y, (rgb[2] - y) / (2 * (1 - matrix.kb)), (rgb[0] - y) / (2 * (1 - matrix.kr))])

    before = ycbcr(one)
    added = between(one, other) @ before[1:]
    assert added + np.array([before[0], 0, 0]) == pytest.approx(ycbcr(other), abs=1e-9)
