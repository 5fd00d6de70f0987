"""A disk as a whole, where many small files are to reach it at once."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_disk(folder: Path) -> None:
    """Bring to the disk all that was written to the file system of ``folder``, and wait for no other disk.

    Raises OSError where it could not be.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(number):
            raise OSError(code := ctypes.get_errno(), os.strerror(code))
    finally:
        os.close(number)
