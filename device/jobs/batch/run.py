"""``tintcast batch``: all films and pictures under a folder, one after the other, until nothing is left."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING

from device.errors import (
    ConfigurationError,
    InputError,
    MissingInput,
    NetworkFileError,
    from_os_error,
)
from device.jobs.batch.forecast import Forecast
from device.jobs.batch.queue import Queue
from device.jobs.batch.records import Ledger
from device.jobs.batch.results import adopt
from device.jobs.batch.sample import sample
from device.jobs.batch.scan import scan
from device.jobs.batch.turns import Turns
from device.jobs.supervise import Crashed, MemoryExceeded, Stalled, run_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.plan import Plan
    from device.jobs.batch.sample import Sampled
    from device.jobs.batch.status import Night
    from device.jobs.batch.turns import Summary
    from device.jobs.film_identity import Ground

#: Loading a network takes so long at most, on a small board (seconds).
_GROUND_S = 300.0


def run_batch(
    source: Path,
    out: Path,
    config: Config,
    *,
    night: Night,
    stop: Stop,
    say: Callable[[str], None],
    planned: Callable[[Plan], None] = lambda _: None,
) -> Summary:
    """Colorize all films and pictures under the folder ``source`` into the same tree under ``out``.

    One that fails is set aside, and the rest goes on. ``night`` says how it goes, and takes commands; ``say``
    gets lines for people; ``planned`` what the films will take, before the first begins.

    Raises MissingInput and InputError for a ``source`` that can't be, ConfigurationError for such an ``out``
    and while another run writes there, NetworkFileError, SpaceError where not even records can be written,
    and Interrupted once ``stop`` is set: all that is done stays, and the next run goes on from there.
    """
    check_folders(source, out)
    with Ledger(out).hold() as ledger:
        adopt(source, out, ledger)
        ground = ground_for(config, stop)
        run = Turns(
            source, out, config, ground, ledger=ledger, night=night, stop=stop, say=say, planned=planned
        )
        with ExitStack() as stack:
            if config.batch.mqtt:
                from device.jobs.batch.mqtt import NightMqtt  # noqa: PLC0415 - MQTT only where it is used

                stack.enter_context(NightMqtt(night, config.mqtt, out, say=say))
            return run.work()


def sample_batch(
    source: Path, out: Path, config: Config, *, stop: Stop, say: Callable[[str], None]
) -> Sampled | None:
    """Make a strip of every film under ``source``, for a person to decide by; errors as ``run_batch``.

    None where there is none.
    """
    check_folders(source, out)
    found = scan(source, out, sequences=bool(config.batch.rate))
    for error in found.unread:
        say(str(error))
    films = [item for item in found.items if item.kind != "picture" and not item.partial]
    if not films:
        return None
    with Ledger(out).hold():
        return sample(films, out, config, stop=stop, tell=say)


def plan_batch(
    source: Path,
    out: Path,
    config: Config,
    *,
    stop: Stop,
    say: Callable[[str], None],
    tell: Callable[[str], None],
) -> Plan | None:
    """What is left to do under ``source`` and how long it will take, measured; None where there are no films.

    Nothing is written, and files that are still arriving count as they are. ``say`` gets lines for people,
    ``tell`` how far it is. Errors as ``run_batch``.
    """
    check_folders(source, out)
    batch = config.batch.model_copy(update={"settle_seconds": 0.0})
    config = config.model_copy(update={"batch": batch})
    queue = Queue(source, out, config, ground_for(config, stop), Ledger(out))
    queue.look()
    for line in queue.remarks():
        say(line)
    return Forecast(out, config).measure(queue.todo, stop, tell, lambda: None)


def check_folders(source: Path, out: Path) -> None:
    """Raise what is wrong with the two folders, before anything is begun."""
    found, there = _status(source), _status(out)
    if found is None:
        raise MissingInput("no such file or folder", where=source)
    if not stat.S_ISDIR(found.st_mode):
        raise InputError(
            "is not a folder",
            where=source,
            hint="`tintcast film` takes one film, `tintcast photo` one picture",
        )
    if there is None:
        return
    if not stat.S_ISDIR(there.st_mode):
        raise ConfigurationError("is a file", where=out, hint="name a folder for the results")
    if os.path.samestat(found, there):
        raise ConfigurationError(
            "is the folder that is read", where=out, hint="name another one for the results"
        )


def _status(folder: Path) -> os.stat_result | None:
    """What stands there; None: nothing. Raises InputError where that can't be told."""
    try:
        return folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't be read") from None


def ground_for(config: Config, stop: Stop) -> Ground:
    """What all results stand on, asked of a process of its own. Raises NetworkFileError, Interrupted."""
    try:
        ground: Ground = run_child(
            "device.jobs.batch.ground_child", config, stop, lambda _: True, stall_s=_GROUND_S
        )
    except (Crashed, Stalled, MemoryExceeded) as error:
        raise NetworkFileError(f"can't be loaded: its process {error}", where=config.network.name) from None
    return ground
