"""A network made from a checkpoint runs on the board's code as it ran in Keras; slow parts are made once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest

from converter import convert, data, origins, quantize, samples, validate
from converter.checkpoint import write_checkpoint
from converter.cli import main
from converter.evaluate import evaluate
from converter.look import look, one_tone
from converter.networks import compact
from converter.recipes import FLOAT32, INT8, RECIPES, find_recipe
from converter.taste import Taste
from device.errors import ConfigurationError, InputError, NetworkFileError
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from converter.deployable import Deployable

pytestmark = pytest.mark.timeout(420)
TASTE = Taste(vividness=0.2, boldness=0.7, saturation=1.2)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights nobody trained, with heads that give colours of about 10 Lab units."""
    keras.utils.set_random_seed(5)
    model = compact.build()
    grey = np.random.default_rng(5).uniform(-1, 1, (1, 224, 224, 1)).astype(np.float32)
    for name in compact.HEADS:
        kernel, bias = model.get_layer(name).get_weights()
        kernel = np.random.default_rng(len(name)).normal(size=kernel.shape)
        model.get_layer(name).set_weights([kernel, bias])
        strength = np.abs(np.asarray(model.predict_on_batch(compact.unhinted(grey))[name])).mean()
        model.get_layer(name).set_weights([kernel * (10 / compact.AB_SCALE / strength), bias])
    path = tmp_path_factory.mktemp("run") / "compact.npz"
    write_checkpoint(path, {"average": [np.asarray(v.value.numpy()) for v in model.trainable_variables]}, {})
    return path


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> Deployable:
    return origins.from_checkpoint(checkpoint, TASTE)


@pytest.fixture(scope="module")
def pictures(tar: Path) -> convert.Pictures:
    return convert.Pictures(samples.of_photographs([tar], 24), "24 photographs of photos.tar")


