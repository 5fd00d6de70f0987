from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from device.colour.lab import lab_to_rgb, rgb_to_lab
from device.colour.lightness import lightness
from device.colour.measure import delta_e_2000
from device.colour.merge import merge_float, merge_into, merge_reference
from device.frames import JPEG_COLOUR

Floats = NDArray[np.float32]


def classic(l_of_lab: Floats, ab: Floats) -> Floats:
    """What OpenCV makes of Lab at full size, clipped, not rounded."""
    lab = np.dstack((l_of_lab, ab)).astype(np.float32)
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * np.float32(255), np.float32)


def worst_difference(photograph: NDArray[np.uint8], *, depth: int) -> tuple[float, float]:
    """Mean and largest dE2000 between our merge and the classic one, from one grey and full-size ab."""
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    if depth == 16:
        noise = np.random.default_rng(0).integers(0, 257, grey.shape)
        grey = np.minimum(grey.astype(np.uint32) * 257 + noise, 65535).astype(np.uint16)
    l_of_lab = lightness(grey, JPEG_COLOUR, depth)
    ab = np.ascontiguousarray(rgb_to_lab(photograph.astype(np.float32) / 255)[..., 1:]) * np.float32(1.3)
    ours = np.clip(merge_float(l_of_lab, ab), 0, 255)
    difference = delta_e_2000(ours, classic(l_of_lab, ab))
    return float(difference.mean()), float(difference.max())


@pytest.mark.parametrize("depth", [8, 16])
def test_it_agrees_with_the_classic_formulas(photographs: list[NDArray[np.uint8]], depth: int) -> None:
    for photograph in photographs:
        mean, largest = worst_difference(photograph, depth=depth)
        assert mean <= 0.1
        assert largest <= 0.5


@pytest.mark.parametrize("depth", [8, 16])
def test_it_agrees_on_everyday_photographs(real_photographs: list[NDArray[np.uint8]], depth: int) -> None:
    differences = np.array([worst_difference(photograph, depth=depth) for photograph in real_photographs])
    assert differences[:, 0].max() <= 0.1
    assert differences[:, 1].max() <= 0.5


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_rgb_to_lab_and_back_is_the_same_picture(picture: NDArray[np.uint8]) -> None:
    lab = rgb_to_lab(picture.astype(np.float32) / 255)
    assert (merge_reference(lab[..., 0], lab[..., 1:]) == picture).all()


def test_without_colour_every_grey_stays_itself() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    merged = merge_reference(lightness(grey, JPEG_COLOUR), np.zeros((7, 7, 2), np.float32))
    assert (merged == grey[..., None]).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 211), (500, 333), (1081, 17)])
@pytest.mark.parametrize("small", [(56, 56), (1, 1), (90, 20), (600, 400)])
def test_ab_is_scaled_as_opencv_scales_by_cubic(shape: tuple[int, int], small: tuple[int, int]) -> None:
    random = np.random.default_rng(2)
    l_of_lab = random.uniform(20, 80, shape).astype(np.float32)
    ab = random.uniform(-40, 40, (*small, 2)).astype(np.float32)
    full = cv2.resize(ab, shape[::-1], interpolation=cv2.INTER_CUBIC)
    expected = lab_to_rgb(l_of_lab, np.asarray(full, np.float32).reshape(*shape, 2)) * 255
    assert np.abs(merge_float(l_of_lab, ab) - expected).max() < 0.1


def test_colours_outside_the_gamut_are_clipped_only_when_rounded() -> None:
    l_of_lab, ab = np.full((2, 2), 50, np.float32), np.full((2, 2, 2), 110, np.float32)
    unclipped = merge_float(l_of_lab, ab)
    assert unclipped.max() > 256
    assert unclipped.min() < -1
    assert (merge_reference(l_of_lab, ab) == np.rint(np.clip(unclipped, 0, 255))).all()


def test_a_large_photograph_needs_little_more_memory_than_its_result() -> None:
    l_of_lab = np.full((2000, 3000), 60, np.float32)
    ab = np.full((56, 56, 2), 20, np.float32)
    tracemalloc.start()
    try:
        merged = merge_reference(l_of_lab, ab)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < merged.nbytes + 8e6


@pytest.mark.parametrize("threads", [1, 3])
def test_sixteen_bits_stay_sixteen_bits(threads: int) -> None:
    codes = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    merged = np.empty((256, 256, 3), np.uint16)
    ab = np.zeros((7, 7, 2), np.float32)
    merge_into(merged, lambda rows: lightness(codes[rows], JPEG_COLOUR, 16), ab, threads=threads)
    assert np.abs(merged.astype(int) - codes[..., None]).max() <= 1


def test_threads_make_the_same_picture_of_a_part_of_another() -> None:
    random = np.random.default_rng(3)
    l_of_lab = random.uniform(0, 100, (700, 301)).astype(np.float32)
    ab = random.uniform(-60, 60, (56, 56, 2)).astype(np.float32)
    whole = np.full((720, 333, 3), 7, np.uint8)
    merge_into(whole[10:710, 20:321], lambda rows: l_of_lab[rows], ab, threads=4)
    assert (whole[10:710, 20:321] == merge_reference(l_of_lab, ab)).all()
    assert (whole[:10] == 7).all()
    assert (whole[:, 321:] == 7).all()


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    def fails(_rows: slice) -> Floats:
        raise MemoryError

    with pytest.raises(MemoryError):
        merge_into(np.empty((9, 9, 3), np.uint8), fails, np.zeros((2, 2, 2), np.float32), threads=2)
