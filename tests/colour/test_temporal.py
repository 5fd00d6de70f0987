from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steadiness import (
    SIZE,
    Film,
    behind_ball,
    colour_drift,
    error,
    flickering,
    pan,
    real,
    rolling,
    steadied,
    warp_error,
)

from device.colour.lightness import lightness
from device.colour.temporal import Steady
from device.frames import ColourSpace
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def astronaut() -> Film:
    return pan("astronaut")


@pytest.mark.parametrize("still", ["astronaut", "cat", "coffee"])
def test_flicker_falls_and_colour_comes_nearer_to_the_truth(still: str) -> None:
    film = pan(still)
    flicker = flickering(film.ab)
    steady = steadied(film.small, flicker)
    assert warp_error(film, steady) < 0.4 * warp_error(film, flicker)
    assert colour_drift(film, steady) < 0.8 * colour_drift(film, flicker)
    assert error(steady, film.ab) < 0.6 * error(flicker, film.ab)


def test_colour_that_is_right_stays_right(astronaut: Film) -> None:
    assert error(steadied(astronaut.small, astronaut.ab), astronaut.ab) < 1.2


def test_flicker_falls_in_old_film_too(astronaut: Film) -> None:
    """Under flicker of the luma and grain, which the motion must be found through."""
    rng = np.random.default_rng(5)
    old = [
        np.clip((luma - 16.0) * rng.normal(1, 0.12) + 16 + rng.normal(0, 8, luma.shape), 16, 235).astype(
            np.uint8
        )
        for luma in astronaut.small
    ]
    flicker = flickering(astronaut.ab)
    steady = steadied(old, flicker)
    assert warp_error(astronaut, steady) < 0.6 * warp_error(astronaut, flicker)
    assert error(steady, astronaut.ab) < 0.75 * error(flicker, astronaut.ab)