@pytest.fixture(scope="module")
def made(
    network: Deployable, pictures: convert.Pictures, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The .tflite of every recipe, and under ``likely`` the one that is asked for likely colours."""
    folder = tmp_path_factory.mktemp("models")
    likely, *converted = convert.convert(network, list(RECIPES.values()), folder, pictures, likely="compact")
    assert likely.path.name == "compact-likely.tflite"
    assert [each.path.stem for each in converted] == [f"compact-{name}" for name in RECIPES]
    return {each.recipe.name: each.path for each in converted} | {"likely": likely.path}


def test_every_recipe_agrees_with_keras(
    made: dict[str, Path], network: Deployable, pictures: convert.Pictures
) -> None:
    model = network.build(False)  # noqa: FBT003 - in which form does not matter here
    for name, allowed in (("float32", 1e-4), ("float16", 0.01), ("dynamic-int8", 0.1), ("int8", 0.1)):
        difference = validate.compare(made[name], network, model, pictures.samples[:4])
        assert difference.strength > 1
        assert difference.mean <= allowed * difference.strength


def test_int8_keeps_its_head_in_float(made: dict[str, Path]) -> None:
    sizes = {name: path.stat().st_size for name, path in made.items()}
    assert sizes["int8"] < 0.35 * sizes["float32"]
    assert sizes["float16"] < 0.55 * sizes["float32"]
    with Network.load(made["int8"]) as network:
        ab = network.predict(np.random.default_rng(1).uniform(0, 100, (224, 224)).astype(np.float32)).ab
    assert len(np.unique(ab)) > 1000


def test_the_manifest_says_what_the_network_is(made: dict[str, Path]) -> None:
    manifest = read_manifest(made["int8"].with_suffix(".json"))
    assert manifest.grey.size == (224, 224)
    assert manifest.ab.size == (56, 56)
    assert manifest.ab.scale == pytest.approx(110 * 1.2)
    assert manifest.recipe == "int8 (vividness 0.2, boldness 0.7, saturation 1.2)"
    assert manifest.local_hint is not None
    assert manifest.local_hint.shape == (1, 56, 56, 2)
    assert manifest.global_hint is not None
    assert manifest.calibration == "24 photographs of photos.tar"
    assert manifest.quality["ab mean difference to float32, Lab units"] > 0
    assert read_manifest(made["float16"].with_suffix(".json")).calibration is None


def test_the_one_that_is_asked_for_likely_colours_says_the_same_and_has_bins(made: dict[str, Path]) -> None:
    manifest = read_manifest(made["likely"].with_suffix(".json"))
    assert manifest.logits is not None
    assert manifest.logits.shape == (1, 56, 56, 313)
    for name in RECIPES:
        named = read_manifest(made[name].with_suffix(".json")).likely
        assert named is not None
        assert (named.file, named.sha256) == (made["likely"].name, manifest.sha256)
    light = np.random.default_rng(2).uniform(0, 100, (224, 224)).astype(np.float32)
    with Network.load(made["float32"]) as network, Network.load(made["likely"]) as beside:
        expected, found = network.predict(light).ab, beside.predict(light).ab
        assert np.abs(found - expected).mean() < 0.1 * np.abs(expected).mean()
        assert beside.likely(light, 0.5, 0.5)
        assert network.likely(light, 0.5, 0.5) == ()


def test_it_is_made_anew_only_for_other_weights_or_choices(
    made: dict[str, Path], network: Deployable, tmp_path: Path
) -> None:
    folder = made["likely"].parent
    found = convert._found_likely(network, folder, "compact")
    assert found is not None
    assert found.sha256 == read_manifest(made["likely"].with_suffix(".json")).sha256
    assert convert._found_likely(network, tmp_path, "compact") is None
    assert convert._found_likely(replace(network, choices="saturation 9"), folder, "compact") is None
    for part in (made["likely"], made["likely"].with_suffix(".json")):
        (tmp_path / part.name).write_bytes(part.read_bytes())
    assert convert._found_likely(network, tmp_path, "compact") == found
    (tmp_path / made["likely"].name).write_bytes(b"damaged")
    assert convert._found_likely(network, tmp_path, "compact") is None


def test_likely_colours_are_of_checkpoints(
    network: Deployable, pictures: convert.Pictures, tmp_path: Path
) -> None:
    stranger = replace(network, build_likely=None)
    with pytest.raises(ConfigurationError, match="--likely: is for checkpoints"):
        convert.convert(stranger, [FLOAT32], tmp_path, pictures, likely="compact")


def test_a_network_of_wrong_colours_stays_out(
    network: Deployable, pictures: convert.Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = quantize.to_tflite(compact.deployed(compact.build(), TASTE.shares()))
    monkeypatch.setattr(convert.quantize, "to_tflite", lambda _: wrong)
    with pytest.raises(NetworkFileError, match="differs from float32"):
        convert.convert(network, [FLOAT32], tmp_path, pictures)
    assert not list(tmp_path.iterdir())


def test_int8_wants_photographs(network: Deployable, pictures: convert.Pictures, tmp_path: Path) -> None:
    stand_ins = convert.Pictures(pictures.samples, "grey ones", photographs=False)
    with pytest.raises(ConfigurationError, match="--calibration: recipe int8 needs photographs"):
        convert.convert(network, [INT8], tmp_path, stand_ins)


def test_an_unknown_recipe_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="float32, float16, dynamic-int8, int8"):
        find_recipe("int4")


def test_evaluate_judges_by_the_photographs_themselves(made: dict[str, Path], folder: Path) -> None:
    with Network.load(made["float32"]) as network:
        summary, rows = evaluate(data.iterate_pictures([folder]), network)
        with pytest.raises(InputError, match="no photographs"):
            evaluate([], network)
    assert [row.name for row in rows] == ["0.png", "1.png", "2.png"]
    assert summary.psnr == pytest.approx(np.mean([row.psnr for row in rows]))
    assert summary.gap == pytest.approx(abs(summary.colourfulness - summary.truth))
    assert summary.spread >= summary.gap - 1e-9


def test_the_command_prints_and_keeps_figures(
    made: dict[str, Path], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(made["float32"]), "--photos", str(folder), "--record"]
    assert main([*arguments, "--json", str(tmp_path / "figures.json")]) == 0
    assert "PSNR" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())[folder.name]
    assert len(figures["pictures"]) == 3
    manifest = read_manifest(made["float32"].with_suffix(".json"))
    assert manifest.quality[f"{folder.name}: psnr"] == pytest.approx(figures["means"]["psnr"], abs=1e-3)


def test_look_shows_pictures_that_have_no_truth(made: dict[str, Path], folder: Path) -> None:
    with Network.load(made["float32"]) as network:
        (seen,), pairs = look([folder], network)
    assert seen.pictures == len(pairs) == 3
    assert seen.colourfulness > 1
    assert np.ptp(pairs[0].before, axis=2).max() <= 1
    assert np.ptp(pairs[0].after, axis=2).max() > 5


def test_look_spreads_frames_over_a_film(made: dict[str, Path], folder: Path) -> None:
    film = Path(__file__).parents[1] / "media" / "demo.mp4"
    with Network.load(made["float32"]) as network:
        looks, _ = look([film, folder], network, frames=3)
    assert [(seen.name, seen.pictures) for seen in looks] == [
        ("demo.mp4", 3), (folder.name, 3), ("all together", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["convert", "no.npz", "--out", "here"], 3, "no.npz: no such checkpoint"),
        (["evaluate", "nobody", "--photos", "."], 4, "nobody: no network has this name"),
        (["convert", "no.npz", "--out", "here", "--recipe", "int4"], 2, "no recipe 'int4'"),
        (["train", "--photos", "no.tar", "--points", "no.npy", "--work", "w", "--minutes", "1"], 3, "no.npy"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    error = capfd.readouterr().err.strip()
    assert error.startswith("tintcast-convert: ")
    assert line in error
    assert len(error.splitlines()) == 1


def test_one_tone_is_told_from_many() -> None:
    sepia = np.tile(np.array([5, 25], np.float32), (10, 10, 1))
    angles = np.linspace(0, 2 * np.pi, 100, endpoint=False).reshape(10, 10)
    wheel = 30 * np.stack((np.cos(angles), np.sin(angles)), axis=-1)
    assert one_tone(sepia) == 1.0
    assert one_tone(wheel) == pytest.approx(1 / 6, abs=0.03)
    assert one_tone(np.zeros((10, 10, 2))) == 1.0
