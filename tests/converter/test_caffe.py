"""Caffe's files: what they hold, what is refused; a narrow network of such layers is converted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import opencv411
import pytest
import releases
from ai_edge_litert import schema_py_generated as schema
from narrow import SIZE, prototxt, write_release

from converter import convert, origins, samples
from converter.cli import main
from converter.losses import read_points
from converter.networks import zhang16
from converter.networks.fold import fold_norms
from converter.networks.graph import Graph, Layer
from converter.networks.keras_graph import build
from converter.recipes import RECIPES
from converter.weights.caffe import read_caffemodel
from converter.weights.prototxt import read_prototxt
from device.errors import NetworkFileError
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)
PLAIN, IN_DEPTH = (False,), (True,)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def made(
    release: tuple[Path, Path], points: Path, tar: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, convert.Converted]:
    """The narrow network by every recipe."""
    network = origins.from_caffe(*release, points)
    pictures = convert.Pictures(samples.of_photographs([tar], 16), "16 photographs")
    folder = tmp_path_factory.mktemp("made")
    return {
        each.recipe.name: each for each in convert.convert(network, list(RECIPES.values()), folder, pictures)
    }


def lights(count: int, size: int = SIZE) -> np.ndarray:
    coarse = np.random.default_rng(9).uniform(0, 100, (count, size // 8, size // 8))
    return coarse.repeat(8, axis=1).repeat(8, axis=2).astype(np.float32)


def test_the_releases_graph_is_the_2016_networks(shared: Path) -> None:
    path = shared / "data/zhang16/colorization_deploy_v2.prototxt"
    graph = read_prototxt(path)
    ends = zhang16.find_ends(graph, path)
    assert (ends.grey, ends.logits, ends.sharpen, ends.ab) == (
        "data_l",
        "conv8_313",
        "conv8_313_rh",
        "class8_ab",
    )
    caffe, torch = (
        [
            (x.kind, x.channels, x.kernel, x.stride, x.pad, x.dilation)
            for x in each.layers
            if x.name != ends.sharpen
        ]
        for each in (graph, zhang16.eccv16())
    )
    assert caffe == torch
    assert sum(np.prod(shape) for shape in graph.weight_shapes().values()) == pytest.approx(32.2e6, rel=0.01)


def test_what_is_written_is_read(release: tuple[Path, Path]) -> None:
    graph, weights = read_prototxt(release[0]), read_caffemodel(release[1])
    assert {name: array.shape for name, array in weights.items()} == graph.weight_shapes()
    # Norms hold sums and their count: the tests' releases are written with a count of 999.98.
    assert 0.2 < weights["conv1norm.running_var"].mean() < 2


def test_folding_norms_changes_nothing() -> None:
    """Before a norm a ReLU, a convolution, a sum; scales of both signs; layers that others take, too."""
    names = iter("abcdefgh")
    layers = [Layer(name="grey", kind="input", channels=3, size=(8, 8))]
    for kind, inputs, affine in (
        ("conv", ("grey",), False), ("norm", ("a",), True), ("conv", ("b",), False), ("relu", ("c",), False),
        ("norm", ("d",), False), ("sum", ("d", "e"), False), ("norm", ("f",), True), ("relu", ("g",), False),
    ):  # fmt: skip
        layers.append(Layer(
            name=next(names), kind=kind, inputs=inputs, channels=3 if kind == "conv" else 0, kernel=3, pad=1,
            affine=affine,
        ))  # fmt: skip
    graph = Graph("folded", tuple(layers))
    picture = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    weights = releases.draw_weights(graph, {"grey": picture})
    weights["b.weight"][0] *= -1
    values = {"grey": picture}
    for layer in layers[1:]:
        values[layer.name] = releases.run_layer(layer, [values[name] for name in layer.inputs], weights)
    assert not any(layer.kind == "norm" for layer in fold_norms(graph, weights)[0].layers)
    model = build(graph, weights, {"h": "h"})
    found = np.concatenate([model.predict_on_batch([each[None]])["h"] for each in picture])
    np.testing.assert_allclose(found, values["h"], atol=1e-4)


def test_either_form_of_a_deconvolution_gives_the_same(release: tuple[Path, Path], points: Path) -> None:
    network = origins.from_caffe(*release, points)
    light = lights(1)[..., None] - 50
    plain, in_depth = (network.build(*form).predict_on_batch([light])["ab"] for form in (PLAIN, IN_DEPTH))
    assert np.abs(plain).mean() > 1
    np.testing.assert_allclose(plain, in_depth, atol=1e-3)


def test_its_colours_are_opencvs(
    release: tuple[Path, Path], points: Path, made: dict[str, convert.Converted], tmp_path: Path
) -> None:
    pictures = lights(10)
    expected = opencv411.colours(*release, points, pictures, tmp_path)
    with Network.load(made["float32"].path) as network:
        found = np.stack([network.predict(light).ab for light in pictures])
    assert np.abs(expected).mean() > 2
    assert np.abs(found - expected).max() < 0.01


def test_every_recipe_is_near(made: dict[str, convert.Converted]) -> None:
    for name, share in (("float32", 1e-4), ("float16", 0.01), ("dynamic-int8", 0.1), ("int8", 0.15)):
        assert made[name].difference.mean < share * made[name].difference.strength, name
    manifest = read_manifest(made["dynamic-int8"].path.with_suffix(".json"))
    assert manifest.recipe == "dynamic-int8 (temperature 0.384)"
    assert (manifest.ab.scale, manifest.licence, manifest.source.weights) == (
        1,
        "not stated",
        "narrow.caffemodel",
    )
    assert "no file of an official release" in manifest.data
    assert manifest.logits is not None
    assert manifest.logits.shape == (1, SIZE // 2, SIZE // 2, 313)


def test_the_layer_that_loses_most_is_named(made: dict[str, convert.Converted]) -> None:
    for name in ("dynamic-int8", "int8"):
        losses = made[name].losses
        assert {"conv1", "conv3norm", "conv8_1", "logits", "ab"} <= {loss.layer for loss in losses}
        assert all(loss.relative < 0.3 for loss in losses)
    quality = read_manifest(made["int8"].path.with_suffix(".json")).quality
    assert any(key.startswith("relative error added by ") for key in quality)


def test_the_softmax_is_never_quantized(made: dict[str, convert.Converted]) -> None:
    for name in ("dynamic-int8", "int8"):
        model = schema.ModelT.InitFromPackedBuf(made[name].path.read_bytes())
        graph = model.subgraphs[0]
        codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
        (place,) = (
            index
            for index, operator in enumerate(graph.operators)
            if codes[operator.opcodeIndex] == schema.BuiltinOperator.SOFTMAX
        )
        for operator in graph.operators[place:]:
            types = {graph.tensors[index].type for index in (*operator.inputs, *operator.outputs)}
            assert types == {schema.TensorType.FLOAT32}, name


def test_confidence_comes_with_it(made: dict[str, convert.Converted]) -> None:
    with Network.load(made["dynamic-int8"].path) as network:
        confidence = network.predict(lights(1)[0], confidence=True).confidence
    assert confidence is not None
    assert 1 / 313 <= confidence.min() <= confidence.max() <= 1


def test_the_manifest_knows_what_an_old_runtime_can_run(made: dict[str, convert.Converted]) -> None:
    unfit = {name: read_manifest(each.path.with_suffix(".json")).unfit for name, each in made.items()}
    assert unfit == {
        "float32": {}, "float16": {}, "dynamic-int8": {"tflite-runtime": "int8"}, "int8": {},
    }  # fmt: skip


def test_a_lower_temperature_is_more_colourful(release: tuple[Path, Path], points: Path) -> None:
    light, chroma = lights(1)[..., None] - 50, []
    for temperature in (1.0, 0.38, 0.05):
        network = origins.from_caffe(*release, points, temperature=temperature)
        ab = network.build(*PLAIN).predict_on_batch([light])["ab"]
        chroma.append(np.hypot(ab[..., 0], ab[..., 1]).mean())
    assert chroma == sorted(chroma)
    assert chroma[2] > 1.5 * chroma[0]


@pytest.mark.parametrize("temperature", ["0", "-1", "nan", "1000"])
def test_a_temperature_of_no_sense_is_told(
    release: tuple[Path, Path],
    points: Path,
    tmp_path: Path,
    temperature: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = ["--prototxt", release[0], "--caffemodel", release[1], "--points", points, "--out", tmp_path]
    assert main(["convert", *map(str, told), "--temperature", temperature]) == 2
    assert "--temperature: " in capfd.readouterr().err


def test_both_releases_convert_by_the_same_code(points: Path, tmp_path: Path) -> None:
    described, weights = write_release(tmp_path, "colorization_release_v2_norebal.caffemodel")
    assert origins.from_caffe(described, weights, points).name == "zhang16-norebal"
    assert origins.from_caffe(described, weights.rename(tmp_path / "v2.caffemodel"), points).name == "zhang16"


def test_the_command_leaves_two_files(
    release: tuple[Path, Path], points: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--prototxt", release[0], "--caffemodel", release[1], "--points", points]
    assert main(["convert", *map(str, told), "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["zhang16.json", "zhang16.tflite"]
    line = capsys.readouterr().out
    assert "loses most at " in line
    assert "zhang16.tflite: 0." in line


def edited(release: tuple[Path, Path], folder: Path, old: str, new: str) -> Path:
    path = folder / "edited.prototxt"
    text = release[0].read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"ReLU"', '"Eltwise"', r"layer relu1 is of the unknown type 'Eltwise' \(there are Input, C"),
        ('bottom: "conv1norm"', 'bottom: "conv9"', "layer conv2 takes conv9, which no layer makes"),
        ("num_output: 313", "num_output: 529", r"another network \(narrow\).*softmax over 313 bins"),
        ("num_output: 2 ", "num_output: 3 ", "describes another network"),
        ("dim: 1 dim: 1 ", "dim: 1 dim: 3 ", "describes another network"),
        ("num_output: 24 kernel_size: 3", "num_output: 28 kernel_size: 3", r"conv2\.weight has shape \(24"),
        ("kernel_size: 4 pad: 1", "kernel_size: 2 pad: 0", r"conv8_1\.weight has shape"),
        ('name: "conv2norm"', 'name: "conv2normal"', r"narrow\.caffemodel: has no conv2normal\.running_mean"),
        ('name: "conv3norm"', 'name: "conv2norm"', "has two layers conv2norm"),
        ("layer {", "layer [", r"edited\.prototxt: is no \.prototxt: 2:"),
    ],
)  # fmt: skip
def test_another_network_is_told(
    release: tuple[Path, Path], points: Path, tmp_path: Path, *, old: str, new: str, says: str
) -> None:
    path = edited(release, tmp_path, old, new)
    with pytest.raises(NetworkFileError, match=says):
        origins.from_caffe(path, release[1], points)


def test_files_in_each_others_place_are_told(release: tuple[Path, Path], points: Path) -> None:
    described, weights = release
    for arguments, says in (
        ((weights, described, points), r"narrow\.caffemodel: is no text \(a \.caffemodel in its place\?\)"),
        ((described, described, points), r"narrow\.prototxt: not a \.caffemodel.*are the two swapped"),
        ((described, points, weights), r"narrow\.caffemodel: not an array of numpy's"),
        ((described, weights, described), r"narrow\.prototxt: not an array of numpy's"),
    ):
        with pytest.raises(NetworkFileError, match=says):
            origins.from_caffe(*arguments)


@pytest.mark.parametrize("kept", [0, 1, 100, 5_000, 60_000])
def test_a_truncated_caffemodel_is_told(
    release: tuple[Path, Path], points: Path, tmp_path: Path, kept: int
) -> None:
    path = tmp_path / "cut.caffemodel"
    path.write_bytes(release[1].read_bytes()[:kept])
    with pytest.raises(NetworkFileError, match=r"cut\.caffemodel: (not a \.caffemodel|has no|holds no)"):
        origins.from_caffe(release[0], path, points)


@pytest.mark.parametrize("shape", [(2, 313), (312, 2), (313,), (313, 3)])
def test_points_of_another_shape_are_told(
    release: tuple[Path, Path], tmp_path: Path, shape: tuple[int, ...]
) -> None:
    np.save(tmp_path / "points.npy", np.zeros(shape))
    with pytest.raises(NetworkFileError, match=r"points\.npy: an array .*, expected the \(313, 2\)"):
        origins.from_caffe(*release, tmp_path / "points.npy")


def test_prototxts_and_points_are_read_in_one_line_each(tmp_path: Path) -> None:
    (tmp_path / "empty.prototxt").write_text("")
    with pytest.raises(NetworkFileError, match=r"empty\.prototxt: describes no layers"):
        read_prototxt(tmp_path / "empty.prototxt")
    assert "narrow" in prototxt()
    with pytest.raises(NetworkFileError, match="not an array"):
        read_points(tmp_path / "empty.prototxt")
