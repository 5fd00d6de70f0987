"""A hint acts on the thing that it is on, and leaves alone what is far from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.colour.anchors import REACH, anchors, far_places
from device.colour.hints import Hint, Hints, Palette
from device.colour.lightness import lightness
from device.errors import ConfigurationError
from device.frames import JPEG_COLOUR
from device.jobs.guided import predict_guided
from device.network import Network, Prediction
from device.resources import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

TINY = Path(__file__).parent.parent / "network" / "data" / "tiny-int8.tflite"  # takes no hints
COAT = Hint(0.2, 0.6, 50, 30)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact") as loaded:
        yield loaded


@pytest.fixture(scope="module")
def light(network: Network) -> NDArray[np.float32]:
    """A man in a dark coat on a lawn, under a clear sky."""
    grey = cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(grey, network.size[::-1], interpolation=cv2.INTER_AREA)
    return lightness(small.astype(np.uint8), JPEG_COLOUR)


def moved(ab: NDArray[np.float32], own: NDArray[np.float32], rows: slice, columns: slice) -> float:
    return float(np.linalg.norm((ab - own)[rows, columns], axis=-1).mean())


def test_a_red_coat_leaves_the_sky_and_the_lawn_as_they_are(
    network: Network, light: NDArray[np.float32]
) -> None:
    own = network.predict(light).ab
    alone = network.predict(light, hints=Hints((COAT,))).ab
    guided = predict_guided(network, light, Hints((COAT,)))
    coat, sky, lawn = (
        (slice(26, 40), slice(4, 18)),
        (slice(0, 8), slice(24, 56)),
        (slice(44, 56), slice(44, 56)),
    )
    assert (guided - own)[(*coat, 0)].mean() > 15  # redder
    assert moved(guided, own, *coat) > 0.8 * moved(alone, own, *coat)
    for place in (sky, lawn):
        assert moved(guided, own, *place) < 0.5 * moved(alone, own, *place)
        assert abs((guided - own)[(*place, 0)].mean()) < 4


def test_without_hints_at_places_it_is_the_networks_own_word(
    network: Network, light: NDArray[np.float32]
) -> None:
    for hints in (Hints(), Hints((), Palette(chroma=30))):
        expected = network.predict(light, hints=hints).ab
        assert np.array_equal(predict_guided(network, light, hints), expected)


def test_hints_all_over_need_no_anchors(network: Network, light: NDArray[np.float32]) -> None:
    everywhere = Hints(tuple(Hint(x / 4, y / 4, 5, 5) for x in range(5) for y in range(5)))
    assert far_places(everywhere.points) == ()
    expected = network.predict(light, hints=everywhere).ab
    assert np.array_equal(predict_guided(network, light, everywhere), expected)


class Listening:
    """Stands for a network, says its hints' number everywhere, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[Hints] = []

    def predict(self, light: NDArray[np.float32], *, hints: Hints) -> Prediction:
        assert light.shape == (64, 64)
        self.told.append(hints)
        return Prediction(np.full((16, 16, 2), 7, np.float32), None)


def test_far_places_are_told_their_own_colour_and_the_palette_stays() -> None:
    listening: Any = Listening()
    light = np.full((64, 64), 20, np.float32)
    light[:, 32:] = 80
    palette = Palette(chroma=30)
    hint = Hint(0.2, 0.5, 40, 20)
    predict_guided(listening, light, Hints((hint,), palette))
    own, told = listening.told
    assert own.points == ()
    assert own.palette is told.palette is palette
    assert told.points[0] is hint
    assert len(told.points) > 5
    for anchor in told.points[1:]:
        assert (anchor.a, anchor.b) == (7, 7)
        assert anchor.x >= 0.5  # what looks like the hinted place may take its colour, however far it is
        assert np.hypot(anchor.x - hint.x, anchor.y - hint.y) > REACH


def test_a_plain_surface_takes_the_colour_whole() -> None:
    plain = np.full((64, 64), 50, np.float32)
    assert anchors(plain, np.zeros((16, 16, 2), np.float32), [Hint(0.1, 0.1, 40, 20)]) == ()


def test_corners_can_be_hinted() -> None:
    light = np.random.default_rng(1).uniform(0, 100, (64, 64)).astype(np.float32)
    for x in (0, 1):
        for y in (0.0, 1.0):
            anchors(light, np.zeros((16, 16, 2), np.float32), [Hint(x, y, 40, 20)])


def test_a_network_that_takes_none_says_so() -> None:
    with Network.load(TINY) as network, pytest.raises(ConfigurationError, match="takes no hints"):
        predict_guided(network, np.full(network.size, 50, np.float32), Hints((COAT,)))
