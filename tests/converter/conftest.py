"""Small coloured pictures that can be learned from: what is light is blue, what is dark is red."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COUNT = 24


def coloured_picture(seed: int, height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """RGB of soft blobs whose hue follows their lightness."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (6, 8)).astype(np.float32)
    light = np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    lab = np.stack((20 + 60 * light, 35 - 50 * light, 30 - 70 * light), axis=-1).astype(np.float32)
    rgb = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)
    return np.rint(rgb * 255).astype(np.uint8)


@pytest.fixture(scope="session")
def tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COUNT pictures in a tar."""
    path = tmp_path_factory.mktemp("photos") / "photos.tar"
    with tarfile.open(path, "w") as file:
        for seed in range(COUNT):
            content = cv2.imencode(".png", coloured_picture(seed)[..., ::-1])[1].tobytes()
            member = tarfile.TarInfo(f"{seed:06d}.png")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures in a folder, and a file that is none."""
    path = tmp_path_factory.mktemp("folder")
    for seed in range(3):
        cv2.imwrite(str(path / f"{seed}.png"), coloured_picture(seed)[..., ::-1])
    (path / "notes.txt").write_text("not a picture")
    return path


@pytest.fixture(scope="session")
def points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 313 points of a grid of 10 Lab units that lie nearest to grey."""
    steps = np.arange(-110, 111, 10)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    path = tmp_path_factory.mktemp("points") / "points.npy"
    np.save(path, grid[np.argsort((grid**2).sum(axis=1), kind="stable")[:313]].astype(np.float64))
    return path


@pytest.fixture(scope="session")
def baseline_run(tar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``train --network baseline`` leaves after two steps."""
    from converter.cli import main  # noqa: PLC0415 - tests of data and files need no TensorFlow

    folder = tmp_path_factory.mktemp("baseline")
    arguments = ["train", "--network", "baseline", "--photos", str(tar), "--work", str(folder)]
    assert main([*arguments, "--pictures", "32"]) == 0
    return folder
