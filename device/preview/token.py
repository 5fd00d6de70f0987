"""The token that opens the page to the network, and the address that holds it."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, MissingInput, from_os_error

if TYPE_CHECKING:
    from pathlib import Path

    from device.config import PreviewSettings

_TOKEN_FILE = "preview-token"  # noqa: S105 - a file's name
_SERVED_FILE = "preview-served"
_BYTES = 16
_TOKEN = re.compile(r"[A-Za-z0-9_~.-]{16,128}")


def keep_token(folder: Path) -> str:
    """The token in ``folder``, made where there is none: 128 random bits in a file for our eyes only.

    Raises ConfigurationError where the file holds something else, InputError or SpaceError where it can't be
    read or written.
    """
    path = folder / _TOKEN_FILE
    try:
        return _read(path)
    except FileNotFoundError:
        token = secrets.token_urlsafe(_BYTES)
        _write(path, token)
        return token


def keep_served(folder: Path, port: int, *, lan: bool) -> None:
    """Remember how the page is served, for who asks for its address later. Raises as ``keep_token``."""
    _write(folder / _SERVED_FILE, json.dumps({"port": port, "lan": lan}))


def page_address(port: int, token: str | None) -> str:
    """The page's address: of this machine for itself, or, with a token, for the network around it."""
    if token is None:
        return f"http://localhost:{port}/"
    return f"http://{host_name()}:{port}/?token={token}"


def stored_address(folder: Path, settings: PreviewSettings) -> str:
    """The address that a page serves or last served, by its files in ``folder``; before, that it will.

    Raises MissingInput where that is not known yet, InputError for who may not read the token.
    """
    port, lan = _served(folder) or (settings.port, settings.lan)
    path = folder / _TOKEN_FILE
    try:
        token = _read(path) if lan else None
    except FileNotFoundError:
        token = ""
    if not port or token == "":
        raise MissingInput("the page was not served yet", where=folder, hint="start tintcast live first")
    return page_address(port, token)


def host_name() -> str:
    """The name of this machine in its own network (mDNS)."""
    return f"{socket.gethostname().partition('.')[0].lower() or 'localhost'}.local"


def _served(folder: Path) -> tuple[int, bool] | None:
    """Port, and whether on the network; None where it never was, or is not known."""
    path = folder / _SERVED_FILE
    try:
        served = json.loads(path.read_text(encoding="utf-8"))
        return int(served["port"]), bool(served["lan"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from None


def _read(path: Path) -> str:
    """What the file holds. Raises FileNotFoundError where there is none; an empty one counts as none."""
    try:
        token = path.read_text(encoding="utf-8", errors="replace").strip()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from None
    if not token:
        raise FileNotFoundError(path)
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError(
            "a token is 16 to 128 letters, digits and _ ~ . -",
            where=path,
            hint="delete the file, and a new one is made",
        )
    return token


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be written") from None
