"""What is refused on the way into a network and out of it: other Keras files, no photographs, a full disk."""

from __future__ import annotations

import errno
import zipfile
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest

from converter import convert, origins
from converter.cli import main
from device.errors import NetworkFileError
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore:__array__ impl")]


def network(name: str, *, channels: int = 2, size: int | None = 32) -> keras.Model:
    """A convolution with stride 2."""
    keras.utils.set_random_seed(3)
    grey = keras.Input((size, size, 1))
    ab = keras.layers.Conv2D(channels, 3, 2, padding="same", activation="tanh")(grey)
    return keras.Model(grey, ab, name=name)


@pytest.mark.parametrize(
    "suffix", [".keras", pytest.param(".h5", marks=pytest.mark.filterwarnings("ignore"))]
)
def test_a_keras_network_is_converted_as_it_is(tmp_path: Path, suffix: str) -> None:
    model, path = network("stranger"), tmp_path / f"mine{suffix}"
    model.save(path)
    told = ["--grey-scale", "0.01", "--grey-offset", "-0.25", "--ab-scale", "128", "--data", "my album"]
    arguments = ["convert", "--keras", str(path), *told, "--recipe", "float32"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    light = np.random.default_rng(1).uniform(0, 100, (32, 32)).astype(np.float32)
    expected = np.asarray(model.predict_on_batch(light[None, ..., None] / 100 - 0.25))[0] * 128
    with Network.load(tmp_path / "out/mine.tflite") as loaded:
        assert np.abs(loaded.predict(light).ab - expected).max() < 0.01
    assert read_manifest(tmp_path / "out/mine.json").data == "my album"


def test_a_network_that_is_known_needs_no_words(tmp_path: Path) -> None:
    network("baseline").save(tmp_path / "b.keras")
    found = origins.from_keras(tmp_path / "b.keras")
    assert (found.grey, found.ab_scale) == ((1 / 50, -1.0), 110)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (network("stranger"), r"is a network named 'stranger': .*--grey-scale.*baseline"),
        (network("baseline", channels=3), r"takes \(32, 32, 1\) and gives \(16, 16, 3\), not grey and ab"),
        (network("baseline", size=None), "not one picture of a fixed size"),
    ],
)  # fmt: skip
def test_another_keras_network_is_told(model: keras.Model, says: str, tmp_path: Path) -> None:
    model.save(tmp_path / "b.keras")
    with pytest.raises(NetworkFileError, match=says):
        origins.from_keras(tmp_path / "b.keras")


def test_code_in_a_keras_file_is_not_run(tmp_path: Path) -> None:
    grey = keras.Input((32, 32, 1))
    keras.Model(grey, keras.layers.Lambda(lambda x: x * 2)(grey)).save(tmp_path / "code.keras")
    with pytest.raises(NetworkFileError, match=r"code\.keras: can't be opened: .*made of Keras's own layers"):
        origins.from_keras(tmp_path / "code.keras")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_what_is_no_keras_file_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.keras"
    path.write_bytes(content)
    with pytest.raises(NetworkFileError, match=r"x\.keras: is no \.keras and no \.h5 file"):
        origins.from_keras(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(NetworkFileError, match=r"x\.keras: can't be opened"):
        origins.from_keras(path)


@pytest.fixture
def saved(tmp_path: Path) -> list[str]:
    network("baseline").save(tmp_path / "b.keras")
    return ["convert", "--keras", str(tmp_path / "b.keras"), "--out", str(tmp_path / "out")]


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--recipe", "int8"], 2, "--calibration: recipe int8 needs photographs"),
        (["--recipe", "int8", "--calibration", "EMPTY"], 3, "empty: no photographs in it"),
        (["--calibration", "no.tar"], 3, "no.tar: no such file or folder"),
        (["--recipe", "int8", "--recipe", "int8"], 2, "--recipe: one recipe is named twice"),
        (["--recipe", "int4"], 2, "no recipe 'int4'"),
        (["--torch", "x.pth"], 2, "convert takes one of: a checkpoint"),
    ],
)
def test_a_mistake_leaves_one_line_and_no_file(
    saved: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    *,
    more: list[str],
    code: int,
    says: str,
) -> None:
    (tmp_path / "empty").mkdir()
    assert main([*saved, *(str(tmp_path / "empty") if word == "EMPTY" else word for word in more)]) == code
    error = capfd.readouterr().err.strip()
    assert says in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_caffes_files_come_together(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "--prototxt", "p.prototxt", "--out", str(tmp_path)]) == 2
    assert "--prototxt, --caffemodel and --points come together" in capfd.readouterr().err


@pytest.mark.parametrize("full_at", ["write", "move"])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    saved: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    full_at: str,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if full_at == "write":
        monkeypatch.setattr(convert.Path, "write_bytes", full)
    else:
        monkeypatch.setattr(convert, "move", full)
    assert main([*saved, "--recipe", "float32", "--recipe", "dynamic-int8"]) == 6
    assert "out: can't be written: no space left" in capfd.readouterr().err
    assert not list((tmp_path / "out").iterdir())