def test_no_ghost_stays_behind_what_moves(astronaut: Film) -> None:
    """A red ball rolls over a still picture, and right behind it the picture has its own colour."""
    small, ab = rolling(astronaut, (70, 50))
    for index, steady in enumerate(steadied(small, ab)):
        if index < 3:
            continue
        behind = behind_ball(index)
        apart = np.linalg.norm(steady[behind] - ab[index][behind], axis=-1)
        assert apart.mean() < 4, f"frame {index}"
        ball = np.s_[36:39, (30 + 8 * index) // 4 - 2 : (30 + 8 * index) // 4 + 3]
        assert np.linalg.norm(steady[ball] - ab[index][ball], axis=-1).mean() < 4, f"frame {index}"


def test_a_cut_starts_anew(astronaut: Film) -> None:
    steady = Steady(0.8)
    steady.step(astronaut.small[0], astronaut.ab[0] + 40, cut=True)
    np.testing.assert_array_equal(steady.step(astronaut.small[1], astronaut.ab[1], cut=True), astronaut.ab[1])


def test_another_size_of_ab_starts_anew(astronaut: Film) -> None:
    steady = Steady(0.8)
    steady.step(astronaut.small[0], astronaut.ab[0], cut=True)
    other = np.full((40, 30, 2), 7, np.float32)
    np.testing.assert_array_equal(steady.step(astronaut.small[1], other, cut=False), other)


def test_off_changes_nothing(astronaut: Film) -> None:
    for given_ab, got in zip(astronaut.ab, steadied(astronaut.small, astronaut.ab, strength=0), strict=True):
        assert got is given_ab


@pytest.mark.parametrize("strength", [0.5, 0.8, 0.95])
def test_the_lag_is_bounded(astronaut: Film, strength: float) -> None:
    """A colour that changes under a luma that doesn't: each frame makes up for its share."""
    steady = Steady(strength)
    still = astronaut.small[0]
    for index in range(60):
        steady.step(still, np.zeros((SIZE, SIZE, 2), np.float32), cut=index == 0)
    for step in range(1, 30):
        now = steady.step(still, np.full((SIZE, SIZE, 2), 10, np.float32), cut=False)
        assert now.min() > 10 * (1 - strength**step) - 0.05
        assert now.max() < 10.05


def test_a_prediction_without_confidence_counts_for_less(astronaut: Film) -> None:
    confidence = np.full((SIZE, SIZE), 0.5, np.float32)
    confidence[:, : SIZE // 2] = 0.05
    steady = Steady(0.8)
    still = astronaut.small[0]
    for index in range(20):
        steady.step(still, np.zeros((SIZE, SIZE, 2), np.float32), cut=index == 0)
    now = steady.step(still, np.full((SIZE, SIZE, 2), 10, np.float32), cut=False, confidence=confidence)
    assert now[:, : SIZE // 2 - 2].max() < 0.5 * now[:, SIZE // 2 + 2 :].min()


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 0.95), st.integers(0, 2**32 - 1))
def test_colour_hardly_leaves_what_was_predicted(strength: float, seed: int) -> None:
    """Only so far as paleness is made up for, and cubic interpolation overshoots."""
    rng = np.random.default_rng(seed)
    steady = Steady(strength)
    strongest, low, high = 0.0, np.inf, -np.inf
    for index in range(6):
        luma = rng.integers(16, 236, (60, 80), np.uint8)
        ab = rng.uniform(-100, 100, (20, 28, 2)).astype(np.float32)
        low, high = min(low, ab.min()), max(high, ab.max())
        strongest = max(strongest, float(np.square(ab).mean()))
        got = steady.step(luma, ab, cut=index == 0)
        assert got.dtype == np.float32
        assert got.min() >= 1.5 * low
        assert got.max() <= 1.5 * high
        assert np.square(got).mean() <= 1.02 * strongest


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("at", [0, 1, 13])
def test_a_restored_film_goes_on_bit_for_bit(astronaut: Film, at: int, every: int) -> None:
    flicker = [ab if index % every == 0 else None for index, ab in enumerate(flickering(astronaut.ab))]
    whole = steadied(astronaut.small, flicker)
    first = Steady(0.8)
    for index in range(at):
        first.step(astronaut.small[index], flicker[index], cut=index == 0)
    second = Steady(0.8)
    second.restore(json.loads(json.dumps(first.state())))
    for index in range(at, len(flicker)):
        got = second.step(astronaut.small[index], flicker[index], cut=index == 0)
        np.testing.assert_array_equal(got, whole[index])


@pytest.mark.parametrize("strength", [0, 0.8])
def test_between_predictions_colour_goes_along(astronaut: Film, strength: float) -> None:
    every = 8
    asked = [ab if index % every == 0 else None for index, ab in enumerate(astronaut.ab)]
    held = [astronaut.ab[index - index % every] for index in range(len(asked))]
    carried = steadied(astronaut.small, asked, strength)
    assert error(carried, astronaut.ab) < 0.5 * error(held, astronaut.ab)
    assert warp_error(astronaut, carried) < warp_error(astronaut, held)


def test_between_predictions_no_ghost_stays_behind(astronaut: Film) -> None:
    """A blue ball rolls over a still picture; the network is asked about each fourth frame."""
    small, ab = rolling(astronaut, (20, -60))
    asked = [colour if index % 4 == 0 else None for index, colour in enumerate(ab)]
    for index, steady in enumerate(steadied(small, asked)):
        behind = behind_ball(index)
        if index >= 3:
            assert np.linalg.norm(steady[behind] - ab[index][behind], axis=-1).mean() < 20, f"frame {index}"


def test_where_nothing_is_known_there_is_no_colour(astronaut: Film) -> None:
    steady = Steady(0.8)
    assert not steady.step(astronaut.small[0], None, cut=True).any()
    assert steady.state() is None
    steady.step(astronaut.small[0], astronaut.ab[0], cut=False)
    assert steady.step(astronaut.small[1], None, cut=False).any()
    assert not steady.step(astronaut.small[2], None, cut=True).any()  # no old colour on a new scene


def test_averages_of_colours_that_disagree_are_no_paler(astronaut: Film) -> None:
    """Half of the picture turns from red to green and back with each frame."""
    flips = [each.copy() for each in astronaut.ab]
    for index, ab in enumerate(flips):
        ab[:, SIZE // 2 :] = (30, 10) if index % 2 else (10, 30)
    strengths = [float(np.square(ab).mean()) for ab in steadied(astronaut.small, flips)]
    for got, ab in zip(strengths, flips, strict=True):
        assert got == pytest.approx(float(np.square(ab).mean()), rel=0.1)


def test_ten_bits_are_eight_with_more_to_them(astronaut: Film) -> None:
    eight, ten = Steady(0.8), Steady(0.8, depth=10)
    for index, (luma, ab) in enumerate(zip(astronaut.small[:6], flickering(astronaut.ab), strict=False)):
        expected = eight.step(luma, ab, cut=index == 0)
        got = ten.step(luma.astype(np.uint16) << 2, ab, cut=index == 0)
        assert np.abs(got - expected).mean() < 0.1  # a shrunk code may be rounded otherwise


@pytest.mark.parametrize("strength", [-0.1, 1.0])
def test_a_strength_that_is_none_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        Steady(strength)


REAL = [("bikes.mp4", 76, 100), ("hanami_portrait.mp4", 0, 20), ("basketball.mp4", 240, 260)]


@pytest.mark.parametrize(("name", "start", "end"), REAL)
def test_real_films_with_a_flicker_of_ours(shared: Path, name: str, start: int, end: int) -> None:
    film = real(shared / "data" / "videos" / name, start, end)
    flicker = flickering(film.ab)
    steady = steadied(film.small, flicker)
    assert warp_error(film, steady) < 0.5 * warp_error(film, flicker)
    assert colour_drift(film, steady) < 0.8 * colour_drift(film, flicker)
    assert error(steady, film.ab) < 0.75 * error(flicker, film.ab)


@pytest.fixture(scope="module")
def colours() -> Callable[[Film], list[NDArray[np.float32]]]:
    """What the bundled network makes of a film."""
    network = Network.load("compact", threads=1)
    return lambda film: [network.predict(lightness(small, ColourSpace(), 8)).ab for small in film.small]


@pytest.mark.parametrize(("name", "start", "end"), REAL)
def test_real_films_with_the_network_itself(
    shared: Path, colours: Callable[[Film], list[NDArray[np.float32]]], name: str, start: int, end: int
) -> None:
    film = real(shared / "data" / "videos" / name, start, end)
    predicted = colours(film)
    steady = steadied(film.small, predicted)
    assert warp_error(film, steady) < 0.7 * warp_error(film, predicted)
    assert colour_drift(film, steady) < colour_drift(film, predicted)
    assert error(steady, film.ab) < error(predicted, film.ab) + 0.3  # as strong, where a hue is wrong, too
