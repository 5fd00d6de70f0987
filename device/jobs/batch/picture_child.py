"""Pictures of a night, in this process: each by the code of ``tintcast photo``."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from device.engine import Gate, Stop
from device.jobs.batch.one_by_one import do_each
from device.jobs.batch.picture_task import PictureDone, PictureTask
from device.jobs.hinting import palette_of_picture
from device.jobs.photo_develop import Developer, Outcome
from device.jobs.photo_plan import COMPARE, Place
from device.jobs.photo_tint import PhotoTinter
from device.jobs.serving import serve
from device.media.made_by import MadeBy
from device.network import Network
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.batch.one_by_one import Send
    from device.jobs.batch.scan import Item

#: At most so many threads on one picture.
_MOST_THREADS = 4


def work(task: PictureTask, send: Send, stop: Stop, *, gate: Gate) -> None:
    """Do every picture of ``task``; while ``gate`` is held, rest before the next."""
    config, settings = task.config, task.config.network
    with Network.load(settings.name, settings.threads, settings.runtime) as network:
        tinter = PhotoTinter(
            network,
            config.colour,
            palette=palette_of_picture(config.hints.reference),
            threads=min(len(os.sched_getaffinity(0)), _MOST_THREADS),
        )
        notes: list[str] = []
        developer = Developer(
            tinter,
            MadeBy(network.manifest.name, version()),
            overwrite=True,
            compare=False,
            quality=config.photo.quality or None,
            note=lambda _path, text: notes.append(text),
        )

        def develop(item: Item, _beat: Callable[[], None]) -> PictureDone:
            gate.wait()
            notes.clear()
            began = time.monotonic()
            result, kept = task.places[item.relative]
            place = Place(item.path, result, kept, compare=result.with_name(result.name + COMPARE))
            developed = developer.develop(place, pair=False)
            return PictureDone(
                passed=developed.outcome is Outcome.PASSED,
                seconds=time.monotonic() - began,
                network_ms=tinter.network_ms,
                notes=tuple(notes),
            )

        do_each(task.items, send, stop, develop)


if __name__ == "__main__":
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING)
    ending = Stop()
    resting = Gate(ending)
    sys.exit(serve(int(sys.argv[1]), partial(work, gate=resting), ending, resting))
