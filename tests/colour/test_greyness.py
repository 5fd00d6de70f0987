from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from greyness import frame_of, grey, pink_night, sepia
from hypothesis import given, settings
from hypothesis import strategies as st

from device.colour.greyness import frame_chroma, is_colour, unexplained_chroma
from device.colour.lab import lab_to_rgb, rgb_to_lab
from device.frames import JPEG_COLOUR, ColourSpace, Frame, Matrix, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Picture = NDArray[np.uint8]


def lab_of(picture: Picture) -> tuple[Floats, Floats]:
    small = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA)
    lab = rgb_to_lab(small.astype(np.float32) / 255)
    return np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:])


def spread(picture: Picture) -> float:
    return unexplained_chroma(*lab_of(picture))


def toned(picture: Picture, tone: Callable[[Floats], Floats]) -> Picture:
    """A grey picture whose ab (h, w, 2) is ``tone`` of its L."""
    light = rgb_to_lab(grey(picture).astype(np.float32) / 255)[..., 0]
    rgb = lab_to_rgb(np.ascontiguousarray(light), np.ascontiguousarray(tone(light), np.float32))
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def soft(random: np.random.Generator) -> Picture:
    """A grey picture of many levels, soft and rough."""
    coarse = cv2.resize(random.random((9, 12)), (320, 240), interpolation=cv2.INTER_CUBIC)
    values = 255 * np.clip(0.8 * coarse + 0.1 + random.normal(0, 0.03, coarse.shape), 0, 1)
    return np.repeat(values.astype(np.uint8)[..., None], 3, axis=2)


def test_photographs_are_in_colour(photographs: list[Picture]) -> None:
    assert all(is_colour(spread(photograph)) for photograph in photographs)


@pytest.mark.parametrize("make", [grey, sepia], ids=["grey", "sepia"])
def test_grey_and_sepia_are_not(photographs: list[Picture], make: Callable[[Picture], Picture]) -> None:
    assert not any(is_colour(spread(make(photograph))) for photograph in photographs)


def test_an_infrared_night_is_not(photographs: list[Picture]) -> None:
    random = np.random.default_rng(1)
    assert not any(is_colour(spread(pink_night(photograph, random))) for photograph in photographs)


@settings(max_examples=25, deadline=None)
@given(st.floats(-12, 12), st.floats(-12, 12), st.floats(0, 360), st.floats(0, 25), st.integers(0, 99))
def test_a_tone_of_one_hue_is_no_colour(a: float, b: float, hue: float, chroma: float, seed: int) -> None:
    def tone(light: Floats) -> Floats:
        middle = (4 * light / 100 * (1 - light / 100) * chroma)[..., None]
        return np.array([a, b]) + middle * np.array([np.cos(np.radians(hue)), np.sin(np.radians(hue))])

    light = rgb_to_lab(soft(np.random.default_rng(seed)).astype(np.float32) / 255)[..., 0]
    assert not is_colour(unexplained_chroma(light, tone(light).astype(np.float32)))


def test_three_hues_that_luma_tells_apart_are_colour(photographs: list[Picture]) -> None:
    def land_under_the_sky(light: Floats) -> Floats:
        wood, meadow, sky = np.array([5, 5]), np.array([-15, 30]), np.array([-3, -15])
        return np.select([light[..., None] < 35, light[..., None] < 65], [wood, meadow], sky)

    light, _ = lab_of(photographs[0])
    assert is_colour(unexplained_chroma(light, land_under_the_sky(light).astype(np.float32)))


@pytest.mark.parametrize("deviation", [3, 8, 12])
def test_chroma_noise_is_no_colour(deviation: float) -> None:
    random = np.random.default_rng(2)
    picture = soft(random).astype(np.float32)
    noisy = np.clip(picture + random.normal(0, deviation, picture.shape), 0, 255).astype(np.uint8)
    assert not is_colour(spread(noisy))


