"""A screen that nobody sees, and what is on it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageGrab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@contextmanager
def virtual_screen(size: tuple[int, int] = (800, 600)) -> Iterator[str]:
    """Name of an X display of its own."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{size[0]}x{size[1]}x24",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(20)


def screenshot(display: str) -> NDArray[np.uint8]:
    """What is on that display: (rows, columns, 3), RGB."""
    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))
