"""The child's side of a job in a process of its own: it takes a task, obeys its parent, and says how it went.

Parent and child talk in pickles over a socket pair that only the two of them hold.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from device.engine import Stopped
from device.engine.manners import be_found_first, bound_memory, die_with, stand_back
from device.errors import Interrupted, TintcastError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.engine import Gate, Stop

_log = logging.getLogger(__name__)
#: How long a child may take to end in good order once it is asked to, in seconds: of the five that a service
#: manager's stop may take, some are left for the parent's own end.
GRACE_S = 2.5
#: OpenCV's own number for a lack of memory.
_CV_NO_MEMORY = -4
#: Letters of a library's own words that are worth repeating.
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Hold:
    """The parent's word that work is to rest."""

    reason: str


#: The parent's other words.
GO_ON = "go on"
STOP = "stop"


@dataclass(frozen=True, slots=True)
class Done:
    """The child's last message when all went well."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The child's last message when something went wrong."""

    error: TintcastError


@dataclass(frozen=True, slots=True)
class NoMemory:
    """The child's last message when it was refused memory; ``what``: as the refusal was told."""

    what: str


def settle(parent: int, *, data_mb: int, low: bool, nice: int) -> None:
    """Before anything else in a new child: whose it is, and how it behaves.

    ``data_mb``: bound of its memory, 0: none; ``low``: it stands back behind others; ``nice``: so much it is
    nicer than its parent.
    """
    die_with(parent)
    # A service manager sends its stop to every process of the service; ours hears of it from the parent.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    be_found_first()
    if data_mb:
        bound_memory(data_mb)
    if low:
        stand_back()
    os.nice(nice)


def serve(
    number: int,
    work: Callable[[Any, Callable[[Any], None], Stop], Any],
    stop: Stop,
    gate: Gate | None = None,
) -> int:
    """Take the task from socket ``number``, do ``work(task, send, stop)``, say how it went.

    ``gate``: held while the parent wants it so; a job without one can't be paused, only stopped.
    Returns the exit code of the process.
    """
    with Connection(number) as parent:
        lock = threading.Lock()

        def send(message: Any) -> None:
            with lock, contextlib.suppress(OSError):  # without a parent the stop is on its way
                parent.send(message)

        task = parent.recv()
        threading.Thread(target=_obey, args=(parent, stop, gate), daemon=True).start()
        last: Done | Failed | NoMemory
        try:
            last = Done(work(task, send, stop))
        except Stopped:
            last = Failed(Interrupted())
        except Exception as error:  # noqa: BLE001 - the parent reports what is none of ours
            last = _told(error)
        send(last)
        return _exit_code(last)


def _told(error: Exception) -> Failed | NoMemory:
    for each in _chain(error):
        if _wants_memory(each):
            return NoMemory(f"{type(each).__name__}: {each}".strip(": ")[:_LONGEST])
    if isinstance(error, TintcastError):
        return Failed(error)
    _log.exception("in the child", exc_info=error)
    return Failed(TintcastError(f"a mistake of ours: {type(error).__name__}: {error}"))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from; a suppressed context counts too."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _wants_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or getattr(error, "errno", None) == errno.ENOMEM
        or (type(error).__module__ == "cv2" and getattr(error, "code", None) == _CV_NO_MEMORY)
        or (isinstance(error, RuntimeError) and "can't start new thread" in str(error))
    )


def _exit_code(last: Done | Failed | NoMemory) -> int:
    if isinstance(last, Done):
        return 0
    return last.error.exit_code if isinstance(last, Failed) else 1


def _obey(parent: Connection, stop: Stop, gate: Gate | None) -> None:
    """Rest, go on and stop when the parent says so, stop where it is gone; end the process if that lasts."""
    with contextlib.suppress(EOFError, OSError):
        while (word := parent.recv()) != STOP:
            if gate is not None and isinstance(word, Hold):
                gate.hold(word.reason)
            elif gate is not None and word == GO_ON:
                gate.release()
    stop.request()
    time.sleep(2 * GRACE_S)
    os._exit(Interrupted.exit_code)
