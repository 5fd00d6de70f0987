"""A convolutional network as data: its layers in order, each with the layers it takes from.

What a .prototxt says and what the 2016 and 2017 networks are is written down in these; ``keras_graph``
builds the Keras network, ``fold`` takes the norms out.

Weights lie beside a graph in one dictionary of float32 arrays, named ``LAYER.weight`` and ``LAYER.bias`` as
PyTorch does: a convolution's weight is (out, in, kh, kw), a deconvolution's (in, out, kh, kw), a norm has
``running_mean`` and ``running_var`` too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Kind = Literal[
        "input", "conv", "deconv", "relu", "norm", "scale", "softmax", "sum", "concat", "subsample", "tanh"
    ]
    Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer. ``inputs``: names of the layers it takes from.

    ``channels``: of an input, a convolution or a deconvolution; ``size``: of an input. ``pad`` stands on all
    four sides. ``bias``: whether a convolution or a scale adds one. ``slope``: of a ReLU below zero.
    ``affine``: whether a norm scales and shifts by weights of its own. ``stride``: also of a subsampling.
    """

    name: str
    kind: Kind
    inputs: tuple[str, ...] = ()
    channels: int = 0
    size: tuple[int, int] = (0, 0)
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    bias: bool = True
    slope: float = 0.0
    affine: bool = False
    epsilon: float = 1e-5


@dataclass(frozen=True, slots=True)
class Graph:
    """Layers, each after those it takes from; all names differ."""

    name: str
    layers: tuple[Layer, ...]

    def __getitem__(self, name: str) -> Layer:
        """The layer of this name. Raises KeyError."""
        return self._by_name()[name]

    def channels(self) -> dict[str, int]:
        """How many channels each layer puts out, by name."""
        counts: dict[str, int] = {}
        for layer in self.layers:
            given = [counts[name] for name in layer.inputs]
            counts[layer.name] = layer.channels or (sum(given) if layer.kind == "concat" else given[0])
        return counts

    def ends(self) -> list[Layer]:
        """Layers that no other takes from."""
        used = {name for layer in self.layers for name in layer.inputs}
        return [layer for layer in self.layers if layer.name not in used]

    def uses(self) -> Counter[str]:
        """How many layers take from each, by name."""
        return Counter(name for layer in self.layers for name in layer.inputs)

    def before(self, name: str, kinds: Iterable[Kind]) -> Layer | None:
        """The nearest layer of one of ``kinds`` above ``name``, along each layer's first input."""
        wanted, by_name = set(kinds), self._by_name()
        layer = by_name[name]
        while layer.inputs:
            layer = by_name[layer.inputs[0]]
            if layer.kind in wanted:
                return layer
        return None

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all weights that the graph needs."""
        counts, shapes = self.channels(), {}
        for layer in self.layers:
            for part, shape in _parts(layer, counts).items():
                shapes[f"{layer.name}.{part}"] = shape
        return shapes

    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}


def _parts(layer: Layer, counts: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The weights of one layer."""
    out = counts[layer.name]
    match layer.kind:
        case "conv" | "deconv":
            both = (out, counts[layer.inputs[0]])
            shape = (*(both if layer.kind == "conv" else both[::-1]), layer.kernel, layer.kernel)
            return {"weight": shape} | ({"bias": (out,)} if layer.bias else {})
        case "norm":
            parts = ("running_mean", "running_var", *(("weight", "bias") if layer.affine else ()))
            return dict.fromkeys(parts, (out,))
        case "scale":
            return dict.fromkeys(("weight", "bias") if layer.bias else ("weight",), (out,))
        case _:
            return {}


def check_weights(graph: Graph, weights: Mapping[str, npt.NDArray[np.float32]], path: Path) -> None:
    """Refuse weights of ``path`` that lack a layer of the graph, or hold it in another shape."""
    for name, shape in graph.weight_shapes().items():
        if name not in weights:
            raise NetworkFileError(
                f"has no {name}, which the network {graph.name} needs", where=path,
                hint="the file is cut off, or of another network",
            )  # fmt: skip
        if weights[name].shape != shape:
            raise NetworkFileError(
                f"{name} has shape {weights[name].shape}, the network {graph.name} needs {shape}", where=path,
                hint="the weights are of another network",
            )  # fmt: skip
