"""What a colorizer does with frames whose own colour passes, and what it remembers where frames wait."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.config import ColourSettings
from device.frames import ColourSpace, Frame
from device.jobs.colorizer import Colorizer
from device.media.segments import Boundaries
from device.network import Network, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from device.frames import TintedFrame

TINY = Path(__file__).parents[1] / "network" / "data" / "tiny-int8.tflite"
SIDE = 96


class Counting:
    """A network whose colour says how often it was asked."""

    size = (32, 32)

    def __init__(self) -> None:
        self.asked = 0

    def predict(self, _lightness: NDArray[np.float32]) -> Prediction:
        self.asked += 1
        return Prediction(np.full((8, 8, 2), self.asked, np.float32), None)


@pytest.fixture(scope="module")
def tiny() -> Iterator[Network]:
    with Network.load(TINY, threads=1) as loaded:
        yield loaded


def colorizer(network: object, boundaries: Boundaries | None = None) -> Colorizer:
    return Colorizer(cast("Network", network), ColourSettings(shadow_chroma=1), boundaries=boundaries)


def shots(*parts: tuple[int, str], rate: int = 25) -> list[Frame]:
    """Frames of shots, each of another scene: of a kind, or of what follows where they are black."""
    frames: list[Frame] = []
    for seed, (count, kind) in enumerate(parts):
        random = np.random.default_rng(seed)
        scene = np.kron(random.integers(40, 215, (12, 14)), np.ones((8, 8), np.int64)).astype(np.uint8)
        hues = np.kron(random.integers(90, 166, (2, 6, 6)), np.ones((1, 8, 8), np.int64)).astype(np.uint8)
        for number in range(count):
            at = number % 16
            luma = scene[:, at : at + SIDE] if kind != "black" else np.full((SIDE, SIDE), 16, np.uint8)
            cb, cr = hues if kind == "colour" else np.full((2, 48, 48), 128, np.uint8)
            index = len(frames)
            frames.append(
                Frame(luma, ColourSpace(), index, index, Fraction(1, rate), cb=cb, cr=cr)  # type: ignore[arg-type]
            )
    return frames


def through(stage: Colorizer, frames: Sequence[Frame]) -> list[TintedFrame]:
    """All that comes out, in order."""
    out = [tinted for frame in frames for tinted in stage.step(frame)]
    return out + list(stage.flush())


def test_no_network_for_true_colour_and_the_very_planes_go_on() -> None:
    network = Counting()
    frames = shots((15, "colour"), (14, "grey"), (3, "colour"))
    out = through(colorizer(network), frames)
    assert [tinted.frame for tinted in out] == frames
    assert [tinted.own_colour for tinted in out] == [True] * 15 + [False] * 14 + [True] * 3
    assert [tinted.cut for tinted in out] == [n in {0, 15, 29} for n in range(32)]
    assert network.asked == 14
    assert all(tinted.frame.cb is frame.cb for tinted, frame in zip(out, frames, strict=True))


def test_steadiness_starts_anew_behind_what_passed() -> None:
    network = Counting()
    out = through(colorizer(network), shots((20, "grey"), (6, "colour"), (20, "grey")))
    assert not out[26].own_colour
    np.testing.assert_array_equal(out[26].ab, np.full((8, 8, 2), 21, np.float32))
    assert out[27].ab.mean() < 22


def test_another_size_or_depth_is_another_shot() -> None:
    first = shots((5, "grey"))
    deep = [
        replace(frame, luma=frame.luma.astype(np.uint16) * 4, cb=None, cr=None, depth=10, index=5 + n)
        for n, frame in enumerate(shots((5, "grey")))
    ]
    small = [
        replace(frame, luma=frame.luma[:48, :64], cb=frame.cb[:24, :32], cr=frame.cr[:24, :32], index=10 + n)  # type: ignore[index]
        for n, frame in enumerate(shots((5, "colour")))
    ]
    out = through(colorizer(Counting()), [*first, *deep, *small])
    assert [tinted.frame.index for tinted in out] == list(range(15))
    assert [tinted.cut for tinted in out] == [n in {0, 5, 10} for n in range(15)]
    assert [tinted.own_colour for tinted in out] == [False] * 10 + [True] * 5


parts = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from(["grey", "colour", "black"])), min_size=1, max_size=5
)


@settings(deadline=None, max_examples=10)
@given(parts=parts, least=st.integers(2, 6), data=st.data())
def test_from_every_boundary_it_goes_on_bit_for_bit(
    tiny: Network, parts: list[tuple[int, str]], least: int, data: st.DataObject
) -> None:
    frames = shots(*parts)
    whole = colorizer(tiny, Boundaries(least))
    states: dict[int, str] = {}
    expected: list[TintedFrame] = []

    def keep(tinted_frames: Iterator[TintedFrame]) -> None:
        for tinted in tinted_frames:
            expected.append(tinted)
            if (state := whole.state_before(tinted.frame.index)) is not None:
                states[tinted.frame.index] = json.dumps(state)

    for frame in frames:
        keep(whole.step(frame))
    keep(whole.flush())
    final = whole.state_before(len(frames))
    assert final is not None
    states[len(frames)] = json.dumps(final)
    assert len(states) > (len(frames) - 1) // (4 * least)

    start = data.draw(st.sampled_from(sorted(states)))
    resumed = colorizer(tiny, Boundaries(least, start))
    resumed.restore(json.loads(states[start]))
    again = through(resumed, frames[start:])
    for one, other in zip(expected[start:], again, strict=True):
        assert (one.frame, one.own_colour, one.cut, one.window) == (
            other.frame,
            other.own_colour,
            other.cut,
            other.window,
        )
        assert np.array_equal(one.ab, other.ab)
    assert (resumed.passed, resumed.odd_shots) == (whole.passed, whole.odd_shots)
    follow = {index: resumed.state_before(index) for index in states if index > start}
    assert {index: json.dumps(state) for index, state in follow.items()} == {
        index: state for index, state in states.items() if index > start
    }
