from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from converter import batches, data
from device.errors import InputError, MissingInput, UnreadablePicture

if TYPE_CHECKING:
    from pathlib import Path


def test_pictures_come_from_tars_and_folders_in_order(tar: Path, folder: Path) -> None:
    names = [name for name, _ in data.iterate_pictures([folder, tar])]
    assert names[:4] == ["0.png", "1.png", "2.png", "000000.png"]
    assert len(names) == 3 + 24


def test_pictures_are_rgb(folder: Path) -> None:
    _, first = next(data.iterate_pictures([folder]))
    stored = cv2.imread(str(folder / "0.png"))
    assert np.array_equal(first, stored[..., ::-1])


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [("broken.png", b"\x89PNG nothing", UnreadablePicture), ("broken.tar", b"nothing" * 100, InputError)],
)
def test_what_is_broken_is_named(tmp_path: Path, name: str, content: bytes, error: type[Exception]) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=name):
        list(data.iterate_pictures([tmp_path / name]))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="nowhere"):
        list(data.iterate_pictures([tmp_path / "nowhere"]))


def test_planes_hold_the_greys_lightness_and_the_pictures_ab() -> None:
    red = np.zeros((50, 80, 3), np.uint8)
    red[..., 0] = 200
    lightness, ab = data.lab_planes(red)
    grey = cv2.cvtColor(red, cv2.COLOR_RGB2GRAY)[0, 0] / 255
    linear = ((grey + 0.055) / 1.055) ** 2.4
    assert lightness.shape == (224, 224)
    assert abs(float(lightness[0, 0]) * 100 / 255 - (116 * np.cbrt(linear) - 16)) < 0.5
    expected = cv2.cvtColor(np.array([[[200 / 255, 0, 0]]], np.float32), cv2.COLOR_RGB2LAB)[0, 0, 1:]
    assert np.abs(ab.reshape(-1, 2) - expected).max() <= 0.5


def test_photographs_are_decoded_once(tar: Path, tmp_path: Path) -> None:
    first = data.prepare([tar], tmp_path / "planes")
    stamp = (tmp_path / "planes" / "lightness.u8").stat().st_mtime_ns
    again = data.prepare([tar], tmp_path / "planes")
    assert len(first) == len(again) == 24
    assert (tmp_path / "planes" / "lightness.u8").stat().st_mtime_ns == stamp


def test_other_photographs_are_decoded_anew(tar: Path, folder: Path, tmp_path: Path) -> None:
    data.prepare([tar], tmp_path / "planes")
    assert len(data.prepare([folder], tmp_path / "planes")) == 3


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no photographs"):
        data.prepare([tmp_path / "empty"], tmp_path / "planes")


def test_batches_depend_on_seed_and_number_alone(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare([tar], tmp_path)
    indices = np.arange(24)
    with batches.Loader(photographs, indices, batch=5, seed=3) as loader:
        straight = [loader.batch(number, 32) for number in range(6)]
    with batches.Loader(photographs, indices, batch=5, seed=3) as loader:
        resumed = loader.batch(4, 32)
    with batches.Loader(photographs, indices, batch=5, seed=4) as loader:
        other = loader.batch(4, 32)
    assert np.array_equal(straight[4].grey, resumed.grey)
    assert np.array_equal(straight[4].ab, resumed.ab)
    assert not np.array_equal(other.grey, resumed.grey)


def test_a_batch_is_what_the_network_takes(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare([tar], tmp_path)
    batch = batches.augmented_batch(photographs, np.arange(8), 64, np.random.default_rng(1))
    assert batch.grey.shape == (8, 64, 64, 1)
    assert batch.ab.shape == (8, 16, 16, 2)
    assert batch.grey.dtype == batch.ab.dtype == np.float32
    assert -1 <= batch.grey.min() < batch.grey.max() <= 1


def test_colour_stays_under_its_own_lightness_when_windows_are_cut(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare([tar], tmp_path)
    rng = np.random.default_rng(2)
    batch = batches.augmented_batch(photographs, np.arange(24), 64, rng)
    light = batch.grey.reshape(24, 16, 4, 16, 4).mean(axis=(2, 4))
    for grey, b in zip(light, batch.ab[..., 1], strict=True):
        assert np.corrcoef(grey.ravel(), b.ravel())[0, 1] < -0.8


def test_the_loaders_error_reaches_who_waits(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare([tar], tmp_path)
    with (
        batches.Loader(photographs, np.array([1000]), batch=1, seed=1) as loader,
        pytest.raises(IndexError),
    ):
        loader.batch(0, 32)
