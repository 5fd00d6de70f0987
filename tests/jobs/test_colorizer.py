from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from device.config import ColourSettings, HueRange
from device.frames import ColourSpace, Frame, TintedFrame, Window
from device.jobs.colorizer import Colorizer
from device.network import Network, Prediction
from device.sources.pattern import PatternSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

TINY = Path(__file__).parents[1] / "network" / "data" / "tiny-int8.tflite"
PLAIN = ColourSettings(when="always", shadow_chroma=1, steadiness=0)
FADING = ColourSettings(when="always", steadiness=0)


class Compass:
    """A network that knows where up is: in the upright picture a is 10 in the top half, b in the left."""

    size = (48, 32)

    def __init__(self) -> None:
        self.seen: list[NDArray[np.float32]] = []

    def predict(self, lightness: NDArray[np.float32]) -> Prediction:
        assert lightness.shape == self.size
        assert lightness.dtype == np.float32
        assert lightness.flags.c_contiguous
        self.seen.append(lightness)
        ab = np.zeros((12, 8, 2), np.float32)
        ab[:6, :, 0] = 10
        ab[:, :4, 1] = 10
        return Prediction(ab, None)


@pytest.fixture(scope="module")
def tiny() -> Iterator[Network]:
    with Network.load(TINY, threads=1) as loaded:
        yield loaded


def frame(luma: NDArray[np.uint8] | NDArray[np.uint16], rotation: int = 0, depth: int = 8) -> Frame:
    return Frame(luma, ColourSpace(full_range=True), 0, 0, Fraction(1, 25), depth=depth, rotation=rotation)


def colorizer(network: object, settings: ColourSettings = PLAIN) -> Colorizer:
    return Colorizer(cast("Network", network), settings)


