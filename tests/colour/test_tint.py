from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.colour.lab import lab_to_rgb, rgb_to_lab
from device.colour.lightness import lightness
from device.colour.measure import delta_e_76
from device.colour.merge import merge_float, merge_reference
from device.colour.tint import chroma_planes, jpeg_planes, shrink
from device.frames import JPEG_COLOUR, ColourSpace, Frame, Matrix, TintedFrame, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Floats = NDArray[np.float32]

SPACES = [ColourSpace(matrix, full_range=full) for matrix in Matrix for full in (False, True)]
spaces, depths = st.sampled_from(SPACES), st.sampled_from([8, 10, 12])


def frame_of(luma: Luma, space: ColourSpace, depth: int = 8) -> Frame:
    luma = luma.view()
    luma.flags.writeable = False
    return Frame(luma, space, index=0, pts=0, time_base=Fraction(1, 25), depth=depth)


def tint(frame: Frame, ab: Floats, window: Window | None = None) -> TintedFrame:
    return TintedFrame(frame, shrink(frame.luma, window), ab, window)


def flat_ab(a: float, b: float) -> Floats:
    return np.full((56, 56, 2), (a, b), np.float32)


def luma_codes(values: Floats, space: ColourSpace, depth: int) -> Luma:
    """Codes of luma 0..1, by the definition of each range."""
    top = 2.0**depth - 1 if space.full_range else 219 * 2.0 ** (depth - 8)
    foot = 0 if space.full_range else 16 * 2 ** (depth - 8)
    return np.rint(values * top + foot).astype(np.uint8 if depth == 8 else np.uint16)


def chroma_values(plane: Luma, space: ColourSpace, depth: int) -> Floats:
    scale = 2.0**depth - 1 if space.full_range else 224 * 2.0 ** (depth - 8)
    return ((plane.astype(np.float64) - 2 ** (depth - 1)) / scale).astype(np.float32)


def decoded(luma: Floats, cb: Floats, cr: Floats, matrix: Matrix) -> Floats:
    """R'G'B' (H, W, 3), 0..1, of luma 0..1 and chroma -0.5..0.5 of any size, unclipped."""
    size = luma.shape[::-1]
    cb, cr = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (cb, cr))
    red, blue = luma + 2 * (1 - matrix.kr) * cr, luma + 2 * (1 - matrix.kb) * cb
    green = (luma - matrix.kr * red - matrix.kb * blue) / (1 - matrix.kr - matrix.kb)
    return np.dstack((red, green, blue))


