"""Photographs for the tests of colour: the project's own, and the ones beside the checkout."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray

STILLS = Path(__file__).resolve().parent.parent / "media" / "stills"


def decode(data: bytes) -> NDArray[np.uint8]:
    """R'G'B' (H, W, 3) of a picture file."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


@pytest.fixture(scope="session")
def photographs() -> list[NDArray[np.uint8]]:
    """The project's own colour photographs."""
    return [
        decode((STILLS / f"{name}.jpg").read_bytes()) for name in ("astronaut", "cat", "coffee", "rocket")
    ]


@pytest.fixture(scope="session")
def real_photographs(shared: Path) -> list[NDArray[np.uint8]]:
    """A dozen photographs of everyday things."""
    with tarfile.open(shared / "data" / "photos" / "val2.tar") as archive:
        members = archive.getmembers()[::41][:12]
        return [decode(file.read()) for member in members if (file := archive.extractfile(member))]
