from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.crop import BarFinder
from device.frames import Window

STILLS = Path(__file__).parent.parent / "media" / "stills"


def picture(still: str = "astronaut", size: tuple[int, int] = (360, 640)) -> np.ndarray:
    """A still as limited-range luma of (rows, columns)."""
    grey = cv2.imread(str(STILLS / f"{still}.jpg"), cv2.IMREAD_GRAYSCALE)
    return (cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA) * (219 / 255) + 16).astype(np.uint8)


def boxed(
    inside: np.ndarray, bars: tuple[int, int, int, int], *, black: int = 16, noise: float = 0, seed: int = 0
) -> np.ndarray:
    """``inside`` between bars at top, bottom, left and right, under noise."""
    top, bottom, left, right = bars
    frame = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=black)
    grain = np.random.default_rng(seed).normal(0, noise, frame.shape)
    return np.clip(frame + grain, 1, 254).astype(np.uint8)


def windows(frames: list[np.ndarray], cuts: tuple[int, ...] = (0,), depth: int = 8) -> list[Window | None]:
    finder = BarFinder(depth)
    return [finder.step(frame, cut=index in cuts) for index, frame in enumerate(frames)]


@pytest.mark.parametrize(
    ("bars", "window"),
    [
        ((0, 0, 80, 80), Window(80, 0, 640, 360)),
        ((44, 44, 0, 0), Window(0, 44, 640, 360)),
        ((20, 20, 30, 30), Window(30, 20, 640, 360)),
        ((33, 33, 0, 0), Window(0, 34, 640, 358)),
        ((0, 0, 71, 73), Window(72, 0, 638, 360)),
    ],
)
@pytest.mark.parametrize("noise", [0, 4])
def test_even_bars_are_found_at_once_to_the_even_line(
    bars: tuple[int, int, int, int], window: Window, noise: float
) -> None:
    assert windows([boxed(picture(), bars, noise=noise)]) == [window]


@pytest.mark.parametrize("still", ["astronaut", "cat", "coffee", "photographer", "rocket"])
def test_a_picture_without_bars_has_none(still: str) -> None:
    frames = [boxed(picture(still), (0, 0, 0, 0), noise=3, seed=seed) for seed in range(20)]
    assert windows(frames) == [None] * 20


def test_full_range_black_and_dark_grey_are_bars_too() -> None:
    for black in (1, 30):
        assert windows([boxed(picture(), (40, 40, 0, 0), black=black, noise=2)]) == [Window(0, 40, 640, 360)]


def test_ten_bits() -> None:
    frame = boxed(picture(), (40, 40, 0, 0)).astype(np.uint16) << 2
    assert windows([frame], depth=10) == [Window(0, 40, 640, 360)]


def test_a_night_scene_is_not_cropped() -> None:
    """A lamp in the middle of the dark, for a whole shot, and the next shot by day."""
    night = np.full((360, 640), 18, np.uint8)
    cv2.circle(night, (320, 180), 60, 200, -1)
    frames = [boxed(night, (0, 0, 0, 0), noise=2, seed=seed) for seed in range(20)] + [picture()] * 3
    assert windows(frames, cuts=(0, 20)) == [None] * 23


def test_a_fade_in_waits_whole_until_the_picture_is_lit_and_then_holds() -> None:
    inside = picture().astype(np.float32)
    frames = [
        boxed((16 + (inside - 16) * part).astype(np.uint8), (40, 40, 0, 0), noise=1, seed=index)
        for index, part in enumerate(np.linspace(0, 1, 25))
    ]
    found = windows(frames)
    assert found[0] is None
    assert found[-1] == Window(0, 40, 640, 360)
    assert sum(one != other for one, other in pairwise(found)) == 1


def test_a_dark_shot_keeps_the_bars_of_the_shot_before() -> None:
    lit = [boxed(picture(), (40, 40, 0, 0))] * 20
    dark = [boxed(np.full((360, 640), 20, np.uint8), (40, 40, 0, 0))] * 5
    assert windows(lit + dark, cuts=(0, 20)) == [Window(0, 40, 640, 360)] * 25


def test_a_one_sided_border_is_believed_once_a_whole_shot_had_it() -> None:
    frames = [boxed(picture("astronaut"), (0, 0, 12, 0), noise=2, seed=seed) for seed in range(20)]
    frames += [boxed(picture("coffee"), (0, 0, 12, 0), noise=2, seed=seed) for seed in range(3)]
    assert windows(frames, cuts=(0, 20)) == [None] * 20 + [Window(12, 0, 640, 360)] * 3


def test_nothing_changes_between_cuts_and_bars_may_go_at_one() -> None:
    boxes = [boxed(picture("cat"), (0, 0, 80, 80))] * 10
    wide = [picture("coffee", (360, 800))] * 10
    expected = [Window(80, 0, 640, 360)]
    assert windows(boxes + wide, cuts=(0,)) == expected * 20
    assert windows(boxes + wide, cuts=(0, 10)) == expected * 10 + [None] * 10


def test_a_restored_finder_goes_on_as_if_it_had_never_stopped() -> None:
    frames = [boxed(picture("astronaut"), (0, 0, 12, 0), noise=2, seed=seed) for seed in range(20)]
    frames += [boxed(np.full((360, 640), 20, np.uint8), (0, 0, 12, 0))] * 4
    frames += [boxed(picture("coffee"), (0, 0, 80, 80))[:, 74:-74]] * 4
    cuts = (0, 20, 24)
    whole = windows(frames, cuts)
    for at in (1, 7, 20, 22, 25):
        first, second = BarFinder(), BarFinder()
        found = [first.step(frame, cut=index in cuts) for index, frame in enumerate(frames[:at])]
        second.restore(json.loads(json.dumps(first.state())))
        found += [second.step(frame, cut=index in cuts) for index, frame in enumerate(frames[at:], start=at)]
        assert found == whole


@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(40, 121),
    st.integers(40, 121),
    st.integers(0, 2**32 - 1),
)
def test_a_window_is_even_and_inside_whatever_comes(
    across: int, down: int, rows: int, columns: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    inside = rng.integers(60, 235, (rows, columns), np.uint8)
    frame = boxed(inside, (down, down, across, across))
    window = BarFinder().step(frame, cut=True)
    if window is None:
        return
    assert not any(value % 2 for value in (window.x, window.y))
    assert window.width % 2 == 0 or window.x + window.width == frame.shape[1]
    assert window.height % 2 == 0 or window.y + window.height == frame.shape[0]
    cropped = frame[window.slices]
    assert cropped.shape == (window.height, window.width)
    assert abs(window.width - columns) <= 6
    assert abs(window.height - rows) <= 6


def test_an_old_comedy_in_a_wide_frame(shared: Path) -> None:
    with av.open(str(shared / "data" / "videos" / "chaplin_bw.mp4")) as container:
        finder = BarFinder()
        for index, frame in enumerate(container.decode(video=0)):
            plane = frame.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
            assert finder.step(luma, cut=index == 0) == Window(72, 0, 496, 360)


@pytest.mark.parametrize("name", ["seoul.mp4", "fire2.mp4", "fixed_camera_people.mp4", "bikes.mp4"])
def test_real_films_without_bars_stay_whole(shared: Path, name: str) -> None:
    with av.open(str(shared / "data" / "videos" / name)) as container:
        finder = BarFinder()
        for index, frame in zip(range(60), container.decode(video=0), strict=False):
            plane = frame.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
            assert finder.step(luma, cut=index % 20 == 0) is None
