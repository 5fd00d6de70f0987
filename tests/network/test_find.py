from __future__ import annotations

from pathlib import Path

import pytest

from device.errors import NetworkFileError
from device.network import available_networks, find, find_network


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Empty folders in place of the bundled, the system's and the user's."""
    made = {name: tmp_path / name for name in ("bundled", "system", "local", "data/tintcast/models")}
    for folder in made.values():
        folder.mkdir(parents=True)
    monkeypatch.setattr(find, "bundled", lambda _name: made["bundled"])
    monkeypatch.setattr(find, "SYSTEM_FOLDERS", (made["system"], made["local"]))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    made["user"] = made.pop("data/tintcast/models")
    return made


def put(folder: Path, name: str) -> Path:
    path = folder / f"{name}.tflite"
    path.touch()
    return path


@pytest.mark.parametrize("place", ["bundled", "system", "local", "user"])
def test_a_name_is_found_in_every_folder(folders: dict[str, Path], place: str) -> None:
    path = put(folders[place], "mine")
    put(folders["user"], "other")
    assert find_network("mine") == path


def test_bundled_comes_before_the_systems_before_the_users(folders: dict[str, Path]) -> None:
    for place in ("user", "local", "system", "bundled"):
        path = put(folders[place], "same")
        assert find_network("same") == path
        assert available_networks() == {"same": path}


def test_an_unknown_name_says_which_there_are(folders: dict[str, Path]) -> None:
    put(folders["bundled"], "compact")
    put(folders["user"], "mine")
    with pytest.raises(NetworkFileError, match=r"compct: no network has this name \(there are compact, mine"):
        find_network("compct")


def test_where_there_is_none_it_says_so(folders: dict[str, Path]) -> None:
    assert available_networks() == {}
    with pytest.raises(NetworkFileError, match="there are none"):
        find_network("compact")
    assert folders["user"].is_dir()


def test_zhang16_says_how_to_get_it(folders: dict[str, Path]) -> None:
    with pytest.raises(NetworkFileError) as caught:
        find_network("zhang16")
    line = str(caught.value)
    assert "tintcast-convert fetch zhang16" in line
    assert "tintcast-convert convert --prototxt P --caffemodel W --points F --name zhang16" in line
    assert "zhang16.tflite and zhang16.json" in line
    assert str(folders["user"]) in line
    path = put(folders["user"], "zhang16")
    assert find_network("zhang16") == path


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "own")
    assert find_network(path) == path
    assert find_network(str(path)) == path
    assert find_network(path.with_suffix(".json")) == path
    monkeypatch.chdir(tmp_path)
    assert find_network("own.tflite") == Path("own.tflite")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_network("~/own.tflite") == path


@pytest.mark.parametrize("name", ["none.tflite", "./none", "a/b.json"])
def test_a_path_without_a_file_is_named(name: str) -> None:
    with pytest.raises(NetworkFileError, match="no such file"):
        find_network(name)


def test_a_folder_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match="no such file"):
        find_network(tmp_path)
