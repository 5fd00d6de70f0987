"""State dicts as PyTorch writes them (see data/make.py), read without it; and what is refused."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from converter.weights.torch import read_state_dict
from device.errors import MissingInput, NetworkFileError, TintcastError

DATA = Path(__file__).parent / "data"
FORMATS = ("zip.pth", "legacy.pth")


@pytest.mark.parametrize("name", [*FORMATS, "nested.pth"])
def test_every_tensor_is_read_as_it_was(name: str) -> None:
    weights = read_state_dict(DATA / name)
    whole = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    expected = {
        "conv.weight": np.linspace(-1, 1, 18, dtype=np.float32).reshape(2, 1, 3, 3),
        "conv.bias": np.array([0.5, -0.25]),
        "half": np.array([1.5, -2]),
        "brain": np.array([1.5, -2]),
        "double": np.array([0.1]),
        "turned": whole.transpose(2, 0, 1),
        "part": whole[1, 1:],
    }
    assert weights.keys() == expected.keys()  # how many batches a norm has seen is no weight
    for key, array in expected.items():
        assert weights[key].dtype == np.float32
        np.testing.assert_allclose(weights[key], array, rtol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", ["code-zip.pth", "code-legacy.pth"])
def test_code_is_never_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkFileError, match=rf"{name}: names (io|_io|builtins)\.open, which is no weight"):
        read_state_dict(DATA / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "says"),
    [("module.pth", "which is no weight"), ("list.pth", r"holds a list \(expected a state dict")],
)
def test_what_is_no_state_dict_is_said(name: str, says: str) -> None:
    with pytest.raises(NetworkFileError, match=says):
        read_state_dict(DATA / name)


@pytest.mark.parametrize("content", [b"", b"layer { name: 'x' }", pickle.dumps({"a": 1}), b"\x80\x02."])
def test_other_files_are_none_of_pytorchs(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(NetworkFileError, match=r"x\.pth: is no file of PyTorch's \(expected a state dict"):
        read_state_dict(path)
    with pytest.raises(MissingInput, match=r"no\.pth"):
        read_state_dict(tmp_path / "no.pth")


def test_a_zip_that_unpacks_to_more_than_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", pickle.dumps({}))
        archive.writestr("x/data/0", bytes(1 << 20))
    with pytest.raises(NetworkFileError, match="unpacks to more than it is"):
        read_state_dict(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(FORMATS),
    cut=st.floats(0, 0.999),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=4),
)
@example(name="zip.pth", cut=0.0, flips=[(0.9891490227629689, 1)])  # its last part is on another disk
def test_damage_is_one_line(name: str, cut: float, flips: list[tuple[float, int]], tmp_path: Path) -> None:
    content = bytearray((DATA / name).read_bytes())
    for place, bits in flips:
        content[int(place * len(content))] ^= bits
    path = tmp_path / "damaged.pth"
    path.write_bytes(content[: int(len(content) * (1 - cut))] if not flips else content)
    try:
        weights = read_state_dict(path)
    except TintcastError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either outcome is right
        return
    assert all(array.dtype == np.float32 for array in weights.values())
