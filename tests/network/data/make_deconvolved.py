"""Makes the networks that runtimes differ on: `PYTHONPATH=. python tests/network/data/make_deconvolved.py`.

A deconvolution in three recipes; the newer runtime runs them all, tflite-runtime 2.14 not the mixed one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converter import convert, samples
from converter.deployable import Deployable
from converter.networks.graph import Graph, Layer
from converter.networks.keras_graph import build
from converter.recipes import DYNAMIC_INT8, FLOAT32, INT8
from device.colour.hints import Hints

SIZE, WIDTH = 32, 8


def main() -> None:
    layers = (
        Layer(name="grey", kind="input", channels=1, size=(SIZE, SIZE)),
        Layer(name="down", kind="conv", inputs=("grey",), channels=WIDTH, kernel=3, stride=2, pad=1),
        Layer(name="relu", kind="relu", inputs=("down",)),
        Layer(name="up", kind="deconv", inputs=("relu",), channels=WIDTH, kernel=4, stride=2, pad=1),
        Layer(name="out", kind="conv", inputs=("up",), channels=2),
    )
    graph, random = Graph("deconvolved", layers), np.random.default_rng(14)
    shapes = graph.weight_shapes()
    weights = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    network = Deployable(
        name="deconvolved",
        architecture="a deconvolution",
        build=lambda in_depth: build(graph, weights, {"ab": "out"}, depth_to_space=in_depth),
        grey=(0.02, -1.0),
        ab_scale=30.0,
        float_layers=("ab",),
        weights=Path(__file__),
        licence="Apache-2.0",
        data="none",
    )
    lights = random.uniform(0, 100, (16, SIZE, SIZE)).astype(np.float32)
    pictures = convert.Pictures([samples.Sample(light, Hints()) for light in lights], "uniform noise")
    convert.convert(network, [FLOAT32, DYNAMIC_INT8, INT8], Path(__file__).parent, pictures)


if __name__ == "__main__":
    main()
