"""Likely colours of a place, as the networks' own bins tell them, on the runtime of this environment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.colour.bins import bin_points
from device.colour.hints import Hint, Hints, Palette
from device.errors import ConfigurationError
from device.network import Network, available_networks, find_network, read_manifest

DATA = Path(__file__).parent / "data"


def test_the_first_is_what_the_network_says_and_the_next_its_likeliest_bin() -> None:
    """The tiny network's ab is (L - 50, 50 - L) / 2, and of its bins the first is by far the likeliest."""
    light = np.full((32, 32), 50, np.float32)
    light[:, 16:] = 70
    with Network.load(DATA / "tiny-hints.tflite") as network:
        for x, ab in ((0.2, (0, 0)), (0.8, (10, -10))):
            own, likeliest, *_ = network.likely(light, x, 0.5)
            assert (own.a, own.b) == pytest.approx(ab, abs=0.1)
            assert np.dot(bin_points()[0], (likeliest.a, likeliest.b)) > 0  # its hue, in the gamut
            assert likeliest.share > 0.85
        hints = Hints((Hint(0.2, 0.5, 20, 20, patch=0.5),))
        (own, *_) = network.likely(light, 0.2, 0.5, hints=hints)
        assert (own.a, own.b) == pytest.approx((20, 20), abs=0.1)
        assert len(network.likely(light, 0.2, 0.5, count=1)) == 1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 1), (0, 1), (1.0, 0.0)])
def test_corners_are_places_too(x: float, y: float) -> None:
    with Network.load(DATA / "tiny-int8.tflite") as network:
        assert network.likely(np.full((32, 32), 50, np.float32), x, y)


def test_a_network_without_bins_tells_nothing() -> None:
    with Network.load("compact") as network:
        assert network.likely(np.full(network.size, 50, np.float32), 0.5, 0.5) == ()


def test_hints_that_it_does_not_take_are_refused_or_left_out() -> None:
    said = Hints((Hint(0.5, 0.5, 1, 2),), Palette(chroma=10))
    with Network.load(DATA / "tiny-int8.tflite") as network:
        with pytest.raises(ConfigurationError):
            network.likely(np.full((32, 32), 50, np.float32), 0.5, 0.5, hints=said)
        assert (network.heard(said).points, network.heard(said).palette) == ((), None)
    with Network.load(DATA / "tiny-hints.tflite") as network:
        assert (network.heard(said).points, network.heard(said).palette) == (said.points, None)


@pytest.mark.parametrize("name", ["compact", "compact-float16"])
def test_the_bundled_networks_name_the_one_that_knows_bins(name: str) -> None:
    manifest = read_manifest(find_network(name).with_suffix(".json"))
    assert manifest.likely is not None
    path = find_network(name).with_name(manifest.likely.file)
    beside = read_manifest(path.with_suffix(".json"))
    assert beside.sha256 == manifest.likely.sha256
    assert beside.source == manifest.source  # the same weights
    assert beside.logits is not None
    assert find_network("compact-likely") == path
    assert "compact-likely" not in available_networks()  # nobody wants pictures of it


def test_a_picture_of_it_would_be_that_of_the_network_it_belongs_to() -> None:
    light = np.random.default_rng(1).uniform(20, 80, (14, 14)).astype(np.float32).repeat(16, 0).repeat(16, 1)
    with Network.load("compact-float16") as network, Network.load("compact-likely") as beside:
        difference = np.abs(network.predict(light).ab - beside.predict(light).ab)
    assert difference.mean() < 1
