"""How much worse a network's colour is when the grey is not that of a colour photograph made grey."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from converter import ageing
from converter.evaluate import grey_of
from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness
from device.colour.tint import shrink
from device.errors import InputError
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from device.network import Network

    Pixels = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]
    Rng = np.random.Generator

PLAIN: Final = "plain"
_TALL, _WIDE = 9 / 16, 21 / 9


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of grey: mean |ab error| over pictures, Lab units, and that over plain grey's."""

    name: str
    pictures: int
    error: float
    ratio: float


def compare_kinds(
    pictures: Iterable[tuple[str, Pixels]], network: Network, *, count: int = 300
) -> list[Kind]:
    """Judge ``network`` on ``count`` photographs for each kind of grey; the plain one comes first."""
    errors: dict[str, list[float]] = {name: [] for name in (PLAIN, *_GREYS, *_SHAPES)}
    for number, (_, rgb) in enumerate(islice(pictures, count)):
        whole = _Truth.of(rgb, network)
        errors[PLAIN].append(_error(network, whole.light, whole.ab))
        for name, grey in _GREYS.items():
            light = np.clip(grey(whole, np.random.default_rng((number, len(name)))), 0, 100)
            errors[name].append(_error(network, np.asarray(light, np.float32), whole.ab))
        for name, aspect in _SHAPES.items():
            part = _Truth.of(_middle(rgb, aspect), network)
            errors[name].append(_error(network, part.light, part.ab))
    if not errors[PLAIN]:
        raise InputError("no photographs to judge by")
    means = {name: float(np.mean(values)) for name, values in errors.items()}
    return [Kind(name, len(errors[name]), mean, mean / means[PLAIN]) for name, mean in means.items()]


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """A photograph as the network sees it: L of its grey, linear light, ab on the output's grid."""

    light: Floats
    linear: Floats
    ab: Floats

    @classmethod
    def of(cls, rgb: Pixels, network: Network) -> _Truth:
        (height, width), (rows, columns) = network.size, network.manifest.ab.size
        light = lightness(shrink(grey_of(rgb), None, network.size), JPEG_COLOUR)
        small = _resized(rgb, (width, height)).astype(np.float32) / np.float32(255)
        linear = np.where(small > 0.04045, ((small + 0.055) / 1.055) ** 2.4, small / 12.92)
        ab = rgb_to_lab(_resized(rgb, (columns, rows)).astype(np.float32) / np.float32(255))[..., 1:]
        return cls(light, np.asarray(linear, np.float32), ab)


def _error(network: Network, light: Floats, truth: Floats) -> float:
    return float(np.abs(network.predict(np.ascontiguousarray(light)).ab - truth).mean())


def _resized(rgb: Pixels, size: tuple[int, int]) -> Pixels:
    shrinks = rgb.shape[0] * rgb.shape[1] >= size[0] * size[1]
    filtered = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, size, interpolation=filtered)  # type: ignore[return-value]


def _middle(rgb: Pixels, aspect: float) -> Pixels:
    """The largest window of this width / height in the middle."""
    height, width = rgb.shape[:2]
    tall, wide = min(height, round(width / aspect)), min(width, round(height * aspect))
    top, left = (height - tall) // 2, (width - wide) // 2
    return np.ascontiguousarray(rgb[top : top + tall, left : left + wide])


def _emulsion(truth: _Truth, _rng: Rng, *, weights: Sequence[float]) -> Floats:
    return ageing.lightness_of(truth.linear @ np.asarray(weights, np.float32))


def _aged(truth: _Truth, rng: Rng, *, change: Callable[[Floats, Rng], Floats]) -> Floats:
    return change(truth.light, rng)


_GREYS: Final[dict[str, Callable[[_Truth, Rng], Floats]]] = {
    **{name: partial(_emulsion, weights=weights) for name, weights in ageing.WEIGHTS.items()},
    **{
        change.__name__: partial(_aged, change=change)
        for change in (
            ageing.gamma, ageing.fog, ageing.vignette, ageing.blur, ageing.noise, ageing.grain,
            ageing.interlace, ageing.scratches, ageing.jpeg,
        )
    },
}  # fmt: skip
_SHAPES: Final = {"portrait 9:16": _TALL, "wide 21:9": _WIDE}
