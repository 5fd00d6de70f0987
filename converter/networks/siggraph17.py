"""The 2017 network (Zhang et al.: Real-Time User-Guided Image Colorization), as PyTorch's release has it.

Grey, and hints where there are any, to ab at full resolution. Its head over 529 classes is left out: it does
not touch ab.
"""

from __future__ import annotations

from typing import Final

from converter.networks.graph import Graph, Layer

NAME: Final = "siggraph17"
SIZE: Final = 256  # what the release's own program takes
AB_SCALE: Final = 110.0

#: The encoder's blocks: channels, convolutions, dilation. The first three end in a subsampling.
_BLOCKS: Final = ((64, 2, 1), (128, 2, 1), (256, 3, 1), (512, 3, 1), (512, 3, 2), (512, 3, 2), (512, 3, 1))
_SUBSAMPLED: Final = 3


def graph(size: int = SIZE) -> Graph:
    """The network, with the layer names of the release's state dict."""
    return Graph(NAME, (*_encoder(size), *_decoder()))


def _encoder(size: int) -> list[Layer]:
    side = (size, size)
    layers = [
        Layer(name="grey", kind="input", channels=1, size=side),
        Layer(name="local_hint", kind="input", channels=2, size=side),
        Layer(name="mask", kind="input", channels=1, size=side),
        Layer(name="all", kind="concat", inputs=("grey", "local_hint", "mask")),
    ]
    for number, (channels, count, dilation) in enumerate(_BLOCKS, 1):
        for place in range(0, 2 * count, 2):
            before = layers[-1].name
            layers.append(_conv(f"model{number}.{place}", before, channels, dilation))
            layers.append(_relu(f"model{number}.{place + 1}", layers[-1].name))
        layers.append(_norm(f"model{number}.{2 * count}", layers[-1].name))
        if number <= _SUBSAMPLED:
            layers.append(
                Layer(name=f"half{number}", kind="subsample", inputs=(layers[-1].name,), stride=2),
            )
    return layers


def _decoder() -> list[Layer]:
    """Three times up: each level is enlarged and summed with what the encoder knew at its size."""
    return [
        _up("model8up.0", "model7.6", 256), _conv("model3short8.0", "model3.6", 256),
        _sum("sum8", "model8up.0", "model3short8.0"), _relu("model8.0", "sum8"),
        _conv("model8.1", "model8.0", 256), _relu("model8.2", "model8.1"),
        _conv("model8.3", "model8.2", 256), _relu("model8.4", "model8.3"), _norm("model8.5", "model8.4"),
        _up("model9up.0", "model8.5", 128), _conv("model2short9.0", "model2.4", 128),
        _sum("sum9", "model9up.0", "model2short9.0"), _relu("model9.0", "sum9"),
        _conv("model9.1", "model9.0", 128), _relu("model9.2", "model9.1"), _norm("model9.3", "model9.2"),
        _up("model10up.0", "model9.3", 128), _conv("model1short10.0", "model1.4", 128),
        _sum("sum10", "model10up.0", "model1short10.0"), _relu("model10.0", "sum10"),
        _conv("model10.1", "model10.0", 128),
        Layer(name="model10.2", kind="relu", inputs=("model10.1",), slope=0.2),
        Layer(name="model_out.0", kind="conv", inputs=("model10.2",), channels=2),
        Layer(name="model_out.1", kind="tanh", inputs=("model_out.0",)),
    ]  # fmt: skip


def _conv(name: str, before: str, channels: int, dilation: int = 1) -> Layer:
    return Layer(
        name=name, kind="conv", inputs=(before,), channels=channels, kernel=3, pad=dilation, dilation=dilation
    )


def _up(name: str, before: str, channels: int) -> Layer:
    return Layer(name=name, kind="deconv", inputs=(before,), channels=channels, kernel=4, stride=2, pad=1)


def _relu(name: str, before: str) -> Layer:
    return Layer(name=name, kind="relu", inputs=(before,))


def _norm(name: str, before: str) -> Layer:
    return Layer(name=name, kind="norm", inputs=(before,), affine=True)


def _sum(name: str, *before: str) -> Layer:
    return Layer(name=name, kind="sum", inputs=before)
