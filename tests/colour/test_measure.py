from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.lab import rgb_to_lab
from device.colour.measure import (
    ab_warp_error,
    cdc,
    colourfulness,
    delta_e_76,
    delta_e_2000,
    delta_e_2000_lab,
    motion,
    psnr,
    warp_error,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# The pairs that Sharma, Wu and Dalal published with the formula: two Lab colours and their dE2000.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def test_de2000_is_the_published_one() -> None:
    pairs = np.array([line.split() for line in SHARMA.split("\n") if line], np.float64)
    assert len(pairs) == 34
    assert delta_e_2000_lab(pairs[:, :3], pairs[:, 3:6]) == pytest.approx(pairs[:, 6], abs=6e-5)
    assert delta_e_2000_lab(pairs[:, 3:6], pairs[:, :3]) == pytest.approx(pairs[:, 6], abs=6e-5)


def test_differences_between_pictures_are_those_of_their_lab(photographs: list[NDArray[np.uint8]]) -> None:
    one, other = photographs[0], np.roll(photographs[0], 3, axis=0)
    lab, other_lab = (rgb_to_lab(p.astype(np.float32) / 255) for p in (one, other))
    assert delta_e_2000(one, other) == pytest.approx(delta_e_2000_lab(lab, other_lab))
    assert delta_e_76(one, other) == pytest.approx(np.sqrt(((lab - other_lab) ** 2).sum(-1)), abs=1e-4)
    assert delta_e_2000(one, one).max() == delta_e_76(one, one).max() == 0


def test_our_lab_is_opencvs(photographs: list[NDArray[np.uint8]]) -> None:
    for photograph in photographs:
        ours = rgb_to_lab(photograph.astype(np.float32) / 255)
        classic = cv2.cvtColor(photograph.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        assert np.abs(ours - classic).mean() < 0.1  # OpenCV interpolates in a table here
        assert np.abs(ours - classic).max() < 1


@given(st.integers(1, 255))
def test_psnr_of_a_constant_error(error: int) -> None:
    truth = np.zeros((5, 7, 3), np.uint8)
    assert psnr(truth + np.uint8(error), truth) == pytest.approx(20 * math.log10(255 / error))


def test_psnr_of_equal_pictures_is_infinite() -> None:
    assert psnr(np.ones((2, 2, 3), np.uint8), np.ones((2, 2, 3))) == math.inf


def test_colourfulness_of_red_and_black_stripes() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:, ::2, 0] = 255
    # rg is 255 and 0, yb 127.5 and 0: means and standard deviations are half of that.
    assert colourfulness(picture) == pytest.approx(1.3 * math.hypot(127.5, 63.75))


def test_grey_has_no_colourfulness_and_photographs_have(photographs: list[NDArray[np.uint8]]) -> None:
    for photograph in photographs:
        grey = np.repeat(photograph[..., 1:2], 3, axis=2)
        assert colourfulness(grey) == 0
        assert 15 < colourfulness(photograph) < 100


def test_cdc_of_colours_that_alternate() -> None:
    red, blue = np.zeros((2, 4, 4, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    assert cdc([red] * 6) == 0
    # Neighbours share no code of red or blue and all of green; two and four frames on, all is the same.
    assert cdc([red, blue] * 4) == pytest.approx(math.log(2) * 2 / 3 / 3)


def test_cdc_grows_with_flicker(photographs: list[NDArray[np.uint8]]) -> None:
    picture = photographs[1]
    weak, strong = (
        cdc([np.clip(picture * (1 + share * (i % 2)), 0, 255).astype(np.uint8) for i in range(6)])
        for share in (0.02, 0.2)
    )
    assert 0 < weak < strong < math.log(2)


def test_cdc_needs_five_frames() -> None:
    frames = [np.zeros((4, 4, 3), np.uint8)] * 5
    assert cdc(frames) == 0
    with pytest.raises(ValueError, match="at least 5 frames"):
        cdc(frames[:4])


def panned(picture: NDArray[np.uint8], frames: int, step: int) -> list[NDArray[np.uint8]]:
    """A camera that moves over a photograph by ``step`` pixels a frame."""
    return [np.ascontiguousarray(picture[40:296, 10 + step * i : 330 + step * i]) for i in range(frames)]


def luma_and_ab(frame: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    lab = rgb_to_lab(frame.astype(np.float32) / 255)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8), np.ascontiguousarray(lab[..., 1:])


def test_colour_that_moves_with_its_picture_has_no_warp_error(photographs: list[NDArray[np.uint8]]) -> None:
    film = [luma_and_ab(frame) for frame in panned(photographs[3], 4, 5)]
    moving = ab_warp_error(film)
    still = ab_warp_error([(luma, film[0][1]) for luma, _ in film])
    flicker = ab_warp_error([(luma, ab + np.float32(6) * (i % 2)) for i, (luma, ab) in enumerate(film)])
    assert moving < 0.6
    assert still > 2 * moving
    assert flicker == pytest.approx(math.hypot(6, 6), abs=1)


def test_motion_is_found_and_what_it_uncovers_is_left_out(photographs: list[NDArray[np.uint8]]) -> None:
    before, now = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in panned(photographs[3], 2, 8))
    moved = motion(np.asarray(before, np.uint8), np.asarray(now, np.uint8))
    assert np.median(moved.back[moved.seen], axis=0) == pytest.approx([8, 0], abs=0.3)
    assert not moved.seen[:, -4:].any()  # these columns came into view
    assert moved.seen[:, :-16].mean() > 0.9


def test_what_was_covered_does_not_count(photographs: list[NDArray[np.uint8]]) -> None:
    scene = cv2.cvtColor(photographs[3], cv2.COLOR_RGB2GRAY)[100:300, 60:360]
    thing = cv2.cvtColor(photographs[0], cv2.COLOR_RGB2GRAY)[100:160, 200:260]
    before, now = (np.array(scene, np.uint8) for _ in range(2))
    before[70:130, 100:160] = thing
    now[70:130, 120:180] = thing
    moved = motion(before, now)
    uncovered = moved.seen[75:125, 103:117]
    assert uncovered.mean() < 0.5 < moved.seen.mean()


def test_ab_of_any_size_is_compared_at_the_size_of_the_luma() -> None:
    luma = np.random.default_rng(9).integers(0, 256, (90, 120)).astype(np.uint8)
    still = motion(luma, luma)
    assert warp_error(
        np.zeros((7, 9, 2), np.float32), np.full((11, 5, 2), 3, np.float32), still
    ) == pytest.approx(math.hypot(3, 3), abs=1e-3)


def test_one_frame_has_no_warp_error() -> None:
    with pytest.raises(ValueError, match="two frames"):
        ab_warp_error([(np.zeros((20, 20), np.uint8), np.zeros((5, 5, 2), np.float32))])


@pytest.mark.parametrize("name", ["bikes.mp4", "fixed_camera_people.mp4"])
def test_real_films_are_steadier_than_the_same_with_flicker(shared: Path, name: str) -> None:
    with av.open(str(shared / "data" / "videos" / name)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in islice(container.decode(video=0), 6)]
    film = [luma_and_ab(np.asarray(cv2.resize(frame, None, fx=0.5, fy=0.5), np.uint8)) for frame in frames]
    steady = ab_warp_error(film)
    flicker = ab_warp_error([(luma, ab * np.float32(1 + 0.3 * (i % 2))) for i, (luma, ab) in enumerate(film)])
    assert steady < 1.5
    assert flicker > 1.5 * steady
    assert cdc(frames) < 0.02
