"""From a network with its weights to the files that a board takes: NAME.tflite and its manifest NAME.json."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from converter import quantize, validate
from converter.deployable import HINT_SCALE, ROLES
from converter.recipes import DYNAMIC_INT8
from converter.runtimes import unfit
from device.errors import ConfigurationError, NetworkFileError
from device.media.durable import move, writable
from device.network import (
    LIKELY,
    Companion,
    Input,
    Manifest,
    Output,
    OutputRole,
    Source,
    file_sha256,
    read_manifest,
    write_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import keras

    from converter.deployable import Deployable
    from converter.recipes import Recipe
    from converter.samples import Sample

_COMPARED, _COMPARED_BY_LAYER = 8, 2  # samples


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What is calibrated and compared on, and what that is, for the manifest.

    ``photographs``: whether they are; grey stand-ins are good enough to compare on, not to calibrate.
    """

    samples: Sequence[Sample]
    described: str
    photographs: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A file that was made, how far its colours are from float32, and what each layer lost."""

    path: Path
    recipe: Recipe
    difference: validate.Difference
    losses: Sequence[validate.LayerLoss]


def convert(
    network: Deployable,
    recipes: Sequence[Recipe],
    folder: Path,
    pictures: Pictures,
    *,
    name: str | None = None,
    likely: str | None = None,
) -> list[Converted]:
    """Write ``folder/NAME.tflite`` and its manifest by each recipe; several are told apart by -RECIPE.

    ``likely``: write ``LIKELY-likely.tflite``, too, the network with its bins; one that is there already, of
    the same weights and choices, is only named.

    All of them are made and compared before the first one takes its place: nothing is left half-written.
    Raises NetworkFileError where a file's colours are wrong, SpaceError, ConfigurationError.
    """
    _check_wishes(network, recipes, pictures, likely)
    base = name or network.name
    names = [base if len(recipes) == 1 else f"{base}-{recipe.name}" for recipe in recipes]
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    forms: dict[bool, tuple[keras.Model, bytes]] = {}
    with _workshop(folder) as work:
        made, companion = [], None
        if likely is not None:
            companion = _found_likely(network, folder, likely)
            if companion is None:
                made.append(_make_likely(network, work, likely, pictures))
                companion = Companion(file=made[0].path.name, sha256=file_sha256(made[0].path))
        for recipe, each in zip(recipes, names, strict=True):
            if recipe.depth_to_space not in forms:
                model = network.build(recipe.depth_to_space)
                forms[recipe.depth_to_space] = model, quantize.to_tflite(model)
            form = forms[recipe.depth_to_space]
            made.append(_make(network, form, recipe, work / f"{each}.tflite", pictures, likely=companion))
        for converted in made:
            for part in (converted.path, converted.path.with_suffix(".json")):
                move(part, folder / part.name)
    return [replace(converted, path=folder / converted.path.name) for converted in made]


def _check_wishes(
    network: Deployable, recipes: Sequence[Recipe], pictures: Pictures, likely: str | None
) -> None:
    if len({recipe.name for recipe in recipes}) != len(recipes):
        raise ConfigurationError("one recipe is named twice", where="--recipe")
    for recipe in recipes:
        if recipe.calibrated and not pictures.photographs:
            raise ConfigurationError(
                f"recipe {recipe.name} needs photographs to calibrate on", where="--calibration",
                hint="name a folder or a tar of them",
            )  # fmt: skip
    if likely is not None and network.build_likely is None:
        raise ConfigurationError("is for checkpoints of the compact network", where="--likely")


def _make_likely(network: Deployable, work: Path, name: str, pictures: Pictures) -> Converted:
    """The network with its bins, small rather than fast: it runs once in a while."""
    if network.build_likely is None:
        raise TypeError(network.name)
    model = network.build_likely()
    path = work / f"{name}{LIKELY}.tflite"
    return _make(network, (model, quantize.to_tflite(model)), DYNAMIC_INT8, path, pictures)


def _found_likely(network: Deployable, folder: Path, name: str) -> Companion | None:
    """The network with its bins that is in ``folder`` already, where that was made of the same."""
    path = folder / f"{name}{LIKELY}.tflite"
    with suppress(NetworkFileError, OSError):
        manifest = read_manifest(path.with_suffix(".json"))
        same = manifest.source.sha256 == file_sha256(network.weights) and manifest.recipe == _told(
            network, DYNAMIC_INT8
        )
        if same and manifest.sha256 == file_sha256(path):
            return Companion(file=path.name, sha256=manifest.sha256)
    return None


def _make(
    network: Deployable,
    form: tuple[keras.Model, bytes],
    recipe: Recipe,
    path: Path,
    pictures: Pictures,
    *,
    likely: Companion | None = None,
) -> Converted:
    """One file and its manifest at ``path``, compared with the network that it came from.

    ``form``: the network in Keras, and as a float32 .tflite.
    """
    model, plain = form
    shapes = {each.name: tuple(each.shape) for each in model.inputs}
    inputs = (sample.inputs(shapes, network.grey) for sample in pictures.samples)
    content = quantize.quantize(plain, recipe, float_layers=network.float_layers, calibration=inputs)
    path.write_bytes(content)
    manifest = replace(describe(network, path, content, recipe, pictures), likely=likely)
    write_manifest(manifest, path.with_suffix(".json"))
    difference = validate.compare(path, network, model, pictures.samples[:_COMPARED])
    validate.check(difference, recipe, path.name)
    losses: Sequence[validate.LayerLoss] = ()
    if recipe.weights != "float32":
        compared = [sample.inputs(shapes, network.grey) for sample in pictures.samples[:_COMPARED_BY_LAYER]]
        layers = {layer.name: bool(layer.weights) for layer in model.layers}
        losses = validate.layer_losses(plain, content, layers, compared)
    quality = {
        "ab mean difference to float32, Lab units": round(difference.mean, 4),
        "ab largest difference to float32, Lab units": round(difference.largest, 3),
    }
    if most := validate.worst(losses):
        quality[f"relative error added by {most.layer}, most of all layers"] = round(most.added, 4)
    write_manifest(replace(manifest, quality=quality), path.with_suffix(".json"))
    return Converted(path, recipe, difference, losses)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder inside ``folder`` for files on their way; gone at the end, whatever comes."""
    with writable(folder), tempfile.TemporaryDirectory(prefix=".", dir=folder) as work:
        yield Path(work)


