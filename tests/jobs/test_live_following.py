from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.frames import ColourSpace, Frame
from device.jobs.live.colouring import Colour, Seen
from device.jobs.live.following import Following
from device.jobs.looking import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

RED, GREEN = (40.0, 20.0), (-40.0, 20.0)


def picture(seed: int = 1, shift: int = 0) -> NDArray[np.uint8]:
    """Luma (64, 64), soft and uneven, moved to the left by ``shift``."""
    coarse = np.random.default_rng(seed).integers(30, 220, (9, 20), np.uint8)
    wide = cv2.resize(coarse, (160, 72), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(wide[4:68, shift : shift + 64])


def seen(number: int, luma: NDArray[np.uint8] | NDArray[np.uint16], shot: int = 1, depth: int = 8) -> Seen:
    frame = Frame(luma, ColourSpace(), number, number, Fraction(1, 25), depth=depth, captured_ns=number)
    return Seen(frame, Look(luma, None, cut=False), number, shot)


def colour(of: Seen, ab: tuple[float, float], scene: int = 1) -> Colour:
    return Colour(of, np.tile(np.float32(ab), (16, 16, 1)), scene)


def test_between_predictions_colour_stays_and_each_moves_it_on() -> None:
    following = Following(0.8)
    lumas = [picture(shift=n) for n in range(30)]
    frames = [seen(n, luma) for n, luma in enumerate(lumas)]
    shown = []
    newest = colour(frames[0], RED)
    for frame in frames:
        if frame.number % 5 == 4:  # says something else, of a frame three back
            newest = colour(frames[frame.number - 3], GREEN)
        shown.append(float(following.step(frame, frame.look.small, newest)[4:12, 4:12, 0].mean()))
    assert shown[:4] == pytest.approx([40] * 4, abs=0.5)
    steps = np.abs(np.diff(shown))
    assert steps[3::5].min() > 3 * np.delete(steps, np.s_[3::5]).max()
    assert steps.max() < 45  # not from red to green at once
    assert shown[-1] < -10  # but it gets there


def test_without_steadiness_the_newest_is_shown() -> None:
    following = Following(0)
    first, second = (seen(n, picture(shift=n)) for n in range(2))
    red, green = colour(first, RED), colour(second, GREEN)
    np.testing.assert_array_equal(following.step(first, first.look.small, red), red.ab)
    np.testing.assert_array_equal(following.step(second, second.look.small, green), green.ab)


@pytest.mark.parametrize("shot", [1, 2])
def test_another_scene_owes_nothing_to_the_last(shot: int) -> None:
    """A new shot, or a hint on the same one."""
    following = Following(0.95)
    for n in range(5):
        each = seen(n, picture())
        following.step(each, each.look.small, colour(each, RED))
    new = seen(5, picture(seed=shot), shot)
    ab = following.step(new, new.look.small, colour(new, GREEN, scene=2))
    np.testing.assert_allclose(ab, np.tile(np.float32(GREEN), (16, 16, 1)))


def test_luma_of_another_depth_begins_anew() -> None:
    following = Following(0.95)
    eight = seen(0, picture())
    following.step(eight, eight.look.small, colour(eight, RED))
    ten = seen(1, picture().astype(np.uint16) << 2, depth=10)
    ab = following.step(ten, ten.look.small, colour(ten, GREEN))
    np.testing.assert_allclose(ab, np.tile(np.float32(GREEN), (16, 16, 1)))
