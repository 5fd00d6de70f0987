"""PyTorch's releases, by the names in their state dicts; narrowed, so that they convert in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import releases

from converter import convert, origins, samples
from converter.cli import main
from converter.networks import siggraph17, zhang16
from converter.recipes import RECIPES
from device.colour.hints import Hint, Hints, local_planes
from device.errors import NetworkFileError
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from converter.networks.graph import Graph

SIZE = 64
pytestmark = pytest.mark.timeout(300)


def light(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).uniform(0, 100, (SIZE // 8, SIZE // 8))
    return coarse.repeat(8, axis=0).repeat(8, axis=1).astype(np.float32)


def planes(seed: int, hints: tuple[Hint, ...]) -> dict[str, np.ndarray]:
    """The inputs as PyTorch's releases take them."""
    colour, mask = local_planes(hints, (SIZE, SIZE))
    return {
        "grey": (light(seed)[None, ..., None] - 50) / 100,
        "local_hint": colour[None] / 110,
        "mask": mask[None, ..., None],
    }


HINTS = (Hint(0.25, 0.25, 60, 40, patch=1 / 8), Hint(0.8, 0.6, -50, 30, patch=1 / 8))
SIGGRAPH = releases.narrowed(siggraph17.graph(SIZE))
ECCV = releases.narrowed(zhang16.eccv16(SIZE))


def release(graph: Graph, path: Path) -> dict[str, np.ndarray]:
    """Write a state dict for ``graph``; returns its weights. Some of its norms' scales are negative."""
    both = [planes(seed, hints) for seed in (3, 4) for hints in ((), HINTS)]
    inputs = {name: np.concatenate([each[name] for each in both]).astype(np.float32) for name in both[0]}
    taken = {layer.name for layer in graph.layers if layer.kind == "input"}
    weights = releases.draw_weights(graph, {name: inputs[name] for name in taken})
    weights["model2.4.weight"][::3] *= -1
    extra = {"model_class.0.weight": np.zeros((529, 16, 1, 1), np.float32)}
    counts = {"model1.4.num_batches_tracked": np.zeros((), np.float32)}
    releases.write_state_dict(path, weights | counts | (extra if graph is SIGGRAPH else {}))
    return weights


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zhang16, "eccv16", lambda: ECCV)
    monkeypatch.setattr(siggraph17, "graph", lambda: SIGGRAPH)


@pytest.mark.usefixtures("narrow")
def test_eccv16_gives_what_its_layers_say(tmp_path: Path) -> None:
    weights = release(ECCV, tmp_path / "colorization_release_v2-9b330a0b.pth")
    arguments = ["convert", "--torch", str(tmp_path / "colorization_release_v2-9b330a0b.pth")]
    assert main([*arguments, "--recipe", "float32", "--out", str(tmp_path)]) == 0
    values = releases.run(ECCV, {"grey": planes(3, ())["grey"]}, weights)
    with Network.load(tmp_path / "zhang16.tflite") as network:
        found = network.predict(light(3), confidence=True)
    expected = values["model_out"][0] * 110
    assert np.abs(expected).mean() > 1
    assert np.abs(found.ab - expected).max() < 0.01
    assert found.confidence is not None
    np.testing.assert_allclose(found.confidence, values["softmax"][0].max(axis=-1), rtol=1e-3)
    manifest = read_manifest(tmp_path / "zhang16.json")
    assert (manifest.ab.scale, manifest.grey.scale, manifest.grey.offset) == (110, 0.01, -0.5)


@pytest.mark.usefixtures("narrow")
def test_siggraph17_takes_hints_or_none(tmp_path: Path, tar: Path) -> None:
    path = tmp_path / "siggraph17-df00044c.pth"
    weights = release(SIGGRAPH, path)
    pictures = convert.Pictures(samples.of_photographs([tar], 12), "12 photographs")
    made = {
        each.recipe.name: each
        for each in convert.convert(origins.from_torch(path), list(RECIPES.values()), tmp_path, pictures)
    }
    with Network.load(made["float32"].path) as network:
        assert network.manifest.local_hint is not None
        assert network.manifest.local_hint.size == (SIZE, SIZE)
        assert network.manifest.logits is None
        for hints in ((), HINTS):
            expected = releases.run(SIGGRAPH, planes(4, hints), weights)["model_out.1"][0] * 110
            found = network.predict(light(4), hints=Hints(hints)).ab
            assert np.abs(found - expected).max() < 0.01
        plain = network.predict(light(4)).ab
        assert np.abs(found - plain).mean() > 0.1
        assert np.array_equal(network.predict(light(4), hints=Hints()).ab, plain)
    for name in ("dynamic-int8", "int8"):
        assert made[name].difference.mean < 0.25 * made[name].difference.strength
        assert {"ab", "model1.0", "model10up.0"} <= {loss.layer for loss in made[name].losses}


def test_another_state_dict_is_told(tmp_path: Path) -> None:
    path = tmp_path / "resnet.pth"
    releases.write_state_dict(path, {"fc.weight": np.ones((3, 2), np.float32)})
    with pytest.raises(
        NetworkFileError, match=r"resnet\.pth: is the state dict of another network .*fc\.weight"
    ):
        origins.from_torch(path)


@pytest.mark.usefixtures("narrow")
def test_a_release_that_lacks_a_layer_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    weights = release(ECCV, path)
    del weights["model5.2.bias"]
    releases.write_state_dict(path, weights)
    with pytest.raises(NetworkFileError, match=r"cut\.pth: has no model5\.2\.bias"):
        origins.from_torch(path)
    releases.write_state_dict(path, weights | {"model5.2.bias": np.zeros(7, np.float32)})
    with pytest.raises(NetworkFileError, match=r"model5\.2\.bias has shape \(7,\), .* needs \(32,\)"):
        origins.from_torch(path)
    releases.write_state_dict(path, weights | {"model5.2.bias": np.full(32, np.nan, np.float32)})
    with pytest.raises(NetworkFileError, match=r"model5\.2\.bias holds values that are no numbers"):
        origins.from_torch(path)
