"""A colorizer that looks ahead: what it holds, where it lets go, and that it goes on from every boundary."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from device.config import ColourSettings
from device.config.sections import FilmSettings
from device.frames import ColourSpace, Frame, TintedFrame
from device.jobs.colorizer import Colorizer, held_of
from device.media.segments import Boundaries
from device.network import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from device.jobs.colorizer import ColorizerState
    from device.network import Network

SIDE = 96
HELD = 7


class Moody:
    """A network whose colour is another for every picture, and the same for the same."""

    size = (48, 48)

    def __init__(self) -> None:
        self.asked = 0

    def predict(self, lightness: NDArray[np.float32]) -> Prediction:
        self.asked += 1
        seed = int(np.abs(lightness * 1000).sum()) % 2**31
        level = np.random.default_rng(seed).normal(0, 20, (3, 3, 2)).astype(np.float32)
        return Prediction(np.kron(level, np.ones((4, 4, 1), np.float32)).astype(np.float32), None)


def film(*parts: tuple[int, str]) -> list[Frame]:
    """Frames of shots, each a pan over another scene: grey, in colour, or first black and then grey."""
    frames: list[Frame] = []
    for seed, (count, kind) in enumerate(parts):
        random = np.random.default_rng(seed)
        scene = np.kron(random.integers(40, 215, (12, 20)), np.ones((8, 8), np.int64)).astype(np.uint8)
        hues = np.kron(random.integers(90, 166, (2, 6, 6)), np.ones((1, 8, 8), np.int64)).astype(np.uint8)
        for number in range(count):
            at = number % 50
            luma = np.ascontiguousarray(scene[:, at : at + SIDE])
            if kind == "from black" and number < 4:
                luma = np.full((SIDE, SIDE), 16, np.uint8)
            cb, cr = hues if kind == "colour" else np.full((2, 48, 48), 128, np.uint8)
            index = len(frames)
            frames.append(Frame(luma, ColourSpace(), index, index, Fraction(1, 25), cb=cb, cr=cr))
    return frames


#: What is black belongs to the shot before.
CUTS = {30, 48, 69, 71}
FILM = film((30, "grey"), (14, "colour"), (25, "from black"), (2, "grey"), (21, "grey"))


def colorizer(
    boundaries: Boundaries | None = None,
    *,
    network: Moody | None = None,
    held: int = HELD,
    every: int = 1,
    when: str = "auto",
) -> Colorizer:
    settings = ColourSettings.model_validate({"shadow_chroma": 1, "when": when})
    shown = cast("Network", network or Moody())
    return Colorizer(shown, settings, every=every, held=held, boundaries=boundaries)


def through(stage: Colorizer, frames: Sequence[Frame]) -> list[TintedFrame]:
    out = [tinted for frame in frames for tinted in stage.step(frame)]
    return out + list(stage.flush())


def assert_same(some: Sequence[TintedFrame], others: Sequence[TintedFrame]) -> None:
    for one, other in zip(some, others, strict=True):
        assert (one.frame, one.own_colour, one.cut) == (other.frame, other.own_colour, other.cut)
        np.testing.assert_array_equal(one.ab, other.ab, f"frame {one.frame.index}")


def test_every_frame_goes_out_once_in_order_and_few_are_held() -> None:
    stage, out, most = colorizer(when="always"), list[TintedFrame](), 0
    for frame in FILM:
        out += stage.step(frame)
        most = max(most, frame.index + 1 - len(out))
        if frame.index in CUTS:  # a cut lets all go that was before it
            assert frame.index - len(out) == 0
    out += stage.flush()
    assert [tinted.frame for tinted in out] == FILM
    assert most == HELD - 1


def test_frames_that_wait_to_be_decided_are_not_held_as_well() -> None:
    stage, waiting = colorizer(), list[int]()
    done = 0
    for frame in FILM:
        done += len(list(stage.step(frame)))
        waiting.append(frame.index + 1 - done)
    assert max(waiting) == 11  # of the shot in colour, which twelve decide


def test_what_passes_waits_for_what_is_held() -> None:
    out = through(colorizer(), FILM)
    assert [tinted.frame for tinted in out] == FILM
    assert [tinted.own_colour for tinted in out[30:48]] == [True] * 18


def test_it_is_steadier_than_without() -> None:
    flicker = {}
    for held in (0, HELD):
        stage = colorizer(held=held)
        through(stage, FILM)
        flicker[held] = stage.figures["flicker"] or 0
    assert 0 < flicker[HELD] < 0.9 * flicker[0]


def test_a_frame_depends_on_its_shot_alone() -> None:
    whole = through(colorizer(when="always"), FILM)
    shot = [replace(frame, index=n) for n, frame in enumerate(FILM[48:69])]
    alone = through(colorizer(when="always"), shot)
    for one, other in zip(whole[48:69], alone, strict=True):
        np.testing.assert_array_equal(one.ab, other.ab)


def test_only_so_many_frames_are_predicted() -> None:
    network = Moody()
    out = through(colorizer(network=network, every=5, when="always"), FILM[:30])
    assert network.asked == 6
    assert all(tinted.ab.any() for tinted in out)


@pytest.mark.parametrize("held", [0, 13])
@pytest.mark.parametrize(("every", "when"), [(1, "auto"), (3, "always")])
def test_from_every_boundary_it_goes_on_bit_for_bit(held: int, every: int, when: str) -> None:
    """Forced boundaries too, which fall among frames that are held."""
    whole = colorizer(Boundaries(2), held=held, every=every, when=when)
    states, expected = dict[int, str](), list[TintedFrame]()
    figures = dict[int, object]()

    def keep(tinted_frames: Iterator[TintedFrame]) -> None:
        for tinted in tinted_frames:
            expected.append(tinted)
            index = tinted.frame.index
            figures[index] = whole.figures_before(index)
            if (state := whole.state_before(index)) is not None:
                states[index] = json.dumps(state)

    for frame in FILM:
        keep(whole.step(frame))
    keep(whole.flush())
    assert len(states) > 10
    if held:
        assert len({held_in(state) for state in states.values()}) > 2
    for start, state in states.items():
        resumed = colorizer(Boundaries(2, start), held=held, every=every, when=when)
        resumed.restore(cast("ColorizerState", json.loads(state)))
        again = through(resumed, FILM[start:])
        assert_same(expected[start:], again)
        assert resumed.figures == whole.figures
        assert resumed.passed == whole.passed
        for index in range(start + 1, len(FILM)):  # what was told before it was interrupted is told
            assert resumed.figures_before(index) == figures[index]
        follow = {index: resumed.state_before(index) for index in states if index > start}
        assert {index: json.dumps(each) for index, each in follow.items()} == {
            index: each for index, each in states.items() if index > start
        }


def held_in(state: str) -> int:
    return int(json.loads(state)["entered"]["smoother"]["held"])


def test_a_state_at_a_cut_is_small() -> None:
    stage = colorizer(Boundaries(10))
    states = [
        state
        for frame in FILM
        for tinted in stage.step(frame)
        if (state := stage.state_before(tinted.frame.index)) and tinted.cut
    ]
    assert len(states) >= 2
    for state in states:
        assert len(json.dumps([state["entered"], state["left"]])) < 1000


def test_figures_of_shots_are_kept_for_a_while() -> None:
    stage = colorizer()
    through(stage, FILM)
    (first, passed), whole = (stage.figures_before(at) for at in (30, 48)), stage.figures
    assert first is not None
    assert (first["flicker"] or 0) > 0
    assert passed == {"flicker": None, "colourfulness": None}
    assert stage.figures_before(30) is None  # asked once
    assert stage.figures_before(len(FILM)) is not None
    assert (whole["shots_tinted"], whole["shots_in_colour"]) == (4, 1)


def test_a_film_that_does_not_ask_for_it_holds_nothing() -> None:
    assert held_of(FilmSettings(), Fraction(25)) == 0
    assert held_of(FilmSettings(look_ahead=True), Fraction(25)) == 13
