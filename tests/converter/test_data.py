from __future__ import annotations

import io
import tarfile
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
    first = data.prepare(data.Collection(sources=(tar,)), tmp_path / "planes")
    stamp = (tmp_path / "planes" / "lightness.u8").stat().st_mtime_ns
    again = data.prepare(data.Collection(sources=(tar,)), tmp_path / "planes")
    assert len(first) == len(again) == 24
    assert (tmp_path / "planes" / "lightness.u8").stat().st_mtime_ns == stamp


def test_other_photographs_are_decoded_anew(tar: Path, folder: Path, tmp_path: Path) -> None:
    data.prepare(data.Collection(sources=(tar,)), tmp_path / "planes")
    assert len(data.prepare(data.Collection(sources=(folder,)), tmp_path / "planes")) == 3


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no photographs"):
        data.prepare(data.Collection(sources=(tmp_path / "empty",)), tmp_path / "planes")


def test_batches_depend_on_seed_and_number_alone(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path)
    parts = [batches.Part(photographs, np.arange(24))]
    with batches.Loader(parts, batch=5, seed=3) as loader:
        straight = [loader.batch(number, 32) for number in range(6)]
    with batches.Loader(parts, batch=5, seed=3) as loader:
        resumed = loader.batch(4, 32)
    with batches.Loader(parts, batch=5, seed=4) as loader:
        other = loader.batch(4, 32)
    assert np.array_equal(straight[4].inputs["grey"], resumed.inputs["grey"])
    assert np.array_equal(straight[4].ab, resumed.ab)
    assert not np.array_equal(other.inputs["grey"], resumed.inputs["grey"])


def test_a_batch_is_what_the_network_takes(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path)
    rng = np.random.default_rng(1)
    batch = batches.stack([batches.augmented(photographs, index, 64, rng) for index in range(8)])
    assert {name: array.shape for name, array in batch.inputs.items()} == {
        "grey": (8, 64, 64, 1),
        "local_hint": (8, 16, 16, 2),
        "mask": (8, 16, 16, 1),
        "global_hint": (8, 1, 1, 316),
    }
    assert (batch.ab.shape, batch.light.shape) == ((8, 16, 16, 2), (8, 16, 16, 1))
    assert {array.dtype for array in (*batch.inputs.values(), batch.ab, batch.light)} == {np.dtype("f4")}
    assert -1 <= batch.inputs["grey"].min() < batch.inputs["grey"].max() <= 1
    assert 20 < batch.light.mean() < 80


def test_colour_stays_under_its_own_lightness_when_windows_are_cut(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path)
    rng = np.random.default_rng(2)
    for index in range(24):
        example = batches.augmented(photographs, index, 64, rng)
        assert np.corrcoef(example.light.ravel(), example.ab[..., 1].ravel())[0, 1] < -0.9


def test_each_collection_has_its_share_and_small_pictures_none_of_large_inputs() -> None:
    def of_one_colour(a: int) -> data.Photographs:
        return data.Photographs(np.full((4, 64, 64), 128, np.uint8), np.full((4, 64, 64, 2), a, np.int8))

    parts = [
        batches.Part(of_one_colour(40), np.arange(4), share=0.75),
        batches.Part(of_one_colour(-40), np.arange(4), share=0.25, largest=32),
    ]

    def greens(size: int) -> int:
        with batches.Loader(parts, batch=8, seed=3) as loader:
            return int((loader.batch(0, size).ab.mean(axis=(1, 2, 3)) < 0).sum())

    assert greens(32) == 2
    assert greens(64) == 0


def test_what_is_small_left_out_and_grey(tmp_path: Path) -> None:
    names = ("a/red.png", "b/red.png", "b/grey.png")
    with tarfile.open(tmp_path / "small.tar", "w") as file:
        for name in names:
            pixels = np.full((64, 64, 3), 90, np.uint8)
            pixels[..., 2] = 200 if "red" in name else 90
            content = cv2.imencode(".png", pixels)[1].tobytes()
            member = tarfile.TarInfo(f"set/{name}")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    (tmp_path / "never.txt").write_text("# kept for judging\na/red.png\n")
    collection = data.Collection(
        sources=(tmp_path / "small.tar",), small=True, left_out=tmp_path / "never.txt", coloured_only=True
    )
    photographs = data.prepare(collection, tmp_path / "planes")
    assert photographs.lightness.shape == (1, 64, 64)
    assert photographs.ab.shape == (1, 64, 64, 2)
    everything = data.prepare(data.Collection(sources=collection.sources), tmp_path / "planes")
    assert everything.ab.shape == (3, 112, 112, 2)


def test_the_loaders_error_reaches_who_waits(tar: Path, tmp_path: Path) -> None:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path)
    with (
        batches.Loader([batches.Part(photographs, np.array([1000]))], batch=1, seed=1) as loader,
        pytest.raises(IndexError),
    ):
        loader.batch(0, 32)