def describe(network: Deployable, path: Path, content: bytes, recipe: Recipe, pictures: Pictures) -> Manifest:
    """The manifest of a converted network, without quality."""
    inputs, outputs = quantize.tensors(content)
    return Manifest(
        name=path.stem,
        file=path.name,
        sha256=file_sha256(path),
        architecture=network.architecture,
        recipe=_told(network, recipe),
        inputs=tuple(_input(name, tensor, network) for name, tensor in inputs.items()),
        outputs=tuple(
            Output(
                name=tensor.name, role=OutputRole.LOGITS if name == "logits" else OutputRole.AB,
                size=tensor.shape[1:3], channels=tensor.shape[3],  # type: ignore[arg-type]
                scale=1.0 if name == "logits" else network.ab_scale,
            )
            for name, tensor in outputs.items()
        ),
        source=Source(weights=network.weights.name, sha256=file_sha256(network.weights)),
        calibration=pictures.described if recipe.calibrated else None,
        unfit=unfit(content, recipe),
        licence=network.licence,
        data=network.data,
    )  # fmt: skip


def _told(network: Deployable, recipe: Recipe) -> str:
    return f"{recipe.name} ({network.choices})" if network.choices else recipe.name


def _input(name: str, tensor: quantize.Tensor, network: Deployable) -> Input:
    scale, offset = network.grey if name == "grey" else (1 / HINT_SCALE if name == "local_hint" else 1.0, 0.0)
    _, height, width, channels = tensor.shape
    return Input(
        name=tensor.name,
        role=ROLES[name],
        size=(height, width),
        channels=channels,
        scale=scale,
        offset=offset,
    )
