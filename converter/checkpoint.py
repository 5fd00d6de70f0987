"""Checkpoints: one .npz with named arrays and the facts of the run, whole or not there at all."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from device.errors import MissingInput, NetworkFileError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt


def write_checkpoint(
    path: Path, groups: Mapping[str, Iterable[npt.NDArray[Any]]], facts: Mapping[str, Any]
) -> None:
    """Write each group's arrays as ``group_000`` onwards, and ``facts`` (plain values)."""
    arrays = {f"{name}_{i:03d}": array for name, group in groups.items() for i, array in enumerate(group)}
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez_compressed(file, facts=np.array(json.dumps(facts)), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise from_os_error(error, where=path, doing="can't write the checkpoint") from error


def read_checkpoint(path: Path) -> tuple[dict[str, list[npt.NDArray[Any]]], dict[str, Any]]:
    """The groups and the facts of ``path``. Raises NetworkFileError for a file that is none of ours."""
    groups: dict[str, list[npt.NDArray[Any]]] = {}
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            for name in sorted(file.files):
                group, _, number = name.rpartition("_")
                if number.isdigit():
                    groups.setdefault(group, []).append(file[name])
    except FileNotFoundError:
        raise MissingInput(
            "no such checkpoint", where=path, hint="tintcast-convert train makes one"
        ) from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise NetworkFileError("not a checkpoint of a training run, or a damaged one", where=path) from error
    return groups, facts
