"""A Keras file (.keras, .h5) with a whole network in it, read without running code of its own."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, Final

import h5py
import keras

from device.errors import NetworkFileError, from_os_error

if TYPE_CHECKING:
    from pathlib import Path

_EXPECTED: Final = "expected a whole network, as model.save(FILE) writes it, made of Keras's own layers"


def read_network(path: Path) -> keras.Model:
    """The network in the file, with its weights. Raises NetworkFileError for what is none or needs code."""
    try:
        with path.open("rb") as file:
            is_zip, is_h5 = zipfile.is_zipfile(file), h5py.is_hdf5(str(path))
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error
    if not (is_zip or is_h5) or path.suffix not in {".keras", ".h5", ".hdf5"}:
        raise NetworkFileError("is no .keras and no .h5 file", where=path, hint=_EXPECTED)
    try:
        model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - whatever a damaged file or a stranger's layer runs into
        reason = " ".join(str(error).split())[:120]
        raise NetworkFileError(f"can't be opened: {reason}", where=path, hint=_EXPECTED) from None
    return model
