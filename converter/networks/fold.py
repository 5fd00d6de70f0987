"""Takes norms out of a network before it is built: they cost a multiplication and an addition everywhere.

A norm after conv and ReLU, as in the 2016 network, scales each channel by s and shifts it by t. Where every s
is positive, s ReLU(conv) = ReLU(s conv): the scale goes into the convolution before. The shift can't go into
the one after, whose zero padding it would miss: it stays, one addition.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from converter.networks.graph import Graph, Layer

if TYPE_CHECKING:
    import numpy.typing as npt

    from converter.networks.graph import Weights

    Floats = npt.NDArray[np.float32]


def fold_norms(graph: Graph, weights: Weights) -> tuple[Graph, Weights]:
    """The same network without norms: a scale, or a bare shift, stands in the place of each.

    A ``scale`` layer without a weight is a shift alone.
    """
    folded, uses = dict(weights), graph.uses()
    layers = []
    for layer in graph.layers:
        if layer.kind != "norm":
            layers.append(layer)
            continue
        scale, shift = _scale_and_shift(layer, weights)
        source = _convolution_before(graph, layer)
        if source and uses[source.name] == 1 and uses[layer.inputs[0]] == 1 and (scale > 0).all():
            axis = 0 if source.kind == "conv" else 1
            kernel = folded[f"{source.name}.weight"]
            along = [-1 if each == axis else 1 for each in range(4)]
            folded[f"{source.name}.weight"] = kernel * scale.reshape(along)
            if source.bias:
                folded[f"{source.name}.bias"] = folded[f"{source.name}.bias"] * scale
            scale = np.ones_like(scale)
        for part in ("running_mean", "running_var"):
            del folded[f"{layer.name}.{part}"]
        folded[f"{layer.name}.weight"], folded[f"{layer.name}.bias"] = scale, shift
        layers.append(replace(layer, kind="scale", bias=True))
    return Graph(graph.name, tuple(layers)), folded


def _scale_and_shift(norm: Layer, weights: Weights) -> tuple[Floats, Floats]:
    """What a norm does to each channel: x scale + shift."""
    mean, variance = (weights[f"{norm.name}.{part}"] for part in ("running_mean", "running_var"))
    scale = 1 / np.sqrt(variance.astype(np.float64) + norm.epsilon)
    shift = -mean * scale
    if norm.affine:
        scale = scale * weights[f"{norm.name}.weight"]
        shift = -mean * scale + weights[f"{norm.name}.bias"]
    return scale.astype(np.float32), shift.astype(np.float32)


def _convolution_before(graph: Graph, norm: Layer) -> Layer | None:
    """The convolution that a norm follows, with nothing between or a ReLU."""
    above = graph[norm.inputs[0]]
    source = graph[above.inputs[0]] if above.kind == "relu" else above
    return source if source.kind in {"conv", "deconv"} else None
