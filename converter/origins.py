"""Where networks come from: releases in Caffe's and PyTorch's files, Keras files, our own training runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import keras

from converter import plain_training, train
from converter.deployable import Deployable
from converter.losses import read_points
from converter.networks import compact, kinds, siggraph17, zhang16
from converter.networks.graph import check_weights
from converter.networks.keras_graph import build
from converter.releases import is_official
from converter.weights.caffe import read_caffemodel
from converter.weights.keras import read_network
from converter.weights.prototxt import read_prototxt
from converter.weights.torch import read_state_dict
from device.errors import NetworkFileError
from device.network import file_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from converter.networks.graph import Graph, Weights
    from converter.taste import Taste

_LICENCE: Final = "BSD-2-Clause"
_IMAGENET: Final = "ImageNet, 1.3 million photographs; trained by the authors of the release"
#: What is said of weights by whether they are a release's: yes, no, and where only the name says so.
_LEARNED_FROM: Final = {
    True: _IMAGENET,
    False: "not stated: no file of an official release, so figures of colour may mean nothing",
    None: f"{_IMAGENET}, if the file is what its name says: no hash of it is known",
}
_GREY_CAFFE: Final = (1.0, -50.0)
_GREY_TORCH: Final = (0.01, -0.5)


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a stranger's network takes L, 0..100, and gives ab: L x scale + offset, and Lab units of its 1."""

    grey: tuple[float, float]
    ab_scale: float


def from_caffe(
    prototxt: Path, caffemodel: Path, points: Path, *, temperature: float = zhang16.TEMPERATURE
) -> Deployable:
    """The 2016 network, either Caffe release, from the three files that every tutorial names."""
    graph = read_prototxt(prototxt)
    ends = zhang16.find_ends(graph, prototxt)
    bins = read_points(points)
    weights = read_caffemodel(caffemodel)
    # Releases may lack the head's last two layers, and what they hold there is not used.
    weights |= zhang16.head(graph, ends, bins, temperature)
    check_weights(graph, weights, caffemodel)
    official = is_official(caffemodel.name, file_sha256(caffemodel))
    network, named = (
        zhang16.with_input_named(graph, ends),
        "norebal" if "norebal" in caffemodel.name else "v2",
    )
    return Deployable(
        name=zhang16.NAME if named == "v2" else f"{zhang16.NAME}-{named}",
        architecture=f"{zhang16.NAME}: {graph.name}, Caffe",
        build=lambda in_depth: build(
            network, weights, {"ab": ends.ab, "logits": ends.logits}, depth_to_space=in_depth
        ),
        grey=_GREY_CAFFE,
        ab_scale=1.0,
        float_layers=(ends.sharpen, ends.softmax, "ab"),
        choices=f"temperature {temperature:.3g}",
        weights=caffemodel,
        licence="not stated" if official is False else _LICENCE,
        data=_LEARNED_FROM[official],
    )


def from_torch(path: Path) -> Deployable:
    """One of PyTorch's releases, told by the names in its state dict."""
    weights = read_state_dict(path)
    if "model10up.0.weight" in weights:
        return _torch(path, weights, siggraph17.graph(), {"ab": "model_out.1"}, ("model_out.0", "ab"))
    if "model_out.weight" in weights and "model8.6.weight" in weights:
        outputs = {"ab": "model_out", "logits": "model8.6"}
        return _torch(path, weights, zhang16.eccv16(), outputs, ("softmax", "ab"))
    raise NetworkFileError(
        f"is the state dict of another network (it begins with {next(iter(weights))})", where=path,
        hint="expected eccv16 (colorization_release_v2) or siggraph17",
    )  # fmt: skip


def _torch(
    path: Path, weights: Weights, graph: Graph, outputs: dict[str, str], float_layers: tuple[str, ...]
) -> Deployable:
    check_weights(graph, weights, path)
    official = is_official(path.name, file_sha256(path))
    return Deployable(
        name=siggraph17.NAME if graph.name == siggraph17.NAME else zhang16.NAME,
        architecture=f"{graph.name}, PyTorch",
        build=lambda in_depth: build(graph, weights, outputs, depth_to_space=in_depth),
        grey=_GREY_TORCH,
        ab_scale=zhang16.AB_SCALE,
        float_layers=float_layers,
        weights=path,
        licence="not stated" if official is False else _LICENCE,
        data=_LEARNED_FROM[official],
    )


def from_checkpoint(path: Path, taste: Taste, *, data: str = "not stated") -> Deployable:
    """The compact network, from a checkpoint of its training; or another that ``train`` knows."""
    if kind := plain_training.kind_of(path):
        return _from_plain_checkpoint(kind, path, data)
    trained = train.load_averaged(path)
    return Deployable(
        name=compact.NAME,
        architecture=f"{compact.NAME}: MobileNetV2 1.0 encoder, plain decoder, hints",
        build=lambda _: compact.deployed(trained, taste.shares()),
        build_likely=lambda: compact.deployed(trained, taste.shares(), logits=True),
        grey=(compact.GREY_SCALE, compact.GREY_OFFSET),
        ab_scale=compact.AB_SCALE * taste.saturation,
        float_layers=tuple(compact.float_layers(trained)),
        choices=str(taste),
        weights=path,
        licence="Apache-2.0",
        data=data,
    )


def _from_plain_checkpoint(kind: kinds.NetworkKind, path: Path, data: str) -> Deployable:
    model, notes = plain_training.load(kind, path)
    return Deployable(
        name=kind.name,
        architecture=f"{kind.name}: {kind.says}",
        build=lambda _: keras.Model([model.input], {"ab": model.output}, name=kind.name),
        grey=(kinds.GREY_SCALE, kinds.GREY_OFFSET),
        ab_scale=kinds.AB_SCALE,
        float_layers=("head",),
        choices=notes,
        weights=path,
        licence="Apache-2.0",
        data=data,
    )


def from_keras(path: Path, conventions: Conventions | None = None, *, data: str = "not stated") -> Deployable:
    """Any Keras network of one grey input and one ab output; one of our own is known by its name."""
    network = read_network(path)
    if conventions is None and network.name not in kinds.KINDS:
        raise NetworkFileError(
            f"is a network named {network.name!r}: not known how it takes L and gives ab", where=path,
            hint="say it with --grey-scale, --grey-offset and --ab-scale; known are "
            f"{', '.join(kinds.KINDS)}",
        )  # fmt: skip
    shapes = [tuple(each.shape[1:]) for each in (*network.inputs, *network.outputs)]
    if len(shapes) != 2 or any(None in shape or len(shape) != 3 for shape in shapes):
        raise NetworkFileError(f"takes and gives {shapes}, not one picture of a fixed size each", where=path)
    if (shapes[0][2], shapes[1][2]) != (1, 2):
        raise NetworkFileError(f"takes {shapes[0]} and gives {shapes[1]}, not grey and ab", where=path)
    told = conventions or Conventions(grey=(kinds.GREY_SCALE, kinds.GREY_OFFSET), ab_scale=kinds.AB_SCALE)
    grey = keras.Input(shapes[0], batch_size=1, name="grey")
    return Deployable(
        name=path.stem,
        architecture=f"{network.name}, Keras",
        build=lambda _: keras.Model([grey], network(grey), name=network.name),
        grey=told.grey,
        ab_scale=told.ab_scale,
        weights=path,
        licence="not stated",
        data=data,
    )