def tinted_by(stage: Colorizer, each: Frame) -> TintedFrame:
    """The one frame that comes out where nothing waits."""
    (tinted,) = stage.step(each)
    return tinted


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_network_sees_it_upright_and_the_colour_lies_as_stored(rotation: int) -> None:
    upright = np.full((96, 64), 128, np.uint8)
    upright[:48] = 255
    upright[:, :32] //= 2
    stored = np.rot90(upright, rotation // 90)  # to be turned clockwise by rotation again
    network = Compass()
    tinted = tinted_by(colorizer(network), frame(stored, rotation))
    (seen,) = network.seen
    top, bottom, left, right = seen[:20].mean(), seen[28:].mean(), seen[:, :14].mean(), seen[:, 18:].mean()
    assert top > bottom
    assert right > left
    back = np.rot90(tinted.ab, -rotation // 90)
    assert np.all(back[:5, :, 0] > 5)
    assert np.all(back[7:, :, 0] < 5)
    assert np.all(back[:, :3, 1] > 5)
    assert np.all(back[:, 5:, 1] < 5)
    assert tinted.small.shape == ((48, 32) if rotation % 180 == 0 else (32, 48))
    assert tinted.ab.dtype == np.float32


def test_ten_bits_stay_ten_bits_and_give_the_same_colour(tiny: Network) -> None:
    eight = np.random.default_rng(2).integers(0, 256, (64, 64), np.uint8)
    ten = (eight.astype(np.uint32) * 1023 // 255).astype(np.uint16)
    first = tinted_by(colorizer(tiny), frame(eight))
    second = tinted_by(colorizer(tiny), frame(ten, depth=10))
    assert second.frame.luma is ten
    assert second.small.dtype == np.uint16
    assert second.small.max() > 255
    assert np.abs(first.ab - second.ab).max() < 1.0


def test_the_first_frame_begins_a_shot_and_the_next_does_not(tiny: Network) -> None:
    stage = colorizer(tiny)
    with PatternSource((128, 96), 30, count=5, paced=False) as source:
        cuts = [tinted_by(stage, each).cut for each in source.frames()]
    assert cuts == [True, False, False, False, False]


def test_taste_is_applied(tiny: Network) -> None:
    grey = frame(np.full((64, 64), 220, np.uint8))
    plain = tinted_by(colorizer(tiny), grey).ab
    double = tinted_by(colorizer(tiny, PLAIN.model_copy(update={"saturation": 2.0})), grey).ab
    np.testing.assert_allclose(double, 2 * plain, rtol=1e-5)
    hue = float(np.degrees(np.arctan2(plain[0, 0, 1], plain[0, 0, 0]))) % 360
    tame = HueRange(start=(hue - 20) % 360, end=(hue + 20) % 360, keep=0.25)
    held = tinted_by(colorizer(tiny, PLAIN.model_copy(update={"tame": (tame,)})), grey).ab
    np.testing.assert_allclose(held, plain / 4, rtol=1e-4)


def test_shadows_lose_chroma_by_default_only(tiny: Network) -> None:
    dark = frame(np.full((64, 64), 12, np.uint8))
    plain = np.abs(tinted_by(colorizer(tiny), dark).ab).mean()
    faded = np.abs(tinted_by(colorizer(tiny, FADING), dark).ab).mean()
    assert 0.4 * plain < faded < 0.9 * plain


def test_network_time_is_measured(tiny: Network) -> None:
    stage = colorizer(tiny)
    assert stage.network_ms == 0
    tinted_by(stage, frame(np.zeros((64, 64), np.uint8)))
    assert 0 < stage.network_ms < 1000


def letterboxed(each: Frame) -> Frame:
    """The same picture between black bars of 24 lines."""
    return replace(each, luma=np.pad(each.luma, ((24, 24), (0, 0)), constant_values=16))


def test_black_bars_are_kept_from_the_network() -> None:
    network = Compass()
    stage = colorizer(network)
    with PatternSource((128, 96), 30, count=4, paced=False) as source:
        frames = list(source.frames())
    for each in frames:
        tinted = tinted_by(stage, letterboxed(each))
        assert tinted.window == Window(0, 24, 128, 96)
        assert tinted.frame.luma.shape == (144, 128)
    bare = Compass()
    tinted_by(colorizer(bare), frames[0])
    assert np.abs(network.seen[0] - bare.seen[0]).max() < 1


@pytest.mark.parametrize("settings", [PLAIN, ColourSettings(when="always")])
@pytest.mark.parametrize("bars", [False, True])
@pytest.mark.parametrize("at", [1, 6, 9])
def test_a_colorizer_goes_on_from_its_state_as_if_nothing_had_been(
    tiny: Network, settings: ColourSettings, *, bars: bool, at: int
) -> None:
    """Over a cut: the picture is turned upside down at frame 8."""
    with PatternSource((128, 96), 30, count=12, paced=False) as source:
        frames = [
            replace(each, luma=np.ascontiguousarray(each.luma[::-1])) if each.index >= 8 else each
            for each in source.frames()
        ]
    if bars:
        frames = [letterboxed(each) for each in frames]
    whole = colorizer(tiny, settings)
    expected = []
    state = ""
    for each in frames:
        if each.index == at:
            state = json.dumps(whole.state())
        expected.append(tinted_by(whole, each))
    resumed = colorizer(tiny, settings)
    resumed.restore(json.loads(state))
    assert [each.index for each in frames if expected[each.index].cut] == [0, 8]
    for each in expected[at:]:
        again = tinted_by(resumed, each.frame)
        assert again.cut == each.cut
        assert again.window == each.window
        assert np.array_equal(again.ab, each.ab)


class Fickle:
    """A network that changes its mind with every frame."""

    size = (64, 64)

    def __init__(self) -> None:
        self._count = 0

    def predict(self, _lightness: NDArray[np.float32]) -> Prediction:
        self._count += 1
        return Prediction(np.full((16, 16, 2), 10 + 10 * (-1) ** self._count, np.float32), None)


def test_colour_is_held_steady_within_a_shot() -> None:
    with PatternSource((128, 96), 300, count=20, paced=False) as source:
        frames = list(source.frames())
    flicker = {}
    for steadiness in (0.0, 0.8):
        stage = colorizer(Fickle(), PLAIN.model_copy(update={"steadiness": steadiness}))
        levels = [float(tinted_by(stage, each).ab.mean()) for each in frames]
        flicker[steadiness] = np.abs(np.diff(levels[5:])).mean()
    assert flicker[0.0] == pytest.approx(20)
    assert flicker[0.8] < 10


def test_a_new_shot_owes_nothing_to_the_last() -> None:
    one, other = (
        np.random.default_rng(seed).integers(0, 256, (12, 16), np.uint8).repeat(16, 0).repeat(16, 1)
        for seed in (3, 4)
    )
    stage = colorizer(Fickle(), PLAIN.model_copy(update={"steadiness": 0.9}))
    for _ in range(10):
        tinted_by(stage, frame(one))
    tinted = tinted_by(stage, frame(other))
    assert tinted.cut
    assert np.allclose(tinted.ab, 0)


def test_of_so_many_frames_one_is_asked_about_and_the_others_take_its_colour() -> None:
    with PatternSource((128, 96), 300, count=9, paced=False) as source:
        frames = list(source.frames())
    network = Compass()
    stage = Colorizer(cast("Network", network), PLAIN, every=4)
    tinted = [tinted_by(stage, each) for each in frames]
    assert len(network.seen) == 3
    assert all(np.abs(each.ab).mean() > 3 for each in tinted)
    other = np.random.default_rng(4).integers(0, 256, (12, 16), np.uint8).repeat(8, 0).repeat(8, 1)
    assert tinted_by(stage, frame(other)).cut
    assert len(network.seen) == 4  # a shot begins with colour of its own
