"""Colour smoothed in both directions, on films whose true colour is known."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from steadiness import Film, behind_ball, error, flickering, pan, real, rolling, steadied, warp_error

from device.colour.lookahead import Causal, LookAhead, held_for, smoother
from device.colour.motion import turned_round

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from device.colour.lookahead import Smoother, Steadied

    Floats = NDArray[np.float32]

HELD = 13


def looking_ahead(
    small: Sequence[NDArray[np.uint8]],
    ab: Sequence[Floats | None],
    cuts: Sequence[int] = (0,),
    held: int = HELD,
) -> list[Floats]:
    ahead = LookAhead(0.9, held)
    done: list[Steadied] = []
    for index, (luma, each) in enumerate(zip(small, ab, strict=True)):
        done += ahead.step(luma, each, cut=index in cuts)
        assert index + 1 - len(done) < held
    done += ahead.flush()
    assert len(done) == len(small)
    return [each.ab for each in done]


def every(count: int, ab: Sequence[Floats]) -> list[Floats | None]:
    return [each if index % count == 0 else None for index, each in enumerate(ab)]


@pytest.fixture(scope="module")
def astronaut() -> Film:
    return pan("astronaut")


@pytest.mark.parametrize("still", ["astronaut", "cat", "coffee"])
def test_it_is_steadier_than_the_past_alone_and_nearer_to_the_truth(still: str) -> None:
    film = pan(still)
    flicker = flickering(film.ab)
    both, past = looking_ahead(film.small, flicker), steadied(film.small, flicker, 0.9)
    assert warp_error(film, both) < 0.9 * warp_error(film, past)
    assert warp_error(film, both) < 0.3 * warp_error(film, flicker)
    assert error(both, film.ab) < error(past, film.ab)


@pytest.mark.parametrize("count", [3, 8])
def test_between_predictions_colour_is_made_of_both_sides(astronaut: Film, count: int) -> None:
    asked = every(count, flickering(astronaut.ab))
    both, past = looking_ahead(astronaut.small, asked), steadied(astronaut.small, asked, 0.9)
    assert warp_error(astronaut, both) < warp_error(astronaut, past)
    assert error(both, astronaut.ab) < error(past, astronaut.ab)


def test_between_two_predictions_colour_passes_from_one_to_the_other(astronaut: Film) -> None:
    """On a picture that stands still it goes evenly, and with every frame."""
    still = [astronaut.small[0]] * 17
    asked: list[Floats | None] = [None] * 17
    for index, level in ((0, 0), (8, 20), (16, 20)):
        asked[index] = np.full((56, 56, 2), level, np.float32)
    levels = [float(each.mean()) for each in looking_ahead(still, asked)]
    steps = np.diff(levels[:9])
    assert (steps > 0).all()
    assert steps.max() < 0.3 * (levels[8] - levels[0])


def test_what_comes_from_beyond_reach_comes_in_slowly(astronaut: Film) -> None:
    """The network is asked about each 24th frame, and 13 are held: no frame jumps."""
    still = [astronaut.small[0]] * 60
    asked: list[Floats | None] = [None] * 60
    for index in range(0, 60, 24):
        asked[index] = np.full((56, 56, 2), index, np.float32)
    levels = [float(each.mean()) for each in looking_ahead(still, asked)]
    assert np.abs(np.diff(levels)).max() < 24 / 4


def test_what_moves_leaves_no_ghost_behind_nor_sends_one_ahead(astronaut: Film) -> None:
    small, ab = rolling(astronaut, (70, 50))
    for index, steady in enumerate(looking_ahead(small, ab)):
        if not 3 <= index < 17:
            continue
        behind = behind_ball(index)
        assert np.linalg.norm(steady[behind] - ab[index][behind], axis=-1).mean() < 4, f"frame {index}"
        right = (30 + 8 * index + 24) // 4 + 2
        before = np.s_[150 // 4 - 4 : 150 // 4 + 4, right : right + 6]
        assert np.linalg.norm(steady[before] - ab[index][before], axis=-1).mean() < 4, f"frame {index}"
        ball = np.s_[36:39, (30 + 8 * index) // 4 - 2 : (30 + 8 * index) // 4 + 3]
        assert np.linalg.norm(steady[ball] - ab[index][ball], axis=-1).mean() < 4, f"frame {index}"


def test_what_is_uncovered_takes_its_colour_from_what_follows(astronaut: Film) -> None:
    """The network is asked about each fourth frame; behind the ball only the next one knows."""
    small, ab = rolling(astronaut, (20, -60))
    asked = every(4, ab)

    def ghosts(colours: list[Floats]) -> float:
        places = [(index, behind_ball(index)) for index in range(3, 16)]
        return float(
            np.mean([np.linalg.norm(colours[n][at] - ab[n][at], axis=-1).mean() for n, at in places])
        )

    assert ghosts(looking_ahead(small, asked)) < 0.8 * ghosts(steadied(small, asked, 0.9))


@pytest.mark.parametrize("cut", [5, 12])
def test_a_shot_owes_nothing_to_the_shots_around_it(astronaut: Film, cut: int) -> None:
    flicker = flickering(astronaut.ab)
    whole = looking_ahead(astronaut.small, flicker, (0, cut))
    apart = [
        *looking_ahead(astronaut.small[:cut], flicker[:cut]),
        *looking_ahead(astronaut.small[cut:], flicker[cut:]),
    ]
    np.testing.assert_array_equal(whole, apart)


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("at", range(0, 24, 3))
def test_a_restored_film_goes_on_bit_for_bit(astronaut: Film, at: int, count: int) -> None:
    asked = every(count, flickering(astronaut.ab))
    whole = looking_ahead(astronaut.small, asked)
    first = LookAhead(0.9, HELD)
    for index in range(at):
        first.step(astronaut.small[index], asked[index], cut=index == 0)
    second = LookAhead(0.9, HELD)
    second.restore(json.loads(json.dumps(first.state())))
    done = [
        each
        for index in range(at, len(asked))
        for each in second.step(astronaut.small[index], asked[index], cut=index == 0)
    ]
    done += second.flush()
    np.testing.assert_array_equal([each.ab for each in done], whole[at:])


def test_another_size_of_ab_is_another_shot(astronaut: Film) -> None:
    other = [np.full((40, 30, 2), 7, np.float32)] * 4
    done = looking_ahead(astronaut.small[:8], [*astronaut.ab[:4], *other])
    assert [each.shape[0] for each in done] == [56] * 4 + [40] * 4
    np.testing.assert_allclose(done[4], other[0], rtol=1e-5)


def test_colours_that_disagree_are_hardly_paler(astronaut: Film) -> None:
    flips = [each.copy() for each in astronaut.ab]
    for index, ab in enumerate(flips):
        ab[:, 28:] = (30, 10) if index % 2 else (10, 30)
    for got, ab in zip(looking_ahead(astronaut.small, flips), flips, strict=True):
        assert float(np.square(got).mean()) == pytest.approx(float(np.square(ab).mean()), rel=0.1)


def test_the_ways_are_told(astronaut: Film) -> None:
    ahead = LookAhead(0.9, HELD)
    done = [
        each
        for index, (luma, ab) in enumerate(zip(astronaut.small, astronaut.ab, strict=True))
        for each in ahead.step(luma, ab, cut=index in {0, 9})
    ]
    done += ahead.flush()
    assert [each.way is None for each in done] == [index in {0, 9} for index in range(24)]


def test_ten_bits_are_eight_with_more_to_them(astronaut: Film) -> None:
    flicker = flickering(astronaut.ab)[:8]
    ten = LookAhead(0.9, HELD, depth=10)
    for index, ab in enumerate(flicker):
        ten.step((astronaut.small[index].astype(np.uint16) << 2).astype(np.uint16), ab, cut=index == 0)
    expected = looking_ahead(astronaut.small[:8], flicker)
    assert np.abs(np.array([each.ab for each in ten.flush()]) - expected).mean() < 0.1


def test_a_motion_turned_round_leads_back() -> None:
    rng = np.random.default_rng(2)
    back = np.full((112, 112, 2), (3, -2), np.float32) + rng.normal(0, 0.05, (112, 112, 2)).astype(np.float32)
    np.testing.assert_allclose(turned_round(back)[8:-8, 8:-8], -back[8:-8, 8:-8], atol=0.5)


@pytest.mark.parametrize(
    ("rate", "held"), [(1, 2), (10, 6), (Fraction(24000, 1001), 12), (25, 13), (30, 16), (60, 16)]
)
def test_half_a_second_is_held(rate: Fraction, held: int) -> None:
    assert held_for(Fraction(rate)) == held


@pytest.mark.parametrize(("strength", "held"), [(0.9, 0), (0.9, 1), (0, 16)])
def test_where_nothing_is_to_be_seen_ahead_nothing_waits(astronaut: Film, strength: float, held: int) -> None:
    causal: Smoother = smoother(strength, 8, held)
    assert isinstance(causal, Causal)
    expected = steadied(astronaut.small, astronaut.ab, strength)
    for index, ab in enumerate(astronaut.ab):
        (done,) = causal.step(astronaut.small[index], ab, cut=index == 0)
        np.testing.assert_array_equal(done.ab, expected[index])
    assert causal.flush() == []


def test_a_shot_needs_colour_to_begin_with(astronaut: Film) -> None:
    with pytest.raises(ValueError, match="prediction"):
        LookAhead(0.9, HELD).step(astronaut.small[0], None, cut=True)


def test_one_frame_alone_looks_nowhere() -> None:
    with pytest.raises(ValueError, match="two"):
        LookAhead(0.9, 1)


REAL = [("bikes.mp4", 76, 100), ("hanami_portrait.mp4", 0, 20)]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize(("name", "start", "end"), REAL)
def test_real_films_with_a_flicker_of_ours(shared: Path, name: str, start: int, end: int, count: int) -> None:
    film = real(shared / "data" / "videos" / name, start, end)
    asked = every(count, flickering(film.ab))
    both, past = looking_ahead(film.small, asked), steadied(film.small, asked, 0.9)
    assert warp_error(film, both) < 0.95 * warp_error(film, past)
    assert error(both, film.ab) < error(past, film.ab)
