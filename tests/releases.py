"""Releases of the networks that are converted, made by the tests: right shapes, sensible activations.

Weights drawn independently make these networks chaotic: the last digit of a pixel decides the colour. So each
layer's are drawn, tried on photographs, and scaled to what they give there, one layer after the other.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import tensorflow as tf
from bench.caffemodel import encode

from converter.networks.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from converter.networks.graph import Layer

    Floats = NDArray[np.float32]
    Weights = dict[str, Floats]

_COUNT = np.float32(999.98)  # what Caffe's norms have their sums divided by
LOGIT_SPREAD = 0.4
GROUPS = 8


def draw_weights(graph: Graph, inputs: dict[str, Floats], seed: int = 2016) -> Weights:
    """Weights for all layers of a graph; ``inputs`` by layer name: (n, h, w, c), as the network takes it."""
    random = np.random.default_rng(seed)
    weights: Weights = {}
    values: dict[str, tf.Tensor] = {}
    shapes = graph.weight_shapes()
    for layer in graph.layers:
        given = [values[name] for name in layer.inputs]
        _draw(layer, given, shapes, weights, random)
        if layer.kind == "input":
            values[layer.name] = tf.constant(inputs[layer.name])
        else:
            values[layer.name] = run_layer(layer, given, weights)
    return weights


def _draw(
    layer: Layer,
    given: list[tf.Tensor],
    shapes: dict[str, tuple[int, ...]],
    weights: Weights,
    random: np.random.Generator,
) -> None:
    name = layer.name
    if layer.kind in {"conv", "deconv"}:
        kernel = _kernel(layer, shapes[f"{name}.weight"], random)
        weights[f"{name}.weight"] = kernel
        if layer.bias:
            weights[f"{name}.bias"] = np.zeros(layer.channels, np.float32)
        made = run_layer(layer, given, weights).numpy()
        spread = LOGIT_SPREAD if layer.channels == 313 else 0.5 if layer.channels == 2 else 1
        factor = (spread / (made.std(axis=(0, 1, 2)) + 1e-6)).astype(np.float32)
        weights[f"{name}.weight"] = kernel * factor.reshape(
            (-1, 1, 1, 1) if layer.kind == "conv" else (1, -1, 1, 1)
        )
        if layer.bias:
            centre = made.mean(axis=(0, 1, 2)) * factor
            weights[f"{name}.bias"] = (random.normal(0, 0.3, layer.channels) - centre).astype(np.float32)
    elif layer.kind == "norm":
        values = given[0].numpy()
        weights[f"{name}.running_mean"] = values.mean(axis=(0, 1, 2))
        weights[f"{name}.running_var"] = np.maximum(values.var(axis=(0, 1, 2)), 0.25)  # also of dead channels
        if layer.affine:
            channels = values.shape[-1]
            weights[f"{name}.weight"] = random.uniform(0.5, 1.5, channels).astype(np.float32)
            weights[f"{name}.bias"] = random.normal(0, 0.2, channels).astype(np.float32)
    elif layer.kind == "scale":
        weights[f"{name}.weight"] = np.full(given[0].shape[-1], 2.606, np.float32)


def _kernel(layer: Layer, shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Soft blobs whose sign is that of a group of channels: what is alike adds up, errors average out."""
    window = np.array({1: [1], 3: [1, 2, 1], 4: [1, 3, 3, 1]}[shape[-1]], np.float32)
    out, given = shape[:2] if layer.kind == "conv" else shape[1::-1]
    signs = random.choice([-1, 1], (out, GROUPS))[:, np.arange(given) % GROUPS]
    signs = signs if layer.kind == "conv" else signs.T
    kernel = np.abs(random.standard_normal(shape)) * signs[..., None, None]
    return (kernel * np.outer(window, window)).astype(np.float32)


