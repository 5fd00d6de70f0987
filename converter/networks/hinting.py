"""Where hints enter the compact network: beside the decoder's levels, all of it silent where nothing is said.

Local hints, ab under a mask on the output's grid, are averaged down and added at each level by two small
convolutions; at 1/16 they are also spread to alike places: every place takes the hinted colours by a softmax
over the cosine of a few features (the idea of non-local means). The global hint goes through a small MLP and
is added at every level. No layer has a bias: without hints each adds exactly nothing. The last kernels start
at zero, so that a network that was trained without hints begins where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import keras
from keras import layers, ops

from device.colour.hints import GLOBAL_LENGTH

PREFIX = "hint"
AB_SCALE = 110.0  # hints' a and b are in units of this many Lab units
_FEATURES = 32  # by which places are alike
_SHARPNESS = 12.0  # of their softmax
_SILENT = -30.0  # added to the softmax's logits of cells without a hint
_SMALL = 24  # channels between the two convolutions
_PALETTE_WIDTH = 192


@dataclass(frozen=True, slots=True)
class HintInputs:
    """``local`` (n, h, w, 2) in ``AB_SCALE``, ``mask`` (n, h, w, 1), ``palette`` (n, 1, 1, 316)."""

    local: keras.KerasTensor
    mask: keras.KerasTensor
    palette: keras.KerasTensor

    @classmethod
    def make(cls, side: int | None, *, batch: int | None = None) -> Self:
        """Inputs of a network whose output has ``side`` x ``side`` cells."""
        return cls(
            keras.Input((side, side, 2), batch_size=batch, name="local_hint"),
            keras.Input((side, side, 1), batch_size=batch, name="mask"),
            keras.Input((1, 1, GLOBAL_LENGTH), batch_size=batch, name="global_hint"),
        )

    def named(self) -> dict[str, keras.KerasTensor]:
        """By the names that they have in the file."""
        return {"local_hint": self.local, "mask": self.mask, "global_hint": self.palette}


@keras.saving.register_keras_serializable("tintcast")
class Averaged(layers.Layer):  # type: ignore[misc]
    """Hints at a coarser grid, n x n cells in one: ab under the mask's mean, whether there is any, how much.

    Takes local hints (n, h, w, 2) and where they are (n, h, w, 1); gives (n, h / cells, w / cells, 4), all 0
    without a hint.
    """

    def __init__(self, cells: int, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.cells = cells

    def compute_output_shape(self, local_shape: Any, there_shape: Any) -> Any:
        """The grid of the coarser cells."""
        del there_shape
        count, height, width, _ = local_shape
        return count, *(None if n is None else n // self.cells for n in (height, width)), 4

    def call(self, local: Any, there: Any) -> Any:
        """See the class."""
        colour, share = local * there, there
        if self.cells > 1:
            colour, share = (ops.average_pool(x, self.cells) for x in (colour, share))
        colour = colour / ops.maximum(share, 1e-4)
        said = ops.minimum(share * float(self.cells**2), 1.0)
        return ops.concatenate([colour, said, share], axis=-1)


@keras.saving.register_keras_serializable("tintcast")
class Spread(layers.Layer):  # type: ignore[misc]
    """Hinted colours for every place, by the likeness of features.

    Takes features (n, h, w, f) and averaged hints (n, h, w, 4); gives (n, h, w, 4): the likely a and b, how
    alike the places are that they come from, and 1; all 0 without a hint.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)

    def compute_output_shape(self, features_shape: Any, hints_shape: Any) -> Any:
        """That of the hints."""
        del features_shape
        return hints_shape

    def call(self, features: Any, hints: Any) -> Any:
        """See the class."""
        _, height, width, depth = ops.shape(features)
        places = height * width
        flat = ops.reshape(features, (-1, places, depth))
        flat = flat * ops.rsqrt(ops.sum(flat * flat, axis=-1, keepdims=True) + 1e-4)
        said = ops.reshape(hints, (-1, places, 4))
        alike = ops.matmul(flat, ops.transpose(flat, (0, 2, 1)))
        there = ops.reshape(said[..., 2:3], (-1, 1, places))
        shares = ops.softmax(alike * _SHARPNESS + (there - 1.0) * -_SILENT, axis=-1)
        told = ops.matmul(shares, said[..., :3])  # ab, and nothing or 1
        likeness = ops.sum(shares * alike * there, axis=-1, keepdims=True)
        return ops.reshape(ops.concatenate([told, likeness], axis=-1), (-1, height, width, 4))


class Hinting:
    """Adds what the hints say to the levels of a decoder."""

    def __init__(self, hints: HintInputs, stride: int) -> None:
        self._hints, self._stride = hints, stride
        self._grids: dict[int, keras.KerasTensor] = {}
        self._palette = _hidden(hints.palette, _PALETTE_WIDTH, 1, f"{PREFIX}_palette")

    def at(self, scale: int, width: int) -> list[keras.KerasTensor]:
        """What to add to the level at 1/``scale``, of ``width`` channels."""
        return [
            _silent(self._palette, width, f"{PREFIX}{scale}_palette"),
            _told(self._averaged(scale), width, f"{PREFIX}{scale}_local"),
        ]

    def spread(self, x: keras.KerasTensor, scale: int) -> keras.KerasTensor:
        """The level at 1/``scale`` with the hinted colours of alike places added."""
        name = f"{PREFIX}{scale}_spread"
        features = layers.Conv2D(_FEATURES, 1, name=f"{name}_features")(x)
        alike = Spread(name=name)(features, self._averaged(scale))
        return layers.Add()([x, _told(alike, int(x.shape[-1]), f"{name}_told")])

    def _averaged(self, scale: int) -> keras.KerasTensor:
        if scale not in self._grids:
            layer = Averaged(scale // self._stride, name=f"{PREFIX}{scale}_averaged")
            self._grids[scale] = layer(self._hints.local, self._hints.mask)
        return self._grids[scale]


def _told(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    return _silent(_hidden(x, _SMALL, 3, f"{name}_1"), width, f"{name}_2")


def _hidden(x: keras.KerasTensor, width: int, kernel: int, name: str) -> keras.KerasTensor:
    return layers.ReLU()(
        layers.Conv2D(
            width, kernel, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
        )(x)
    )


def _silent(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    return layers.Conv2D(width, 1, use_bias=False, kernel_initializer="zeros", name=name)(x)
