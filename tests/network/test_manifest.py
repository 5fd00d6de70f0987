from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import NetworkFileError, TintcastError
from device.network import (
    Input,
    InputRole,
    Manifest,
    Output,
    OutputRole,
    Source,
    read_manifest,
    write_manifest,
)

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = Manifest(
    name="compact",
    file="compact.tflite",
    sha256="0" * 64,
    architecture="compact",
    recipe="int8",
    inputs=(
        Input(name="grey", role=InputRole.GREY, size=(224, 224), scale=0.01, offset=-0.5),
        Input(name="hint", role=InputRole.LOCAL_HINT, size=(56, 56), channels=2, scale=1 / 110),
        Input(name="mask", role=InputRole.MASK, size=(56, 56), scale=1.0),
        Input(name="palette", role=InputRole.GLOBAL_HINT, size=(1, 1), channels=316, scale=1.0),
    ),
    outputs=(
        Output(name="ab", role=OutputRole.AB, size=(56, 56), channels=2, scale=110.0),
        Output(name="logits", role=OutputRole.LOGITS, size=(56, 56), channels=313),
    ),
    source=Source(weights="compact.keras", sha256="1" * 64),
    calibration="200 photographs",
    quality={"PSNR on val (dB)": 23.1},
    speed={"ms on 2 threads": 3},
    licence="Apache-2.0",
    data="photographs",
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "compact.json"
    write_manifest(MANIFEST, path)
    return path


def altered(path: Path, place: list[str | int], value: Any) -> Path:
    """The manifest at ``path`` with one value changed, or its key taken away where ``value`` is ``...``."""
    content = json.loads(path.read_text())
    inner = content
    for part in place[:-1]:
        inner = inner[part]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    path.write_text(json.dumps(content))
    return path


def refusal(path: Path) -> str | None:
    try:
        read_manifest(path)
    except NetworkFileError as error:
        return str(error)
    return None


def test_what_is_written_is_read_back(written: Path) -> None:
    assert read_manifest(written) == MANIFEST


def test_roles_find_their_tensors() -> None:
    assert MANIFEST.grey.name == "grey"
    assert MANIFEST.grey.shape == (1, 224, 224, 1)
    assert MANIFEST.ab.shape == (1, 56, 56, 2)
    assert MANIFEST.logits is not None
    assert MANIFEST.logits.name == "logits"
    assert replace(MANIFEST, outputs=MANIFEST.outputs[:1]).logits is None


@pytest.mark.parametrize(
    ("place", "value", "names"),
    [
        (["format"], 2, ["format = 2", "should be 1"]),
        (["format"], "1", ["format = '1'"]),
        (["recipe"], ..., ["recipe is missing"]),
        (["mood"], "good", ["mood is not a key"]),
        (["licence"], "", ["licence = ''", "at least 1 character"]),
        (["sha256"], "12", ["sha256 = '12'", "pattern"]),
        (["name"], "../x", ["name = '../x'"]),
        (["file"], "/etc/passwd", ["file = '/etc/passwd'"]),
        (["file"], "../other.tflite", ["file = '../other.tflite'"]),
        (["inputs"], [], ["inputs need exactly one of role 'grey', not 0"]),
        (["inputs"], "grey", ["inputs = 'grey'"]),
        (["inputs", 0, "role"], "gray", ["inputs.0.role = 'gray'", "'grey', 'local hint', 'mask'"]),
        (["inputs", 1, "role"], "grey", ["exactly one of role 'grey', not 2"]),
        (["inputs", 1, "name"], "grey", ["two of one name"]),
        (["inputs", 2], ..., ["'local hint' and 'mask' come together"]),
        (["inputs", 2, "size"], [28, 28], ["local hint (1, 56, 56, 2) and mask (1, 28, 28, 1)"]),
        (["inputs", 1, "channels"], 3, ["local hint (1, 56, 56, 3)"]),
        (["inputs", 3, "channels"], 313, ["global hint has shape (1, 1, 1, 313), not (1, 1, 1, 316)"]),
        (["inputs", 0, "channels"], 3, ["the grey input has 1 channel, not 3"]),
        (["inputs", 0, "scale"], "x", ["inputs.0.scale = 'x'", "valid number"]),
        (["inputs", 0, "scale"], 0, ["inputs.0.scale = 0", "greater than 0"]),
        (["inputs", 0, "size"], [224], ["inputs.0.size.1 is missing"]),
        (["inputs", 0, "size", 0], True, ["inputs.0.size.0 = True"]),
        (["inputs", 0, "size", 0], 0, ["inputs.0.size.0 = 0"]),
        (["inputs", 0, "sizes"], 1, ["inputs.0.sizes is not a key"]),
        (["outputs"], [], ["outputs need exactly one of role 'ab', not 0"]),
        (["outputs", 0, "channels"], 3, ["the ab output has 2 channels, not 3"]),
        (["outputs", 0, "channels"], ..., ["outputs.0.channels is missing"]),
        (["source"], None, ["source = None"]),
        (["source", "sha256"], ..., ["source.sha256 is missing"]),
        (["quality", "PSNR on val (dB)"], "good", ["quality.PSNR on val (dB) = 'good'"]),
        (["speed"], [], ["speed = []"]),
    ],
)
def test_a_wrong_value_is_one_line_with_file_key_and_value(
    written: Path, place: list[str | int], value: Any, names: list[str]
) -> None:
    with pytest.raises(NetworkFileError) as caught:
        read_manifest(altered(written, place, value))
    line = str(caught.value)
    assert line.startswith(f"{written}: ")
    assert "\n" not in line
    for name in names:
        assert name in line


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"quality": NaN}', "\xff"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(NetworkFileError, match=r"x\.json"):
        read_manifest(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_numbers_are_finite(written: Path, value: str) -> None:
    written.write_text(written.read_text().replace("23.1", value))
    with pytest.raises(NetworkFileError):
        read_manifest(written)


@given(
    key=st.sampled_from([field.name for field in fields(Manifest)]),
    value=st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4),
)
def test_any_value_anywhere_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.json"
    write_manifest(MANIFEST, path)
    altered(path, [key], value)
    line = refusal(path)
    if line is None:
        assert getattr(read_manifest(path), key) == value
    else:
        assert "\n" not in line
        assert key in line


def test_no_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match="the manifest can't be read: no such file"):
        read_manifest(tmp_path / "none.json")


def test_what_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(NetworkFileError, match="exactly one"):
        write_manifest(replace(MANIFEST, outputs=()), path)
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_json_lacks_leaves_the_old_manifest_alone(written: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_manifest(replace(MANIFEST, quality={"x": float("nan")}), written)
    assert read_manifest(written) == MANIFEST
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_writing_where_there_is_no_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TintcastError, match="no such file or folder"):
        write_manifest(MANIFEST, tmp_path / "none" / "x.json")
