from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from device.colour.bins import COUNT, bin_points
from device.colour.lab import lab_to_rgb, rgb_to_lab
from device.colour.likely import likely_colours

if TYPE_CHECKING:
    from device.colour.placed import Likely

GREY = np.zeros(2, np.float32)


def shares_of(*peaks: tuple[float, float, float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A distribution with peaks at a, b, each so heavy, 10 Lab units wide."""
    shares = np.zeros(COUNT)
    for a, b, weight in peaks:
        near = np.exp(-((bin_points() - (a, b)) ** 2).sum(axis=1) / (2 * 10**2))
        shares += weight * near / near.sum()
    return (shares / shares.sum()).astype(np.float32)


def hue(likely: Likely) -> float:
    return float(np.degrees(np.arctan2(likely.b, likely.a)))


def test_the_networks_own_choice_comes_first_then_the_likeliest() -> None:
    shares = shares_of((50, 30, 0.5), (-30, 30, 0.3), (10, -40, 0.2))
    own, *rest = likely_colours(shares, np.array([-30, 30], np.float32), 60, 6)
    assert (own.a, own.b) == (-30, 30)
    assert own.share == pytest.approx(0.3, abs=0.1)
    assert hue(rest[0]) == pytest.approx(np.degrees(np.arctan2(30, 50)), abs=12)
    assert [each.share for each in rest] == sorted((each.share for each in rest), reverse=True)
    assert any(abs(hue(each) - np.degrees(np.arctan2(-40, 10))) < 15 for each in rest)


def test_a_bin_and_its_neighbours_are_one_colour() -> None:
    points = bin_points()
    shares = np.zeros(COUNT, np.float32)
    shares[np.abs(points - (40, 30)).sum(axis=1) <= 10] = 1 / 5
    grey, *rest = likely_colours(shares, GREY, 60, 6)
    assert grey.share == 0
    assert len(rest) == 1
    assert (rest[0].a, rest[0].b) == pytest.approx((40, 30), abs=0.5)
    assert rest[0].share == pytest.approx(1)
    assert len(likely_colours(shares, np.array([40, 30], np.float32), 60, 6)) == 1


def test_what_is_hardly_likely_is_not_offered() -> None:
    shares = shares_of((0, 0, 0.995), (60, 40, 0.005))
    assert all(abs(each.a) < 50 for each in likely_colours(shares, GREY, 55, 6))


def test_fewer_are_given_where_fewer_are_wanted() -> None:
    shares = shares_of((50, 30, 0.5), (-30, 30, 0.3), (10, -40, 0.2))
    assert len(likely_colours(shares, GREY, 60, 3)) == 3
    assert len(likely_colours(shares, GREY, 60, 1)) == 1


@pytest.mark.parametrize("lightness", [0, 3, 25, 60, 97, 100])
@given(
    logits=hnp.arrays(np.float32, COUNT, elements=st.floats(-20, 20, width=32)),
    own=st.tuples(st.floats(-110, 110), st.floats(-110, 110)),
)
def test_all_are_real_colours_of_that_lightness_and_distinct(
    lightness: float, logits: np.ndarray[tuple[int], np.dtype[np.float32]], own: tuple[float, float]
) -> None:
    shares = np.exp(logits - logits.max())
    offered = likely_colours(shares / shares.sum(), np.array(own, np.float32), lightness, 6)
    assert 1 <= len(offered) <= 6
    assert len({each.colour for each in offered}) == len(offered)
    assert sum(each.share for each in offered) <= 1 + 1e-4
    for each in offered:
        ab = np.array([[[each.a, each.b]]], np.float32)
        rgb = lab_to_rgb(np.full((1, 1), lightness, np.float32), ab)[0, 0]
        assert (rgb >= -0.02).all()
        assert (rgb <= 1.02).all()
        shown = np.frombuffer(bytes.fromhex(each.colour[1:]), np.uint8).astype(np.float32) / np.float32(255)
        assert rgb_to_lab(shown)[0] == pytest.approx(lightness, abs=2.5)
