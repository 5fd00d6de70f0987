"""One photograph's colour: what passes, what is tinted, in which depth, and what of it stays grey."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from photos import grey, still

from device.colour.hint_text import PixelHint
from device.colour.hints import Hints, palette_of
from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness
from device.colour.measure import colourfulness
from device.colour.merge import merge_reference
from device.colour.taste import Taste
from device.colour.tint import shrink
from device.config import ColourSettings
from device.errors import ConfigurationError
from device.frames import JPEG_COLOUR
from device.jobs.photo_tint import PhotoTinter
from device.network import Network, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


TINY = Path(__file__).parent.parent / "network" / "data" / "tiny-int8.tflite"


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact") as loaded:
        yield loaded


def tint(network: Network, pixels: NDArray[np.generic], **colour: object) -> NDArray[np.generic] | None:
    return PhotoTinter(network, ColourSettings.model_validate(colour), threads=2).tint(pixels)  # type: ignore[arg-type]


def lightness_of(rgb: NDArray[np.generic]) -> NDArray[np.float32]:
    return rgb_to_lab(rgb.astype(np.float32) / np.iinfo(rgb.dtype).max)[..., 0]  # type: ignore[type-var]


def sepia(name: str) -> NDArray[np.uint8]:
    """The usual 3 x 3 matrix."""
    matrix = np.float32([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    return np.clip(still(name) @ matrix.T * np.float32(0.74), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["coffee", "cat", "astronaut"])
def test_true_colour_passes_and_its_grey_is_tinted(network: Network, name: str) -> None:
    assert tint(network, still(name)) is None
    tinted = tint(network, grey(name))
    assert tinted is not None
    assert colourfulness(tinted) > 8


def test_it_is_the_reference_merge(network: Network) -> None:
    luma = grey("cat")
    light = lightness(shrink(luma, None, network.size), JPEG_COLOUR)
    colour = ColourSettings()
    taste = Taste(saturation=colour.saturation, shadow_chroma=colour.shadow_chroma)
    expected = merge_reference(lightness(luma, JPEG_COLOUR), taste.apply(network.predict(light).ab, light))
    assert np.array_equal(tint(network, luma), expected)


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_a_sepia_print_is_grey_and_keeps_its_lightness(network: Network, name: str) -> None:
    tinted = tint(network, sepia(name), saturation=0)
    assert tinted is not None
    assert np.ptp(tinted, axis=2).max() == 0
    assert np.abs(lightness_of(tinted) - lightness_of(sepia(name))).max() < 0.5


def test_grey_in_three_channels_is_grey(network: Network) -> None:
    one, three = tint(network, grey()), tint(network, np.repeat(grey()[..., None], 3, axis=2))
    assert np.array_equal(one, three)


@pytest.mark.parametrize("rgb", [True, False])
def test_sixteen_bits_stay_sixteen_bits(network: Network, *, rgb: bool) -> None:
    deep = grey().astype(np.uint16) * 257 + np.random.default_rng(0).integers(0, 250, grey().shape)
    deep = np.minimum(deep, 65_535).astype(np.uint16)
    warm = np.stack((deep, (deep * 0.9).astype(np.uint16), (deep * 0.7).astype(np.uint16)), axis=2)
    tinted = tint(network, warm if rgb else deep, saturation=0)
    assert tinted is not None
    assert tinted.dtype == np.uint16
    if not rgb:
        assert np.abs(tinted.astype(int) - deep[..., None]).max() <= 1
    assert len(np.unique(tinted)) > 10_000


def test_black_bars_stay_grey_and_out_of_sight(network: Network) -> None:
    inside = grey("astronaut", (400, 300))
    barred = cv2.copyMakeBorder(inside, 60, 60, 0, 0, cv2.BORDER_CONSTANT, value=4)
    tinted, alone = tint(network, barred), tint(network, inside)
    assert tinted is not None
    assert (tinted[:58] == 4).all()
    assert (tinted[-58:] == 4).all()
    assert np.abs(tinted[60:-60].astype(int) - alone).mean() < 3


def test_always_and_never(network: Network) -> None:
    assert tint(network, still("coffee"), when="always") is not None
    assert tint(network, grey(), when="never") is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 999), (999, 1), (2, 3), (7, 5, 3), (40, 1, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_smallest_pictures(
    network: Network, shape: tuple[int, ...], dtype: type[np.uint8 | np.uint16]
) -> None:
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    tinted = tint(network, pixels, when="always")
    assert tinted is not None
    assert tinted.shape == (*shape[:2], 3)
    assert tinted.dtype == dtype


@pytest.mark.parametrize(
    "wish", [{"hints": [PixelHint(1, 1, 40, 20)]}, {"palette": palette_of(still("cat"))}]
)
def test_hints_for_a_network_that_takes_none(wish: dict[str, Any]) -> None:
    with Network.load(TINY) as network, pytest.raises(ConfigurationError, match="this network takes no"):
        PhotoTinter(network, ColourSettings(), **wish)


class Listening:
    """Stands for a network that takes all hints, and keeps what it was told."""

    size = (64, 64)

    def __init__(self) -> None:
        self.told: list[Hints] = []

    def check_hints(self, hints: Hints) -> None:
        """All are taken."""

    def predict(self, light: NDArray[np.float32], *, hints: Hints) -> Prediction:
        assert light.shape == self.size
        self.told.append(hints)
        return Prediction(np.zeros((16, 16, 2), np.float32), None)


def test_hints_reach_the_network_where_they_lie_inside_the_bars() -> None:
    barred = cv2.copyMakeBorder(grey("astronaut", (400, 300)), 60, 60, 0, 0, cv2.BORDER_CONSTANT, value=4)
    network, palette = Listening(), palette_of(still("cat"))
    hints = [PixelHint(200, 210, 40, 20), PixelHint(5, 5, 1, 1), PixelHint(100, 135, -30, 0)]
    tinter = PhotoTinter(network, ColourSettings(), hints=hints, palette=palette)  # type: ignore[arg-type]
    tinter.tint(np.asarray(barred, np.uint8))
    own, told = network.told
    assert own.palette is told.palette is palette
    assert own.points == ()
    assert [(round(each.x, 2), round(each.y, 2), each.a) for each in told.points if each.patch] == [
        (0.5, 0.5, 40),
        (0.25, 0.25, -30),
    ]
