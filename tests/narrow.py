"""A narrow network of the 2016 network's kinds of layers, as a .prototxt of our own, and weights for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import releases

from converter.weights.prototxt import read_prototxt

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 64


def prototxt(bins: int = 313) -> str:
    """Input, stride, dilation, norms, deconvolution, and the head over the bins."""
    shape = f"shape {{ dim: 1 dim: 1 dim: {SIZE} dim: {SIZE} }}"
    layers = [
        'name: "narrow"',
        f'layer {{ name: "data_l" type: "Input" top: "data_l" input_param {{ {shape} }} }}',
    ]
    last = "data_l"
    for number, (channels, more) in enumerate(
        ((16, "stride: 2 pad: 1"), (24, "stride: 2 pad: 1"), (32, "pad: 2 dilation: 2")), 1
    ):
        layers.append(
            _layer(f"conv{number}", "Convolution", last, f"num_output: {channels} kernel_size: 3 {more}")
        )
        layers.append(_layer(f"relu{number}", "ReLU", f"conv{number}", top=f"conv{number}"))
        layers.append(_layer(f"conv{number}norm", "BatchNorm", f"conv{number}"))
        last = f"conv{number}norm"
    layers += [
        _layer("conv8_1", "Deconvolution", last, "num_output: 24 kernel_size: 4 pad: 1 stride: 2"),
        _layer("relu8_1", "ReLU", "conv8_1", top="conv8_1"),
        _layer("conv8_313", "Convolution", "conv8_1", f"num_output: {bins} kernel_size: 1"),
        _layer("conv8_313_rh", "Scale", "conv8_313", kind="scale_param", told="bias_term: false"),
        _layer("class8_313_rh", "Softmax", "conv8_313_rh"),
        _layer("class8_ab", "Convolution", "class8_313_rh", "num_output: 2 kernel_size: 1"),
        'layer { name: "Silence" type: "Silence" bottom: "class8_ab" }',
    ]
    return "\n".join(layers)


def _layer(
    name: str, type_: str, bottom: str, told: str = "", *, top: str = "", kind: str = "convolution_param"
) -> str:
    settings = f"{kind} {{ {told} }}" if told else ""
    return f'layer {{ name: "{name}" type: "{type_}" bottom: "{bottom}" top: "{top or name}" {settings} }}'


def write_release(folder: Path, name: str = "narrow.caffemodel") -> tuple[Path, Path]:
    """The .prototxt and a .caffemodel with weights for it."""
    described, weights = folder / "narrow.prototxt", folder / name
    described.write_text(prototxt())
    graph = read_prototxt(described)
    light = np.random.default_rng(3).uniform(-50, 50, (2, SIZE // 8, SIZE // 8, 1)).repeat(8, 1).repeat(8, 2)
    drawn = releases.draw_weights(graph, {"data_l": light.astype(np.float32)})
    releases.write_caffemodel(weights, graph, drawn)
    return described, weights