@given(spaces, depths, st.integers(1, 70), st.integers(1, 70), st.data())
@settings(max_examples=60)
def test_without_colour_both_planes_are_neutral(
    space: ColourSpace, depth: int, height: int, width: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(height * 100 + width)
    luma = random.integers(0, 1 << depth, (height, width)).astype(np.uint8 if depth == 8 else np.uint16)
    window = None
    if min(height, width) > 4:
        window = Window(2, 2, width - 4, height - 4) if data.draw(st.booleans()) else None
    tinted = tint(frame_of(luma, space, depth), flat_ab(0, 0), window)
    for plane in chroma_planes(tinted):
        assert plane.dtype == luma.dtype
        assert plane.shape == ((height + 1) // 2, (width + 1) // 2)
        assert (plane == 1 << (depth - 1)).all()
    for plane in jpeg_planes(tinted)[1:]:
        assert (plane == 128).all()


@given(spaces, depths, st.tuples(*[st.floats(0.03, 0.97)] * 3))
def test_chroma_with_its_luma_is_the_colour_that_was_asked_for(
    space: ColourSpace, depth: int, wanted: tuple[float, float, float]
) -> None:
    # A colour inside the gamut, and the grey that has its lightness: what a network would be shown.
    lab = rgb_to_lab(np.array([[wanted]], np.float32))[0, 0]
    ramp = np.linspace(0, 1, 4096, dtype=np.float32)
    grey_lab = rgb_to_lab(np.repeat(ramp[:, None], 3, axis=1))[:, 0]
    grey = np.full((64, 64), ramp[np.abs(grey_lab - lab[0]).argmin()], np.float32)
    frame = frame_of(luma_codes(grey, space, depth), space, depth)
    seen = float(lightness(frame.luma, space, depth)[0, 0])
    rgb = lab_to_rgb(np.full((1, 1), seen, np.float32), np.array([[lab[1:]]], np.float32))[0, 0]
    cb, cr = chroma_planes(tint(frame, flat_ab(*lab[1:])))
    k = space.matrix
    weights = np.array([k.kr, 1 - k.kr - k.kb, k.kb])
    offsets = rgb - weights @ rgb
    v = float(grey[0, 0])
    room = min([1.0, *((1 - v) / d for d in offsets if d > 1e-6), *(v / -d for d in offsets if d < -1e-6)])
    own_luma = np.full((64, 64), weights @ rgb, np.float32)
    back = decoded(own_luma, chroma_values(cb, space, depth), chroma_values(cr, space, depth), k)
    tolerance = 2.2 * 1.1 / (224 * 2 ** (depth - 8)) + 0.004  # a code of chroma, and one of luma in the room
    assert back[20, 20] - own_luma[20, 20] == pytest.approx(offsets * room, abs=tolerance)


@given(spaces, st.tuples(*[st.integers(60, 200)] * 3))
def test_a_film_of_one_colour_keeps_its_ab(space: ColourSpace, wanted: tuple[int, int, int]) -> None:
    lab = rgb_to_lab(np.array([[wanted]], np.float32) / 255)[0, 0]
    luma_8 = merge_reference(np.full((1, 1), lab[0], np.float32), np.zeros((1, 1, 2), np.float32))[0, 0, 0]
    values = np.full((48, 48), luma_8 / 255, np.float32)
    frame = frame_of(luma_codes(values, space, 10), space, 10)
    cb, cr = chroma_planes(tint(frame, flat_ab(*lab[1:])))
    rgb = decoded(values, chroma_values(cb, space, 10), chroma_values(cr, space, 10), space.matrix)
    back = rgb_to_lab(np.clip(rgb, 0, 1))[24, 24]
    # The grey's luma is not quite the colour's: the hue stays, the chroma nearly so.
    assert np.hypot(*(back[1:] - lab[1:])) <= 1.5 + 0.2 * np.hypot(*lab[1:])


@given(spaces, st.integers(0, 1023), st.floats(-110, 110), st.floats(-110, 110))
def test_luma_and_chroma_stay_inside_the_gamut(space: ColourSpace, code: int, a: float, b: float) -> None:
    frame = frame_of(np.full((32, 32), code, np.uint16), space, 10)
    cb, cr = chroma_planes(tint(frame, flat_ab(a, b)))
    foot, top = (0, 1023) if space.full_range else (64, 940)
    value = np.full((32, 32), np.clip((code - foot) / (top - foot), 0, 1), np.float32)
    rgb = decoded(value, chroma_values(cb, space, 10), chroma_values(cr, space, 10), space.matrix)
    assert rgb.min() >= -0.003
    assert rgb.max() <= 1.003


@pytest.mark.parametrize("space", SPACES)
def test_10_bits_are_8_bits_more_finely(photographs: list[NDArray[np.uint8]], space: ColourSpace) -> None:
    luma = cv2.cvtColor(photographs[0], cv2.COLOR_RGB2GRAY)
    luma_8 = luma_codes(luma / np.float32(255), space, 8)
    luma_10 = luma_codes(luma / np.float32(255), space, 10)
    ab = np.random.default_rng(3).uniform(-30, 30, (56, 56, 2)).astype(np.float32)
    coarse = chroma_planes(tint(frame_of(luma_8, space), ab))
    fine = chroma_planes(tint(frame_of(luma_10, space, 10), ab))
    for plane_8, plane_10 in zip(coarse, fine, strict=True):
        apart = np.abs(plane_8 - plane_10 / 4.0)
        assert apart.mean() < 0.5
        assert np.percentile(apart, 99) < 2
        assert len(np.unique(plane_10)) > len(np.unique(plane_8))


def test_jpeg_planes_do_not_depend_on_the_matrix_and_film_planes_do() -> None:
    luma = np.full((30, 40), 120, np.uint8)
    tinted = [tint(frame_of(luma, ColourSpace(matrix)), flat_ab(30, 40)) for matrix in Matrix]
    first, *others = [jpeg_planes(t) for t in tinted]
    assert all((a == b).all() for other in others for a, b in zip(first, other, strict=True))
    assert len({int(chroma_planes(t)[1][9, 9]) for t in tinted}) == 3


def test_full_range_luma_goes_into_a_jpeg_as_it_is() -> None:
    luma = np.random.default_rng(4).integers(0, 256, (33, 47)).astype(np.uint8)
    tinted = tint(frame_of(luma, JPEG_COLOUR), flat_ab(20, -20))
    assert np.shares_memory(jpeg_planes(tinted)[0], luma)
    strided = tint(frame_of(luma[:, ::2], JPEG_COLOUR), flat_ab(20, -20))
    y = jpeg_planes(strided)[0]
    assert (y == luma[:, ::2]).all()
    assert y.flags.c_contiguous


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("full", [False, True])
def test_other_luma_is_stretched_to_a_jpegs_range(depth: int, full: bool) -> None:  # noqa: FBT001
    codes = np.arange(1 << depth).reshape(16, -1).astype(np.uint8 if depth == 8 else np.uint16)
    tinted = tint(frame_of(codes, ColourSpace(full_range=full), depth), flat_ab(0, 0))
    y = jpeg_planes(tinted)[0]
    up = 2 ** (depth - 8)
    foot, top = (0, 2**depth - 1) if full else (16 * up, 235 * up)
    exact = np.clip((codes.astype(np.float64) - foot) / (top - foot), 0, 1) * 255
    assert y.dtype == np.uint8
    assert np.abs(y - exact).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("shape", [(720, 1280), (405, 719), (2, 2), (1, 1), (3, 500)])
def test_chroma_has_the_size_that_is_asked_for(shape: tuple[int, int]) -> None:
    height, width = shape
    tinted = tint(frame_of(np.full(shape, 130, np.uint8), SPACES[0]), flat_ab(20, 20))
    half = (height + 1) // 2, (width + 1) // 2
    for size in (half, (height, half[1]), shape):
        cb, cr = chroma_planes(tinted, size)
        assert cb.shape == cr.shape == size
        assert len(np.unique(cb)) == len(np.unique(cr)) == 1


@pytest.mark.parametrize("depth", [8, 10])
def test_outside_the_window_nothing_is_tinted(depth: int) -> None:
    neutral = 1 << (depth - 1)
    luma = np.full((101, 200), 130 << (depth - 8), np.uint8 if depth == 8 else np.uint16)
    window = Window(20, 10, 150, 80)
    tinted = tint(frame_of(luma, SPACES[0], depth), flat_ab(40, 40), window)
    for size, (down, across) in {(51, 100): (2, 2), (101, 100): (1, 2), (101, 200): (1, 1)}.items():
        cr = chroma_planes(tinted, size)[1]
        inside = np.zeros(size, bool)
        inside[10 // down : 90 // down, 20 // across : 170 // across] = True
        assert (cr[inside] > neutral).all()
        assert (cr[~inside] == neutral).all()
    if depth == 8:
        assert (jpeg_planes(tinted)[2][:5] == 128).all()


def test_a_window_is_tinted_as_a_frame_of_its_own() -> None:
    random = np.random.default_rng(5)
    luma = random.integers(0, 256, (240, 320)).astype(np.uint8)
    ab = random.uniform(-40, 40, (56, 56, 2)).astype(np.float32)
    window = Window(16, 20, 256, 200)
    whole = chroma_planes(tint(frame_of(luma, SPACES[0]), ab, window))
    alone = chroma_planes(tint(frame_of(np.ascontiguousarray(luma[window.slices]), SPACES[0]), ab))
    for plane, own in zip(whole, alone, strict=True):
        assert (plane[10:110, 8:136] == own).all()


def test_planes_stay_as_the_frame_is_stored() -> None:
    luma = np.random.default_rng(6).integers(0, 256, (60, 90)).astype(np.uint8)
    ab = np.random.default_rng(7).uniform(-40, 40, (56, 56, 2)).astype(np.float32)
    tinted = tint(frame_of(luma, SPACES[0]), ab)
    turned = replace(tinted, frame=replace(tinted.frame, rotation=90))
    for plane, same in zip(chroma_planes(tinted), chroma_planes(turned), strict=True):
        assert (plane == same).all()


@pytest.mark.parametrize("space", SPACES[1:4])
def test_it_is_as_close_to_the_truth_as_the_float_merge(
    photographs: list[NDArray[np.uint8]], space: ColourSpace
) -> None:
    worse = []
    for picture in photographs:
        k = space.matrix
        truth = cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA)
        rgb = truth.astype(np.float32) / 255
        values = rgb @ np.array([k.kr, 1 - k.kr - k.kb, k.kb], np.float32)
        frame = frame_of(luma_codes(values, space, 8), space)
        full_ab = np.ascontiguousarray(rgb_to_lab(rgb)[..., 1:])
        ab = np.asarray(cv2.resize(full_ab, (56, 56), interpolation=cv2.INTER_AREA), np.float32)
        cb, cr = (chroma_values(plane, space, 8) for plane in chroma_planes(tint(frame, ab)))
        ours = np.rint(np.clip(decoded(values, cb, cr, k), 0, 1) * 255)
        classic = np.rint(np.clip(merge_float(lightness(frame.luma, space), ab), 0, 255))
        worse.append(delta_e_76(ours, truth).mean() - delta_e_76(classic, truth).mean())
    assert np.mean(worse) <= 0.1


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([8, 10]), st.integers(0, 255))
def test_shrinking_keeps_a_constant(height: int, width: int, depth: int, code: int) -> None:
    luma = np.full((height, width), code << (depth - 8), np.uint8 if depth == 8 else np.uint16)
    small = shrink(luma)
    assert small.shape == (224, 224)
    assert small.dtype == luma.dtype
    assert (small == luma[0, 0]).all()


@pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (3840, 2160), (1024, 768), (719, 405), (568, 320)]
)
@pytest.mark.parametrize("depth", [8, 10])
def test_shrinking_is_close_to_area_averaging(
    photographs: list[NDArray[np.uint8]], size: tuple[int, int], depth: int
) -> None:
    up = 1 << (depth - 8)
    for picture in photographs[:2]:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        luma = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC).astype(
            np.uint8 if depth == 8 else np.uint16
        )
        expected = cv2.resize(luma * up, (224, 224), interpolation=cv2.INTER_AREA)
        apart = np.abs(shrink(luma * up).astype(int) - expected) / up
        assert apart.mean() <= 0.7
        assert np.percentile(apart, 99) <= 6


def test_a_strided_window_shrinks_like_its_copy() -> None:
    luma = np.random.default_rng(8).integers(0, 256, (500, 700)).astype(np.uint8)
    window = Window(30, 40, 600, 400)
    for stored in (luma, luma[::-1, ::-1], np.asfortranarray(luma)):
        expected = shrink(np.ascontiguousarray(stored[window.slices]), size=(96, 128))
        assert (shrink(stored, window, (96, 128)) == expected).all()
