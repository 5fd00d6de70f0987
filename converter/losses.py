"""What the compact network learns from: 313 bins of ab, rare ones weighed up, and three heads of plain ab.

The soft encoding, the rebalancing and the annealed mean are those of Zhang et al. 2016 (sections 2.2 and
2.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from converter.colourful import picture_terms
from converter.networks.compact import AB_SCALE, BINS
from device.errors import NetworkFileError, from_os_error

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

TEMPERATURE = 0.38
_GRID_STEP, _GRID_LIMIT = 2, 112  # the soft encoding is looked up on this grid of ab
_NEIGHBOURS, _SIGMA = 5, 5.0
_UNIFORM = 0.7  # how much of the prior is replaced by a uniform one
_HUBER = 0.05  # in units of AB_SCALE
_EACH, _ALL = 0.05, 0.1  # decibels that one unit of colourfulness is worth, in each picture and in the mean
_VIVID = 0.25


@dataclass(frozen=True, slots=True)
class BinTables:
    """``points`` (313, 2); ``encoding`` (grid, 313): soft code of an ab; ``weight`` (grid,): its rarity."""

    points: Floats
    encoding: Floats
    weight: Floats


def read_points(path: Path) -> Floats:
    """The bins' centres in Lab units, (313, 2) float32, from ``pts_in_hull.npy``."""
    try:
        points = np.load(path, allow_pickle=False)
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error
    except (ValueError, EOFError) as error:
        raise NetworkFileError("not an array of numpy's", where=path) from error
    if points.shape != (BINS, 2):
        raise NetworkFileError(f"an array {points.shape}, expected the ({BINS}, 2) ab bins", where=path)
    return np.asarray(points, np.float32)


def bin_tables(points: Floats, ab_sample: npt.NDArray[np.int8]) -> BinTables:
    """Tables for ``points``; ``ab_sample`` (n, 2) of the photographs says which colours are common."""
    steps = np.arange(-_GRID_LIMIT, _GRID_LIMIT + 1, _GRID_STEP, dtype=np.float32)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    squared = ((grid[:, None] - points[None]) ** 2).sum(axis=-1)
    nearest = np.argsort(squared, axis=1)[:, :_NEIGHBOURS]
    closeness = np.exp(
        -np.take_along_axis(squared - squared.min(axis=1, keepdims=True), nearest, 1) / (2 * _SIGMA**2)
    )
    encoding = np.zeros((len(grid), len(points)), np.float32)
    np.put_along_axis(
        encoding, nearest, (closeness / closeness.sum(axis=1, keepdims=True)).astype(np.float32), 1
    )
    side = len(steps)
    cells = np.rint(np.clip((ab_sample.astype(np.float32) + _GRID_LIMIT) / _GRID_STEP, 0, side - 1)).astype(
        np.int64
    )
    counts = np.bincount(cells[:, 0] * side + cells[:, 1], minlength=len(grid)).astype(np.float32)
    prior = counts @ encoding
    prior /= prior.sum()
    rarity = 1 / ((1 - _UNIFORM) * prior + _UNIFORM / len(points))
    rarity /= (prior * rarity).sum()
    return BinTables(points, encoding, (encoding @ rarity).astype(np.float32))


def training_losses(
    outputs: dict[str, keras.KerasTensor],
    light: keras.KerasTensor,
    ab: keras.KerasTensor,
    tables: BinTables,
) -> dict[str, keras.KerasTensor]:
    """Scalars: ``bins``, ``mean``, ``annealed``, those of ``picture_terms``, and their sum ``loss``.

    ``light`` (n, h, w, 1), L, and ``ab`` (n, h, w, 2), Lab units: the truth.
    """
    side = 2 * _GRID_LIMIT // _GRID_STEP + 1
    cells = ops.cast(ops.round(ops.clip((ab + _GRID_LIMIT) / _GRID_STEP, 0, side - 1)), "int32")
    cell = cells[..., 0] * side + cells[..., 1]
    logits = outputs["logits"]
    code = ops.take(ops.convert_to_tensor(tables.encoding), cell, axis=0)
    weight = ops.take(ops.convert_to_tensor(tables.weight), cell, axis=0)
    bins = ops.mean(weight * ops.categorical_crossentropy(code, logits, from_logits=True))
    bold = ops.stop_gradient(annealed_mean(logits, tables.points))
    chroma = ops.sqrt(ops.sum(ops.square(ab), axis=-1)) / AB_SCALE
    mean = ops.mean((1 + 4 * chroma) * _huber(outputs["mean"] - ab / AB_SCALE))
    annealed = ops.mean(_huber(outputs["annealed"] - bold / AB_SCALE))
    pictures = picture_terms(light, outputs["vivid"] * AB_SCALE, ab)
    vivid = pictures["decibels"] + _EACH * pictures["each"] + _ALL * pictures["all"]
    loss = bins + 4 * mean + 4 * annealed + _VIVID * vivid
    return {"loss": loss, "bins": bins, "mean": mean, "annealed": annealed} | pictures


def annealed_mean(
    logits: keras.KerasTensor, points: Floats, temperature: float = TEMPERATURE
) -> keras.KerasTensor:
    """Logits (.., 313) to ab (.., 2), Lab units: the mean of the distribution, sharpened."""
    return ops.matmul(ops.softmax(logits / temperature, axis=-1), ops.convert_to_tensor(points))


def _huber(error: keras.KerasTensor) -> keras.KerasTensor:
    """Smooth L1 summed over a and b: quadratic below ``_HUBER``, of slope 1 beyond."""
    size = ops.abs(error)
    return ops.sum(ops.where(size < _HUBER, size * size / (2 * _HUBER), size - _HUBER / 2), axis=-1)
