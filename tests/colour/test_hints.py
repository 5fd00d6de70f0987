from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour import bins
from device.colour.hints import (
    GLOBAL_LENGTH,
    Hint,
    Palette,
    global_vector,
    local_planes,
    palette_of,
    palette_of_ab,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_the_bins_are_those_of_the_release(shared: Path) -> None:
    assert np.array_equal(bins.bin_points(), np.load(shared / "data/zhang16/pts_in_hull.npy"))


def test_the_bins_are_a_grid_without_repeats() -> None:
    points = bins.bin_points()
    assert points.shape == (bins.COUNT, 2)
    assert len(np.unique(points, axis=0)) == bins.COUNT
    assert not (points % bins.STEP).any()


def test_a_colour_on_a_bin_is_that_bin_alone() -> None:
    for number in (0, 100, 312):
        shares = bins.histogram(np.tile(bins.bin_points()[number], (4, 5, 1)))
        assert shares[number] == pytest.approx(1)


@given(st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=1, max_size=30))
def test_shares_sum_to_one_and_stay_near_their_colours(colours: list[tuple[float, float]]) -> None:
    ab = np.array(colours, np.float32)
    shares = bins.histogram(ab)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares >= 0).all()
    inside = np.clip(ab, -60, 60)
    assert np.abs(bins.histogram(inside * 0.4) @ bins.bin_points() - 0.4 * inside.mean(axis=0)).max() < 6


@given(
    x=st.floats(0, 1),
    y=st.floats(0, 1),
    patch=st.floats(0, 0.5),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
)
def test_a_hint_always_marks_the_cell_that_holds_it(
    x: float, y: float, patch: float, size: tuple[int, int]
) -> None:
    colour, mask = local_planes([Hint(x, y, 12.5, -7, patch)], size)
    row, column = min(int(y * size[0]), size[0] - 1), min(int(x * size[1]), size[1] - 1)
    assert mask[row, column] == 1
    assert set(np.unique(mask)) <= {0, 1}
    assert np.array_equal(colour, mask[..., None] * np.float32([12.5, -7]))
    assert mask.sum() <= (patch * size[0] + 2) * (patch * size[1] + 2)


def test_patches_are_as_large_as_asked_for_on_every_grid() -> None:
    for side in (56, 112, 224, 256):
        mask = local_planes([Hint(0.5, 0.5, 1, 1, patch=1 / 8)], (side, side))[1]
        assert mask.sum() == (side / 8) ** 2


def test_hints_that_meet_are_averaged_and_far_ones_left_alone() -> None:
    points = [Hint(0.5, 0.5, 40, 0), Hint(0.5, 0.5, 20, 10), Hint(0.1, 0.9, -30, 5)]
    colour, mask = local_planes(points, (56, 56))
    assert np.array_equal(colour[28, 28], np.float32([30, 5]))
    assert np.array_equal(colour[50, 5], np.float32([-30, 5]))
    assert mask[28, 28] == mask[50, 5] == 1


def test_no_hints_are_all_zero() -> None:
    colour, mask = local_planes((), (8, 9))
    assert colour.shape == (8, 9, 2)
    assert mask.shape == (8, 9)
    assert not colour.any()
    assert not mask.any()
    assert not global_vector(None).any()
    assert not global_vector(Palette()).any()


def test_a_palette_says_what_it_knows() -> None:
    ab = np.random.default_rng(0).normal(0, 25, (30, 40, 2))
    palette = palette_of_ab(ab)
    both = global_vector(palette)
    assert both.shape == (GLOBAL_LENGTH,)
    assert both[:313].sum() == pytest.approx(1)
    assert both[313] == pytest.approx(np.hypot(*ab.reshape(-1, 2).T).mean() / 100)
    assert both[314:].tolist() == [1, 1]
    assert global_vector(Palette(palette.shares))[313:].tolist() == [0, 1, 0]
    assert global_vector(Palette(chroma=20.0))[313:].tolist() == pytest.approx([0.2, 0, 1])


def test_a_reference_of_any_size_gives_the_same_palette() -> None:
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[:300] = (200, 40, 40)
    large, small = palette_of(rgb), palette_of(rgb[::100, ::100])
    assert large.shares is not None
    assert small.shares is not None
    assert np.abs(large.shares - small.shares).max() < 0.02
    assert large.chroma == pytest.approx(small.chroma, abs=0.5)
