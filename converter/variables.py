"""What a network has learned, out of Keras's variables and back into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras
    import numpy.typing as npt


def assign(
    variables: Sequence[keras.Variable], arrays: Sequence[npt.NDArray[Any]], path: Path | None
) -> None:
    """Fill ``variables`` from ``arrays``, read from ``path``. Raises NetworkFileError where shapes differ."""
    if [tuple(v.shape) for v in variables] != [array.shape for array in arrays]:
        raise NetworkFileError("a checkpoint of another network or another version of it", where=path)
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def array_of(variable: keras.Variable) -> npt.NDArray[Any]:
    """Return a variable's value."""
    # Keras's own way draws numpy 2's warning about __array__.
    return np.asarray(variable.value.numpy())
