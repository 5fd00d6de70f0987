"""A .caffemodel of the 2016 network's shape, weights drawn by chance: what the classic program is timed with.

The wire format is protobuf's: NetParameter.layer = 100; LayerParameter name = 1, type = 2, blobs = 7;
BlobProto data = 5 (packed floats), shape = 7; BlobShape.dim = 1 (packed).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Blobs = list[NDArray[np.float32]]

_LENGTH_DELIMITED = 2
# Mean square of L - 50 in photographs, then of what a layer passes on when the one before had variance 1.
_OF_LIGHTNESS, _AFTER_RELU, _AFTER_NORM = 700.0, 0.5, 1.0
# Mean and variance of a rectified normal variable.
_RELU_MEAN, _RELU_VARIANCE = 0.39894, 0.34085
_ANNEALING = 2.606  # 1 / 0.38


def write_caffemodel(path: Path, prototxt: Path, hull: Path) -> None:
    """Write weights for the network of ``prototxt``; ``hull``: the (313, 2) ab of its bins, a .npy file."""
    path.write_bytes(encode(_weights(prototxt.read_text(encoding="utf-8"), np.load(hull).astype(np.float32))))


def encode(layers: Iterable[tuple[str, str, Blobs]]) -> bytes:
    """Name, type and blobs of each layer as a .caffemodel has them."""
    return b"".join(_field(100, _layer(*layer)) for layer in layers)


def _weights(prototxt: str, hull: NDArray[np.float32]) -> Iterator[tuple[str, str, Blobs]]:
    """Name, type and blobs of each layer that has weights, drawn so that its output has variance 1."""
    random = np.random.default_rng(2016)
    channels, square = 1, _OF_LIGHTNESS
    for block in re.split(r"^layer\s*{", prototxt, flags=re.MULTILINE)[1:]:
        name, kind = _word(block, "name"), _word(block, "type")
        if kind in {"Convolution", "Deconvolution"}:
            out, side = _number(block, "num_output", 1), _number(block, "kernel_size", 1)
            if name == "class8_ab":
                yield name, kind, [hull.T.reshape(2, 313, 1, 1), np.zeros(2, np.float32)]
                continue
            shape = (out, channels, side, side) if kind == "Convolution" else (channels, out, side, side)
            taps = channels * side**2 / (_number(block, "stride", 1) ** 2 if kind == "Deconvolution" else 1)
            spread = (taps * square) ** -0.5
            yield (
                name,
                kind,
                [(random.standard_normal(shape) * spread).astype(np.float32), np.zeros(out, np.float32)],
            )
            channels = out
        elif kind == "ReLU":
            square = _AFTER_RELU
        elif kind == "BatchNorm":
            mean, variance = np.full(channels, _RELU_MEAN), np.full(channels, _RELU_VARIANCE)
            yield name, kind, [mean.astype(np.float32), variance.astype(np.float32), np.ones(1, np.float32)]
            square = _AFTER_NORM
        elif kind == "Scale":
            yield name, kind, [np.full(channels, _ANNEALING, np.float32)]


def _word(block: str, key: str) -> str:
    found = re.search(rf'^\s*{key}:\s*"([^"]+)"', block, re.MULTILINE)
    if not found:
        raise ValueError(f"a layer without {key}")
    return found[1]


def _number(block: str, key: str, default: int) -> int:
    found = re.search(rf"^\s*{key}:\s*(\d+)", block, re.MULTILINE)
    return int(found[1]) if found else default


def _layer(name: str, kind: str, blobs: Blobs) -> bytes:
    return b"".join(
        (_field(1, name.encode()), _field(2, kind.encode()), *(_field(7, _blob(b)) for b in blobs))
    )


def _blob(values: NDArray[np.float32]) -> bytes:
    shape = _field(1, b"".join(_varint(side) for side in values.shape))
    return _field(7, shape) + _field(5, values.astype("<f4").tobytes())


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 128:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
