"""The network that comes with the program, on the runtime of this environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.network import Network, available_networks
from device.resources import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact") as loaded:
        yield loaded


@pytest.fixture(scope="module")
def photograph(network: Network) -> NDArray[np.float32]:
    """L of a photograph, as the network takes it."""
    grey = cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    small = cv2.resize(grey, network.size[::-1], interpolation=cv2.INTER_AREA)
    rgb = np.repeat(small[..., None], 3, axis=2).astype(np.float32) / 255
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[..., 0]


def test_it_is_found_by_name(network: Network) -> None:
    assert available_networks()["compact"].parent == bundled("models")
    assert network.manifest.name == "compact"
    assert network.size == (224, 224)


def test_it_gives_a_photograph_colour(network: Network, photograph: NDArray[np.float32]) -> None:
    ab = network.predict(photograph).ab
    assert ab.shape == network.manifest.ab.shape[1:]
    assert np.abs(ab).max() < 110
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    assert chroma.mean() > 4
    assert ab.std(axis=(0, 1)).min() > 2  # more than one tone over all


def test_the_same_picture_gets_the_same_colour(network: Network, photograph: NDArray[np.float32]) -> None:
    first = network.predict(photograph).ab
    network.predict(100 - photograph)
    assert np.array_equal(network.predict(photograph).ab, first)


@pytest.mark.parametrize("level", [0, 50, 100])
def test_an_even_grey_is_no_trouble(network: Network, level: int) -> None:
    ab = network.predict(np.full(network.size, level, np.float32)).ab
    assert np.isfinite(ab).all()
    assert np.abs(ab).max() < 110
