from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converter.checkpoint import read_checkpoint, write_checkpoint
from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path


def test_arrays_and_facts_come_back(tmp_path: Path) -> None:
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(4, np.float32)]
    write_checkpoint(tmp_path / "c.npz", {"weight": arrays, "average": []}, {"step": 3})
    groups, facts = read_checkpoint(tmp_path / "c.npz")
    assert facts == {"step": 3}
    assert all(np.array_equal(a, b) for a, b in zip(groups["weight"], arrays, strict=True))


def test_a_cut_off_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    write_checkpoint(path, {"weight": [np.ones((50, 50), np.float32)]}, {})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(NetworkFileError, match="damaged"):
        read_checkpoint(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no such checkpoint"):
        read_checkpoint(tmp_path / "c.npz")
