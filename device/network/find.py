"""Finds a network by name or path: bundled with the program, the system's, the user's."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from device.errors import NetworkFileError, TintcastError
from device.resources import bundled

#: Folders of the whole system: what packages bring, what was added on this machine.
SYSTEM_FOLDERS: Final = (Path("/usr/share/tintcast/models"), Path("/var/lib/tintcast/models"))

#: What names end with of networks that are only asked for likely colours, beside the one that makes pictures.
LIKELY: Final = "-likely"

#: Known networks that are not bundled, each with the arguments that ``convert`` makes it with.
_TO_MAKE: Final = {
    "zhang16": "--prototxt P --caffemodel W --points F",
    "zhang16-norebal": "--prototxt P --caffemodel W --points F",
    "siggraph17": "--torch F",
}


def network_folders() -> list[Path]:
    """Where networks are looked for, in this order, there or not."""
    folders = [*SYSTEM_FOLDERS, _user_folder()]
    with suppress(TintcastError):
        folders.insert(0, bundled("models"))
    return folders


def available_networks() -> dict[str, Path]:
    """Every network that can be asked for by name, with its .tflite; the first folder that has it wins.

    Those that are only asked for likely colours are left out.
    """
    return {name: path for name, path in _all_networks().items() if not name.endswith(LIKELY)}


def find_network(name_or_path: str | Path) -> Path:
    """Path of the .tflite of a network, given its name or its path (of the .tflite or of its manifest).

    Raises NetworkFileError, which for a name says what there is.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or text.endswith((".tflite", ".json")):
        return _at(Path(os.path.expanduser(text)))  # noqa: PTH111 - Path's raises where there is no home
    if text in (everything := _all_networks()):
        return everything[text]
    available = available_networks()
    there = f"there are {', '.join(available)}" if available else "there are none"
    if text in _TO_MAKE:
        hint = (
            f"make it on a workstation: `tintcast-convert fetch {text}`, then `tintcast-convert convert "
            f"{_TO_MAKE[text]} --name {text} --out DIR`; copy {text}.tflite and {text}.json to "
            f"{_user_folder()}"
        )
        raise NetworkFileError("is not here", where=text, hint=f"{hint}; {there}")
    raise NetworkFileError("no network has this name", where=text, hint=f"{there}; or give a path")


def _all_networks() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in network_folders():
        for path in sorted(folder.glob("*.tflite")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def _at(path: Path) -> Path:
    network = path.with_suffix(".tflite") if path.suffix == ".json" else path
    if not network.is_file():
        raise NetworkFileError("no such file", where=network, hint="give a name, or the path of a .tflite")
    return network


def _user_folder() -> Path:
    home = os.path.expanduser("~/.local/share")  # noqa: PTH111 - as above
    return Path(os.environ.get("XDG_DATA_HOME") or home) / "tintcast/models"
