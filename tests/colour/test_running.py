"""Figures of a film while it is made, on films whose colour is known."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.colour.lightness import lightness
from device.colour.measure import colourfulness
from device.colour.measure.running import Running
from device.colour.merge import merge_reference
from device.colour.motion import Follower, codes
from device.colour.temporal import NO_COLOUR
from device.frames import ColourSpace, Frame, TintedFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE = ColourSpace()
STEP = 8  # of the pan, in samples of the luma: two places of the ab


def pan(count: int, *, seed: int = 1) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Luma (224, 224) and ab (56, 56, 2) of a window that moves over a soft picture and its soft colours."""
    rng = np.random.default_rng(seed)
    wide = 224 + STEP * count
    luma = cv2.resize(rng.integers(40, 215, (28, wide // 8)).astype(np.uint8), (wide, 224))
    ab = cv2.resize(rng.normal(0, 25, (7, wide // 32, 2)).astype(np.float32), (wide // 4, 56))
    return [
        (
            np.ascontiguousarray(luma[:, STEP * n : STEP * n + 224]),
            np.ascontiguousarray(ab[:, STEP // 4 * n : STEP // 4 * n + 56]),
        )
        for n in range(count)
    ]


def tinted(
    luma: NDArray[np.uint8], ab: NDArray[np.float32], *, cut: bool = False, own_colour: bool = False
) -> TintedFrame:
    frame = Frame(luma, SPACE, index=0, pts=0, time_base=Fraction(1, 25))
    return TintedFrame(frame, luma, NO_COLOUR if own_colour else ab, cut=cut, own_colour=own_colour)


def flickering(count: int, by: float) -> list[TintedFrame]:
    """A pan whose colour goes up and down by ``by`` with every frame."""
    return [
        tinted(luma, ab + np.float32(by * (n % 2)), cut=n == 0) for n, (luma, ab) in enumerate(pan(count))
    ]


def measured(frames: list[TintedFrame]) -> Running:
    running = Running()
    for frame in frames:
        running.step(frame)
    return running


@pytest.mark.parametrize("by", [2.0, 10.0])
def test_flicker_is_what_colour_changes_by_along_the_motion(by: float) -> None:
    still = measured(flickering(8, 0)).figures()["flicker"]
    flicker = measured(flickering(8, by)).figures()["flicker"]
    assert still is not None
    assert flicker is not None
    assert still < 1
    assert flicker == pytest.approx(by * 2**0.5, abs=1)


def test_flicker_without_regard_to_the_motion_would_be_another() -> None:
    frames = [ab for _, ab in pan(8)]
    unmoved = np.mean([np.linalg.norm(now - before, axis=-1).mean() for before, now in pairwise(frames)])
    assert unmoved > 5


def test_a_motion_that_is_known_is_taken() -> None:
    frames, follower, running = flickering(8, 3), Follower(), Running()
    before = None
    for frame in frames:
        now = codes(frame.small, 8)
        running.step(frame, None if before is None else follower.way(before, now, (56, 56)))
        before = now
    assert running.figures() == measured(frames).figures()


def test_colourfulness_is_that_of_the_picture() -> None:
    luma, ab = pan(1)[0]
    light = cv2.resize(lightness(luma, SPACE, 8), (56, 56), interpolation=cv2.INTER_AREA)
    small = np.asarray(light, np.float32)
    truth = colourfulness(merge_reference(small, ab))
    assert measured([tinted(luma, ab)]).figures()["colourfulness"] == pytest.approx(truth, abs=0.1)


def test_a_finer_grid_is_as_colourful() -> None:
    luma, ab = pan(1)[0]
    fine = np.asarray(cv2.resize(ab, (224, 224), interpolation=cv2.INTER_CUBIC), np.float32)
    few, many = (measured([tinted(luma, each)]).figures()["colourfulness"] for each in (ab, fine))
    assert many == pytest.approx(few, rel=0.03)


def test_a_cut_is_no_flicker_and_each_shot_has_its_own() -> None:
    running, (steady, wild) = Running(), (flickering(6, 0), flickering(6, 12))
    for frame in steady:
        running.step(frame)
    first = running.end_shot()
    for frame in wild:
        running.step(frame)
    second = running.end_shot()
    assert first is not None
    assert second is not None
    assert first == measured(steady).end_shot()
    assert second == measured(wild).end_shot()
    assert running.end_shot() is None
    whole = running.figures()
    assert (first["flicker"] or 0) < (whole["flicker"] or 0) < (second["flicker"] or 0)
    assert (whole["shots_tinted"], whole["shots_in_colour"]) == (2, 0)


def test_a_cut_ends_the_shot_by_itself() -> None:
    frames = [*flickering(6, 0), *flickering(6, 12)]
    assert measured(frames).figures()["shots_tinted"] == 2


def test_what_passes_counts_as_a_shot_alone() -> None:
    luma, ab = pan(1)[0]
    running = measured([tinted(luma, ab, cut=n == 0, own_colour=True) for n in range(3)])
    assert running.figures() == {
        "flicker": None,
        "colourfulness": None,
        "shots_tinted": 0,
        "shots_in_colour": 1,
    }
    assert running.end_shot() == {"flicker": None, "colourfulness": None}


def test_black_frames_before_a_tinted_shot_leave_it_tinted() -> None:
    luma, ab = pan(1)[0]
    frames = [tinted(luma, ab, cut=n == 0, own_colour=n < 2) for n in range(4)]
    assert measured(frames).figures()["shots_tinted"] == 1


def test_where_nothing_of_before_counts_nothing_flickers() -> None:
    frames, running = flickering(2, 12), Running()
    running.step(frames[0])
    running.step(frames[1], anew=True)
    assert running.figures()["flicker"] is None


@pytest.mark.parametrize("at", [0, 1, 5, 6, 9, 12])
def test_figures_gone_on_with_are_the_same_to_the_bit(at: int) -> None:
    frames = [*flickering(6, 5), *flickering(6, 2)]
    running = measured(frames[:at])
    restored = Running()
    restored.restore(json.loads(json.dumps(running.state())))
    for frame in frames[at:]:
        running.step(frame)
        restored.step(frame)
    assert restored.state() == running.state() == measured(frames).state()
    assert restored.end_shot() == running.end_shot()


def test_the_state_is_small() -> None:
    assert len(json.dumps(measured(flickering(3, 5)).state())) < 40_000
    ended = measured(flickering(3, 5))
    ended.end_shot()
    assert len(json.dumps(ended.state())) < 500
