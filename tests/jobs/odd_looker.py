"""A child process that looks at films, and comes to grief over those whose name says so."""

from __future__ import annotations

import ctypes
import sys
import time
from typing import TYPE_CHECKING, Any

from device.engine import Stop
from device.errors import NetworkFileError, UnreadableFilm
from device.jobs.batch.one_by_one import do_each
from device.jobs.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.batch.scan import Item


def look(item: Item, beat: Callable[[], None]) -> str:
    beat()
    name = item.path.stem
    if name == "crash":
        ctypes.string_at(0)
    if name == "hang":
        time.sleep(60)
    if name == "refuse":
        raise UnreadableFilm("is broken")
    if name == "network":
        raise NetworkFileError("is gone")
    return name.upper()


def work(items: tuple[Item, ...], send: Callable[[Any], None], stop: Stop) -> None:
    do_each(items, send, stop, look)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), work, Stop()))
