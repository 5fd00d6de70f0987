"""A child process that ends in whatever way its task says."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from device.engine import Stop
from device.errors import Interrupted, UnreadableFilm
from device.jobs.supervise import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    Send = Callable[[Any], None]


def fail(_send: Send, _stop: Stop) -> None:
    raise UnreadableFilm("is broken", where="a.mp4", hint="mend it")


def bug(_send: Send, _stop: Stop) -> None:
    raise ZeroDivisionError("nought")


def segfault(_send: Send, _stop: Stop) -> None:
    ctypes.string_at(0)


def leave(_send: Send, _stop: Stop) -> None:
    os._exit(3)


def hang(_send: Send, _stop: Stop) -> None:
    time.sleep(60)


def still(send: Send, stop: Stop) -> None:
    """Alive, but it gets nowhere."""
    while not stop.wait(0.1):
        send("begun")


def busy(send: Send, _stop: Stop) -> None:
    for n in range(12):
        time.sleep(0.1)
        send(n)


def wait(_send: Send, stop: Stop) -> None:
    stop.wait(60)
    raise Interrupted


TASKS = {each.__name__: each for each in (fail, bug, segfault, leave, hang, still, busy, wait)}


def work(task: str, send: Send, stop: Stop) -> str:
    send("begun")
    if task in TASKS:
        TASKS[task](send, stop)
    return task.upper()


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), work, Stop()))
