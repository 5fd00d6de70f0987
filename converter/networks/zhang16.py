"""The 2016 network (Zhang, Isola, Efros: Colorful Image Colorization): grey to 313 bins of ab.

Two releases: Caffe's, whose graph its .prototxt describes, and PyTorch's ``eccv16``, described here. Either
ends the same way: logits over the bins, a softmax, and ab as the mean of the bins under it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from converter.networks.graph import Graph, Layer
from device.colour.bins import COUNT
from device.errors import ConfigurationError, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from converter.networks.graph import Weights

NAME: Final = "zhang16"
SIZE: Final = 224
TEMPERATURE: Final = 1 / 2.606  # of the annealed mean; what the release makes of the paper's 0.38
AB_SCALE: Final = 110.0  # Lab units that PyTorch's ab is in

#: Of each block: channels, the stride of its last convolution, how many there are, dilation.
_BLOCKS: Final = (
    (64, 2, 2, 1), (128, 2, 2, 1), (256, 2, 3, 1), (512, 1, 3, 1), (512, 1, 3, 2), (512, 1, 3, 2),
    (512, 1, 3, 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ends:
    """Names of the layers that a 2016 network begins and ends with; ``sharpen`` scales the logits."""

    grey: str
    logits: str
    sharpen: str
    softmax: str
    ab: str


def eccv16(size: int = SIZE) -> Graph:
    """PyTorch's release, with the layer names of its state dict."""
    layers = [Layer(name="grey", kind="input", channels=1, size=(size, size))]

    def add(layer: Layer) -> None:
        layers.append(layer)

    for number, (channels, stride, count, dilation) in enumerate(_BLOCKS, 1):
        for place in range(0, 2 * count, 2):
            add(Layer(
                name=f"model{number}.{place}", kind="conv", inputs=(layers[-1].name,), channels=channels,
                kernel=3, stride=stride if place == 2 * count - 2 else 1, pad=dilation, dilation=dilation,
            ))  # fmt: skip
            add(Layer(name=f"model{number}.{place + 1}", kind="relu", inputs=(layers[-1].name,)))
        add(Layer(name=f"model{number}.{2 * count}", kind="norm", inputs=(layers[-1].name,), affine=True))
    add(Layer(
        name="model8.0", kind="deconv", inputs=(layers[-1].name,), channels=256, kernel=4, stride=2, pad=1,
    ))  # fmt: skip
    add(Layer(name="model8.1", kind="relu", inputs=("model8.0",)))
    for place in (2, 4):
        add(Layer(
            name=f"model8.{place}", kind="conv", inputs=(layers[-1].name,), channels=256, kernel=3, pad=1,
        ))  # fmt: skip
        add(Layer(name=f"model8.{place + 1}", kind="relu", inputs=(layers[-1].name,)))
    add(Layer(name="model8.6", kind="conv", inputs=("model8.5",), channels=COUNT))
    add(Layer(name="softmax", kind="softmax", inputs=("model8.6",)))
    add(Layer(name="model_out", kind="conv", inputs=("softmax",), channels=2, bias=False))
    return Graph("eccv16", tuple(layers))


def find_ends(graph: Graph, path: Path) -> Ends:
    """Where a graph takes grey and gives logits and ab. Raises NetworkFileError for one that does not."""
    inputs = [layer for layer in graph.layers if layer.kind == "input"]
    ends, channels = graph.ends(), graph.channels()
    softmax = graph.before(ends[0].name, ("softmax",)) if len(ends) == 1 else None
    logits = softmax and graph.before(softmax.name, ("conv",))
    sharpen = softmax and graph[softmax.inputs[0]]
    if not (
        len(inputs) == 1
        and inputs[0].channels == 1
        and logits
        and softmax
        and sharpen
        and (sharpen.kind, sharpen.inputs) == ("scale", (logits.name,))
        and ends[0].inputs == (softmax.name,)
        and (ends[0].kind, channels[ends[0].name], logits.channels) == ("conv", 2, COUNT)
    ):
        raise NetworkFileError(
            f"describes another network ({graph.name})", where=path,
            hint=f"expected one grey input, a scale and a softmax over {COUNT} bins, and ab from it, "
            "as in colorization_deploy_v2.prototxt",
        )  # fmt: skip
    return Ends(inputs[0].name, logits.name, sharpen.name, softmax.name, ends[0].name)


def head(graph: Graph, ends: Ends, points: npt.NDArray[np.float32], temperature: float) -> Weights:
    """Weights of the layers after the logits: the annealed mean of ``points`` (313, 2), Lab units.

    Raises ConfigurationError for a temperature of no sense.
    """
    if not 0.01 <= temperature <= 10:
        raise ConfigurationError(f"{temperature:g} is not between 0.01 and 10", where="--temperature")
    weights: Weights = {
        f"{ends.ab}.weight": np.ascontiguousarray(points.T[..., None, None], np.float32),
        f"{ends.sharpen}.weight": np.full(COUNT, 1 / temperature, np.float32),
    }
    for name in (ends.ab, ends.sharpen):
        if graph[name].bias:
            weights[f"{name}.bias"] = np.zeros(graph.channels()[name], np.float32)
    return weights


def with_input_named(graph: Graph, ends: Ends) -> Graph:
    """The same graph with its input named for what it takes."""
    names = {ends.grey: "grey"}
    return Graph(graph.name, tuple(
        replace(
            layer, name=names.get(layer.name, layer.name),
            inputs=tuple(names.get(each, each) for each in layer.inputs),
        )
        for layer in graph.layers
    ))  # fmt: skip
