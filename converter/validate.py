"""Compares an exported network with the float32 one that it was made from: its colours, and each layer."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from converter.quantize import tensors
from converter.quiet import without_chatter
from device.errors import NetworkFileError
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import keras
    import numpy.typing as npt

    from converter.deployable import Deployable
    from converter.recipes import Recipe
    from converter.samples import Sample

    Floats = npt.NDArray[np.float32]
    Inputs = dict[str, Floats]


_FAINTEST = 4.0  # mean |ab| that less is not told from


@dataclass(frozen=True, slots=True)
class Difference:
    """|ab of the file - ab of Keras|, Lab units: mean and largest over all pictures.

    ``strength``: the mean of |ab of Keras|.
    """

    mean: float
    largest: float
    strength: float


@dataclass(frozen=True, slots=True)
class LayerLoss:
    """What quantizing did to one layer's output: the root mean square of the difference over that of values.

    ``relative``: in all, what came in from above included; ``added``: how much more than its worst input.
    """

    layer: str
    relative: float
    added: float


def compare(path: Path, network: Deployable, model: keras.Model, samples: Sequence[Sample]) -> Difference:
    """Run the file as a board would, and the Keras network, on the same pictures and hints."""
    shapes = {each.name: tuple(each.shape) for each in model.inputs}
    means, largest, strengths = [], [], []
    with Network.load(path) as loaded:
        for sample in samples:
            inputs = sample.inputs(shapes, network.grey)
            made = model.predict_on_batch(inputs)
            expected = np.asarray(made["ab"] if isinstance(made, dict) else made)[0] * network.ab_scale
            scale, offset = network.grey
            lightness = (inputs["grey"][0, ..., 0] - np.float32(offset)) / np.float32(scale)
            ab = loaded.predict(lightness, hints=loaded.heard(sample.hints)).ab
            difference = np.abs(ab - expected)
            means.append(float(difference.mean()))
            largest.append(float(difference.max()))
            strengths.append(float(np.abs(expected).mean()))
    return Difference(float(np.mean(means)), max(largest), float(np.mean(strengths)))


def check(difference: Difference, recipe: Recipe, name: str) -> None:
    """Refuse a file whose colours are not those of the network that it was made from."""
    allowed = recipe.allowed * max(difference.strength, _FAINTEST)
    if not difference.mean <= allowed:
        raise NetworkFileError(
            f"its ab differs from float32 by {difference.mean:.2f} Lab units in the mean, "
            f"at most {allowed:.2f} is right for {recipe.name}",
            where=name,
            hint="calibrate on more photographs, or take another recipe",
        )


def layer_losses(
    plain: bytes, quantized: bytes, layers: Mapping[str, bool], pictures: Sequence[Inputs]
) -> list[LayerLoss]:
    """What each layer loses from the float32 file ``plain`` to ``quantized``, in order of execution.

    Both files must be of one network. ``layers``: names of the Keras layers, and whether they have
    weights; ``pictures``: inputs by their names in the signature, as the network takes them.
    """
    graph = schema.ModelT.InitFromPackedBuf(plain).subgraphs[0]
    squares: dict[str, tuple[float, float]] = {}
    for inputs in pictures:
        expected, found = (_all_values(content, inputs) for content in (plain, quantized))
        for name in expected.keys() & found.keys():
            error, power = squares.get(name, (0.0, 0.0))
            if expected[name].shape == found[name].shape:
                error += float(np.square(expected[name] - found[name]).sum())
                power += float(np.square(expected[name]).sum())
                squares[name] = error, power
    relative = {name: (error / power) ** 0.5 for name, (error, power) in squares.items() if power}
    ends = {tensor.name: role for role, tensor in tensors(plain)[1].items()}
    losses = []
    for operator in graph.operators:
        out, *given = (
            graph.tensors[index].name.decode()
            for index in (operator.outputs[0], *operator.inputs)
            if index >= 0
        )
        if out in relative:
            before = max((relative.get(name, 0.0) for name in given), default=0.0)
            name = ends.get(out) or _layer_of(out, layers)
            losses.append(LayerLoss(name, relative[out], relative[out] - before))
    return losses


def worst(losses: Sequence[LayerLoss]) -> LayerLoss | None:
    """The layer that loses most by itself; None where none loses anything."""
    return max((loss for loss in losses if loss.added > 0), key=lambda loss: loss.added, default=None)


def _all_values(content: bytes, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
    """Every tensor's content by name, as real numbers, once ``inputs`` have run through the file."""
    with without_chatter(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the memory that this takes
        interpreter = Interpreter(model_content=content, experimental_preserve_all_tensors=True)
        runner = interpreter.get_signature_runner()
        runner(**inputs)
    constants = _constants(content)
    details = [each for each in interpreter.get_tensor_details() if each["index"] not in constants]
    return {each["name"]: _real(interpreter.get_tensor(each["index"]), each) for each in details}


def _constants(content: bytes) -> set[int]:
    """Numbers of the tensors that hold weights."""
    model = schema.ModelT.InitFromPackedBuf(content)
    graph = model.subgraphs[0]
    return {index for index, each in enumerate(graph.tensors) if model.buffers[each.buffer].data is not None}


def _real(stored: npt.NDArray[Any], details: dict[str, Any]) -> Floats:
    step, zero = details["quantization"]
    values: Floats = (stored.astype(np.float32) - np.float32(zero)) * np.float32(step or 1)
    return values


def _layer_of(tensor: str, layers: Mapping[str, bool]) -> str:
    """The Keras layer that a tensor's name tells of: of those melted into one, the one with weights."""
    parts = re.split("[;/]", tensor)
    parts += [re.sub(r"_\d+$", "", part) for part in parts]
    found = sorted((part for part in parts if part in layers), key=lambda name: not layers[name])
    return found[0] if found else tensor
