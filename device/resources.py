"""Files that come with the program: packed into an installed wheel, or beside ``device`` in a checkout."""

from __future__ import annotations

import importlib.metadata
import os
from importlib.resources import files
from pathlib import Path
from typing import Final

from device.errors import ConfigurationError, TintcastError, from_os_error

#: Where a wheel's ``device/bundled/...`` stands in a checkout, by its first part.
_CHECKOUT: Final = {"models": Path("models"), "demo.mp4": Path("tests/media/demo.mp4")}


def bundled(name: str) -> Path:
    """Path of the bundled file or folder ``name`` (``models``, ``models/compact.tflite``, ``demo.mp4``).

    Raises TintcastError where the installation lacks it.
    """
    device = Path(str(files("device")))
    first, *rest = name.split("/")
    candidates = [device / "bundled" / name]
    if first in _CHECKOUT:
        candidates.append(device.parent.joinpath(_CHECKOUT[first], *rest))
    for path in candidates:
        if path.exists():
            return path
    raise TintcastError(
        f"{name} is missing in this installation", where=device, hint="install tintcast again"
    )


def state_folder(role: str) -> Path:
    """The folder, for our eyes only, of what ``role`` remembers from run to run; made where missing.

    Under the service manager's STATE_DIRECTORY, else under the user's (XDG_STATE_HOME). Raises InputError or
    SpaceError where it can't be made.
    """
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    ours = os.environ.get("XDG_STATE_HOME", "") or Path.home() / ".local" / "state"
    folder = (Path(given) if given else Path(ours) / "tintcast") / role
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't make the folder") from None
    return folder


def read_password(path: Path | None) -> str | None:
    """First line of a password file; None without one. Raises ConfigurationError where it can't be read."""
    if path is None:
        return None
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigurationError(f"can't read the password: {reason}", where=path) from None


def version() -> str:
    """Version of the installed distribution; of a checkout that was never installed, that it is one."""
    try:
        return importlib.metadata.version("tintcast")
    except importlib.metadata.PackageNotFoundError:
        return "checkout"