def test_a_red_flower_in_a_grey_picture_is_colour(photographs: list[Picture]) -> None:
    for photograph in photographs:
        picture = grey(photograph)
        height, width = picture.shape[:2]
        radius = round((0.01 * height * width / np.pi) ** 0.5)
        flower = np.zeros((height, width), np.uint8)
        cv2.circle(flower, (width // 3, height // 2), radius, 1, -1)
        picture[flower > 0] = (picture[flower > 0] * np.array([1, 0.3, 0.3])).astype(np.uint8)
        picture[flower > 0, 0] = np.maximum(picture[flower > 0, 0], 150)
        assert is_colour(spread(picture))


def test_a_cast_that_fades_towards_the_corners_is_no_colour(photographs: list[Picture]) -> None:
    for photograph in photographs:
        light, _ = lab_of(grey(photograph))
        across = np.linspace(-1, 1, 224) ** 2
        cast = (12 - 3 * (across + across[:, None]))[..., None] * np.array([0.5, 1])
        assert not is_colour(unexplained_chroma(light, cast.astype(np.float32)))


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (40, 3), (500, 20), (96, 96)])
def test_any_shape_is_measured(shape: tuple[int, int]) -> None:
    assert unexplained_chroma(np.full(shape, 50, np.float32), np.zeros((*shape, 2), np.float32)) == 0


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize(("full_range", "depth"), [(True, 8), (False, 8), (False, 10), (True, 12)])
@pytest.mark.parametrize("sampling", [(2, 2), (1, 2), (1, 1), (1, 4), (2, 1), (4, 4)])
def test_frames_of_every_kind_are_measured_alike(
    photographs: list[Picture], matrix: Matrix, *, full_range: bool, depth: int, sampling: tuple[int, int]
) -> None:
    photograph = cv2.resize(photographs[0], (451, 301), interpolation=cv2.INTER_AREA)
    space = ColourSpace(matrix, full_range=full_range)
    found = frame_chroma(frame_of(photograph, space, depth=depth, sampling=sampling))
    yardstick = frame_chroma(frame_of(photograph))
    assert found is not None
    assert yardstick is not None
    assert found.spread == pytest.approx(yardstick.spread, rel=0.1)


def test_a_frame_is_measured_inside_its_window(photographs: list[Picture]) -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[100:300] = cv2.resize(photographs[1], (600, 200), interpolation=cv2.INTER_AREA)
    picture[:100] = (255, 0, 0)
    found = frame_chroma(frame_of(picture), Window(0, 100, 600, 200))
    yardstick = frame_chroma(frame_of(np.ascontiguousarray(picture[100:300])))
    assert found is not None
    assert yardstick is not None
    assert found.spread == pytest.approx(yardstick.spread, rel=1e-3)


def test_black_says_nothing_and_no_chroma_is_grey(photographs: list[Picture]) -> None:
    black = np.full((120, 160, 3), 8, np.uint8)
    assert frame_chroma(frame_of(black)) is None
    frame = frame_of(photographs[0])
    found = frame_chroma(Frame(frame.luma, JPEG_COLOUR, 0, 0, frame.time_base))
    assert found is not None
    assert found.spread == 0


def test_fading_takes_off_from_the_spread_evenly(photographs: list[Picture]) -> None:
    light, ab = lab_of(photographs[0])
    spreads = [unexplained_chroma(light, ab * np.float32(share)) for share in (1, 0.5, 0.25, 0)]
    assert all(more > less for more, less in pairwise(spreads))
    assert spreads[1] == pytest.approx(spreads[0] / 2, rel=0.05)


def test_real_photographs_are_told_from_their_grey_twins(real_photographs: list[Picture]) -> None:
    random = np.random.default_rng(4)
    assert all(is_colour(spread(photograph)) for photograph in real_photographs)
    for make in (grey, sepia, lambda p: pink_night(p, random)):
        assert not any(is_colour(spread(make(photograph))) for photograph in real_photographs)
