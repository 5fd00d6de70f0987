from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.colour.carry import Carry
from device.colour.motion import GRID, Follower
from device.colour.temporal import Steady

if TYPE_CHECKING:
    from device.colour.motion import Codes, Floats

STILL = Path(__file__).parent.parent / "media" / "stills" / "astronaut.jpg"
CAT = STILL.with_name("cat.jpg")
COLOUR = (20.0, -60.0)
BALL = 36


@pytest.fixture(scope="module")
def picture() -> tuple[Codes, Floats]:
    """Luma (224, 224) of limited range, and the true ab (56, 56, 2)."""
    rgb = cv2.cvtColor(cv2.imread(str(STILL)), cv2.COLOR_BGR2RGB)
    grey = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (224, 224), interpolation=cv2.INTER_AREA)
    few = cv2.resize(rgb, (56, 56), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return (grey * (219 / 255) + 16).astype(np.uint8), cv2.cvtColor(few, cv2.COLOR_RGB2LAB)[..., 1:]


def with_ball(picture: tuple[Codes, Floats], x: int, y: int = 100) -> tuple[Codes, Floats]:
    """The picture with a ball of one colour on it, whose pattern is another photograph's."""
    luma, ab = picture[0].copy(), picture[1].copy()
    cat = cv2.resize(cv2.imread(str(CAT), cv2.IMREAD_GRAYSCALE), (2 * BALL, 2 * BALL))
    disc = np.zeros_like(cat)
    cv2.circle(disc, (BALL, BALL), BALL - 1, 1, -1)
    place = luma[y - BALL : y + BALL, x - BALL : x + BALL]
    place[disc > 0] = cat[disc > 0]
    cv2.circle(ab, (x // 4, y // 4), BALL // 4, COLOUR, -1)
    return luma, ab


def distance(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other, axis=-1).mean())


@pytest.mark.parametrize("speed", [3, 6])
def test_a_moving_thing_takes_its_colour_along(picture: tuple[Codes, Floats], speed: int) -> None:
    then, ab = with_ball(picture, 80)
    carry = Carry()
    for way in range(speed, 25, speed):
        now, truth = with_ball(picture, 80 + way)
        carried = carry.to(ab, then, now)
        x = (80 + way) // 4
        ball = np.s_[20:30, x - 5 : x + 6]
        assert distance(carried[ball], truth[ball]) < 20, f"{way} samples on"
    assert distance(carried, truth) < 0.75 * distance(ab, truth)


@pytest.mark.parametrize("way", [16, 24, 40, 80])
def test_what_is_uncovered_gets_no_ghost_of_what_was_before_it(
    picture: tuple[Codes, Floats], way: int
) -> None:
    then, ab = with_ball(picture, 80)
    now, truth = with_ball(picture, 80 + way)
    carried = Carry().to(ab, then, now)
    left = (80 - BALL) // 4
    uncovered = np.s_[20:30, left + 1 : left + min(way, 2 * BALL) // 4 - 1]
    ghost = distance(ab[uncovered], truth[uncovered])  # of colour that is left where it was
    assert ghost > 60
    assert distance(carried[uncovered], truth[uncovered]) < ghost / 3


def test_a_pan_takes_the_whole_picture_along() -> None:
    rgb = cv2.cvtColor(cv2.imread(str(STILL)), cv2.COLOR_BGR2RGB)
    lumas, colours = [], []
    for x in (0, 24):
        part = np.ascontiguousarray(rgb[:420, x : x + 420])
        grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
        lumas.append(cv2.resize(grey, (224, 224), interpolation=cv2.INTER_AREA))
        few = cv2.resize(part, (56, 56), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        colours.append(cv2.cvtColor(few, cv2.COLOR_RGB2LAB)[..., 1:])
    carried = Carry().to(colours[0], *lumas)
    assert distance(carried, colours[1]) < 0.5 * distance(colours[0], colours[1])


def test_a_still_picture_keeps_its_colour(picture: tuple[Codes, Floats]) -> None:
    luma, ab = picture
    np.testing.assert_allclose(Carry().to(ab, luma, luma), ab, atol=0.1)


def test_flicker_of_the_luma_costs_no_colour(picture: tuple[Codes, Floats]) -> None:
    luma, ab = picture
    darker = np.rint((luma - 16.0) * 0.8 + 16).astype(np.uint8)
    assert distance(Carry().to(ab, luma, darker), ab) < 2


def test_what_is_unlike_all_before_gets_little_colour() -> None:
    ab = np.full((56, 56, 2), 40, np.float32)
    black, noise = np.full((224, 224), 16, np.uint8), np.random.default_rng(0)
    other = cv2.resize(noise.integers(16, 236, (14, 14), np.uint8), (224, 224), interpolation=cv2.INTER_CUBIC)
    assert np.abs(Carry().to(ab, black, other)).mean() < 20


def test_ten_bits_are_eight_with_more_to_them(picture: tuple[Codes, Floats]) -> None:
    then, ab = with_ball(picture, 80)
    now, _ = with_ball(picture, 92)
    eight = Carry().to(ab, then, now)
    ten = Carry().to(ab, then.astype(np.uint16) << 2, now.astype(np.uint16) << 2, depth=10)
    np.testing.assert_allclose(ten, eight, atol=0.5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(8, 60), st.integers(8, 60))
def test_no_colour_comes_up_that_was_not_there(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    then, now = (rng.integers(0, 256, (80, 60), np.uint8) for _ in range(2))
    ab = rng.uniform(-100, 100, (rows, columns, 2)).astype(np.float32)
    carried = Carry().to(ab, then, now)
    assert carried.shape == ab.shape
    assert carried.dtype == np.float32
    assert carried.min() >= min(ab.min(), 0) - 1e-3
    assert carried.max() <= max(ab.max(), 0) + 1e-3


def test_a_flow_that_ran_away_is_held_back() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (GRID, GRID)).astype(np.uint8)
    far = np.full((GRID, GRID, 2), 1e6, np.float32)
    assert np.abs(Follower().back(picture, np.roll(picture, 4, axis=1), far)).max() <= GRID / 2


def test_what_is_carried_to_and_fro_for_long_grows_no_stronger() -> None:
    rgb = cv2.resize(cv2.imread(str(STILL)), (360, 260))
    luma = cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)
    ab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[..., 1:]
    steady = Steady(0.75)
    for index in range(400):
        x = abs(2 * index % 160 - 80)
        window = np.s_[10:234, x : x + 224]
        predicted = cv2.resize(ab[window], (56, 56), interpolation=cv2.INTER_AREA) if index == 0 else None
        shown = steady.step(luma[window], predicted, cut=False)
    assert np.abs(shown).max() < 1.3 * np.abs(ab).max()
