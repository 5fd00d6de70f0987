"""Small files that may be anything by now: what is no file is not waited for."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_regular(path: Path, most: int = -1) -> bytes:
    """The first ``most`` bytes of the file at ``path``, or all of them.

    Raises OSError where it can't be read, also where it is no regular file: a named pipe would never end.
    """
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 - a number
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"is no regular file: {path}")
        return file.read(most)
