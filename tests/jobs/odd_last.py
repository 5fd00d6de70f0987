"""A child process that does all it is told to, in the way that each name says, and then crashes."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from device.engine import Stop
from device.errors import UnreadableFilm
from device.jobs.batch.one_by_one import Began, Got, Refused
from device.jobs.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.batch.scan import Item


def work(items: tuple[Item, ...], send: Callable[[Any], None], _stop: Stop) -> None:
    for item in items:
        send(Began(item.relative))
        refused = Refused(item.relative, UnreadableFilm("is broken"))
        send(refused if "refuse" in item.relative else Got(item.relative, "fine"))
        if "crash" in item.relative:
            break
    ctypes.string_at(0)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), work, Stop()))