def run_layer(layer: Layer, given: list[tf.Tensor], weights: Weights) -> tf.Tensor:  # noqa: PLR0911 - a table
    """What one layer makes, in TensorFlow's own words: (n, h, w, c) in and out."""
    x, part = (
        given[0],
        {each.rpartition(".")[2]: weights[each] for each in weights if each.startswith(f"{layer.name}.")},
    )
    match layer.kind:
        case "conv":
            pads = [[0, 0], [layer.pad, layer.pad], [layer.pad, layer.pad], [0, 0]]
            kernel = part["weight"].transpose(2, 3, 1, 0)
            y = tf.nn.conv2d(tf.pad(x, pads), kernel, layer.stride, "VALID", dilations=layer.dilation)
            return y + part["bias"] if layer.bias else y
        case "deconv":
            n, height, width, _ = x.shape
            shape = (n, 2 * height, 2 * width, layer.channels)
            y = tf.nn.conv2d_transpose(x, part["weight"].transpose(2, 3, 1, 0), shape, 2, "SAME")
            return y + part["bias"] if layer.bias else y
        case "relu":
            return tf.nn.leaky_relu(x, layer.slope)
        case "norm":
            y = (x - part["running_mean"]) / np.sqrt(part["running_var"] + layer.epsilon)
            return y * part["weight"] + part["bias"] if layer.affine else y
        case "scale":
            return x * part["weight"]
        case "softmax":
            return tf.nn.softmax(x)
        case "sum":
            return tf.add_n(given)
        case "concat":
            return tf.concat(given, -1)
        case "subsample":
            return x[:, :: layer.stride, :: layer.stride]
        case _:
            return tf.tanh(x)


def write_caffemodel(path: Path, graph: Graph, weights: Weights) -> None:
    """A .caffemodel of these weights, written byte by byte: nothing of what reads it is used here."""
    path.write_bytes(encode(_blobs(graph, weights)))


def _blobs(graph: Graph, weights: Weights) -> Iterator[tuple[str, str, list[Floats]]]:
    kinds = {"conv": "Convolution", "deconv": "Deconvolution", "norm": "BatchNorm", "scale": "Scale"}
    for layer in graph.layers:
        if layer.kind not in kinds:
            continue
        found = {part: weights.get(f"{layer.name}.{part}") for part in ("weight", "bias")}
        blobs = [array for array in found.values() if array is not None]
        if layer.kind == "norm":
            sums = (weights[f"{layer.name}.{part}"] * _COUNT for part in ("running_mean", "running_var"))
            blobs = [*sums, np.array([_COUNT], np.float32)]
        yield layer.name, kinds[layer.kind], blobs


def narrowed(graph: Graph, by: int = 16) -> Graph:
    """The same network with a part of its channels, but for its head."""
    return Graph(
        graph.name,
        tuple(
            replace(layer, channels=layer.channels // by)
            if layer.kind in {"conv", "deconv"} and layer.channels not in {2, 313}
            else layer
            for layer in graph.layers
        ),
    )


def run(graph: Graph, inputs: dict[str, Floats], weights: Weights) -> dict[str, Floats]:
    """What every layer makes."""
    values = dict(inputs)
    for layer in graph.layers:
        if layer.kind != "input":
            made = run_layer(layer, [values[name] for name in layer.inputs], weights)
            values[layer.name] = np.asarray(made, np.float32)
    return values


def write_state_dict(path: Path, weights: Weights) -> None:
    """A .pth as torch.save writes one, of float32 tensors."""
    stubs = {"torch": types.ModuleType("torch"), "torch._utils": types.ModuleType("torch._utils")}
    kind = type("FloatStorage", (), {"__module__": "torch"})
    setattr(stubs["torch"], "FloatStorage", kind)  # noqa: B010 - a module has no such attribute to mypy

    def rebuild() -> None:
        """Named as PyTorch's function is."""

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    setattr(stubs["torch._utils"], "_rebuild_tensor_v2", rebuild)  # noqa: B010 - as above

    class Storage(tuple[str, int]):
        """A key and how many values there are."""

        __slots__ = ()

    class Tensor:
        def __init__(self, key: str, array: Floats) -> None:
            self.key, self.array = key, array

        def __reduce__(self) -> tuple[Any, ...]:
            steps = tuple(step // 4 for step in self.array.strides)
            return rebuild, (Storage((self.key, self.array.size)), 0, self.array.shape, steps, False, {})

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: object) -> tuple[object, ...] | None:
            return ("storage", kind, thing[0], "cpu", thing[1]) if isinstance(thing, Storage) else None

    arrays = {
        str(number): np.ascontiguousarray(array, "<f4") for number, array in enumerate(weights.values())
    }
    tensors = {name: Tensor(key, arrays[key]) for name, key in zip(weights, arrays, strict=True)}
    stream = io.BytesIO()
    with mock.patch.dict(sys.modules, stubs):
        Pickler(stream, protocol=2).dump(tensors)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("data.pkl", stream.getvalue()), ("byteorder", b"little"), ("version", b"3\n")):
            archive.writestr(f"archive/{name}", content)
        for key, array in arrays.items():
            archive.writestr(f"archive/data/{key}", array.tobytes())
