from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness, lightness_of_rgb, lightness_table
from device.frames import JPEG_COLOUR, ColourSpace, Matrix

LIMITED, FULL = ColourSpace(full_range=False), ColourSpace(full_range=True)


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
def test_black_is_0_and_white_is_100_and_beyond_them_nothing_changes(depth: int) -> None:
    up = depth - 8
    full, limited = lightness_table(FULL, depth), lightness_table(LIMITED, depth)
    assert full[[0, -1]] == pytest.approx([0, 100], abs=1e-4)
    assert limited[[0, 16 << up, 235 << up, -1]] == pytest.approx([0, 0, 100, 100], abs=1e-4)
    assert (np.diff(full) > 0).all()
    assert (np.diff(limited[16 << up : (235 << up) + 1]) > 0).all()


@pytest.mark.parametrize(("code", "expected"), [(119, 50.0344), (128, 53.5850), (64, 27.0934), (10, 2.7418)])
def test_greys_have_the_lightness_that_srgb_gives_them(code: int, expected: float) -> None:
    assert lightness_table(FULL)[code] == pytest.approx(expected, abs=2e-3)


@given(st.integers(0, 255), st.sampled_from([10, 12, 14, 16]))
def test_limited_codes_mean_the_same_in_every_depth(code: int, depth: int) -> None:
    assert lightness_table(LIMITED, depth)[code << (depth - 8)] == pytest.approx(
        lightness_table(LIMITED)[code], abs=1e-3
    )


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("space", [LIMITED, FULL])
def test_strided_luma_is_read_as_it_lies(space: ColourSpace, depth: int) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    stored = np.random.default_rng(1).integers(0, 1 << depth, (40, 64)).astype(kind)
    expected = lightness_table(space, depth)[stored]
    for view in (np.s_[:, :50], np.s_[::2, ::3], np.s_[::-1, ::-1]):
        assert (lightness(stored[view], space, depth) == expected[view]).all()


def test_codes_that_the_depth_does_not_hold_are_white() -> None:
    assert lightness(np.full((2, 2), 60_000, np.uint16), FULL, 10) == pytest.approx(
        np.full((2, 2), 100), abs=1e-4
    )


def test_a_table_is_shared_and_read_only() -> None:
    table = lightness_table(ColourSpace(Matrix.BT709), 8)
    assert table is lightness_table(ColourSpace(Matrix.BT601), 8)
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_grey_in_rgb_has_the_lightness_of_its_luma(dtype: type[np.uint8 | np.uint16]) -> None:
    codes = np.linspace(0, np.iinfo(dtype).max, 999).astype(dtype)[None]
    depth = 8 * codes.itemsize
    of_rgb = lightness_of_rgb(np.repeat(codes[..., None], 3, axis=-1))
    assert np.abs(of_rgb - lightness(codes, JPEG_COLOUR, depth)).max() < 1e-3


def test_the_lightness_of_a_colour_is_that_of_lab() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    expected = rgb_to_lab(pixels.astype(np.float32) / 255)[..., 0]
    assert np.abs(lightness_of_rgb(pixels) - expected).max() < 1e-3
