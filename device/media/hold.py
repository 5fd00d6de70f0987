"""The lock of a folder that one run at a time may have, and that goes with the folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from typing import TYPE_CHECKING, BinaryIO

from device.engine.processes import is_ending
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

#: The lock's name in its folder.
LOCK = "lock"
#: How long a process that was killed may keep a folder, in seconds: a slow disk's time for a whole film.
_LETS_GO_S = 90.0
#: So often a folder may go just when it is entered.
_ENTERS = 50


def enter(folder: Path) -> BinaryIO | None:
    """The lock of ``folder``, which is made if it is not there; None while another run has it.

    Raises OSError, and ConfigurationError where it, or its lock, is a link to somebody else's.
    """
    for _ in range(_ENTERS):
        refuse_link(folder)
        folder.mkdir(exist_ok=True)
        try:
            lock = _opened(folder / LOCK)
        except FileNotFoundError:
            continue  # whoever had it has just removed it
        if not _locked(lock):
            lock.close()
            return None
        if is_at(lock, folder):
            return lock
        lock.close()  # of a folder that is gone: where there is one again, that has another
    return None


def refuse_link(folder: Path) -> None:
    """Raise ConfigurationError where ``folder``, whose files are ours to delete, is a link to another."""
    if folder.is_symlink():
        raise ConfigurationError(
            "is a link, and what lies behind it may be somebody's", where=folder, hint="delete the link"
        )


def is_at(lock: BinaryIO, folder: Path) -> bool:
    """Whether ``lock`` is that of the folder that is there now."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), (folder / LOCK).stat())
    except OSError:
        return False


def _opened(path: Path) -> BinaryIO:
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            refuse_link(path)
        raise
    return os.fdopen(number, "r+b", buffering=0)


def _locked(file: BinaryIO) -> bool:
    """Lock ``file``, if no other process has it; one that was killed may need a while to let go."""
    deadline = time.monotonic() + _LETS_GO_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file.fileno(), 20, 0)
            if not (holder.isdigit() and is_ending(int(holder))) or time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            with contextlib.suppress(OSError):  # on a full disk nobody is waited for
                os.ftruncate(file.fileno(), 0)
                os.write(file.fileno(), str(os.getpid()).encode())
            return True
