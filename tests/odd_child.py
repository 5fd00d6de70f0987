"""A child process that ends in whatever way its task says."""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from device.engine import Gate, Leases, Stop
from device.errors import Interrupted, UnreadableFilm
from device.jobs.supervise import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    Send = Callable[[Any], None]

MB = 1 << 20


def fail(_send: Send, _stop: Stop, _gate: Gate) -> None:
    raise UnreadableFilm("is broken", where="a.mp4", hint="mend it")


def bug(_send: Send, _stop: Stop, _gate: Gate) -> None:
    raise ZeroDivisionError("nought")


def segfault(_send: Send, _stop: Stop, _gate: Gate) -> None:
    ctypes.string_at(0)


def leave(_send: Send, _stop: Stop, _gate: Gate) -> None:
    os._exit(3)


def hang(_send: Send, _stop: Stop, _gate: Gate) -> None:
    time.sleep(60)


def still(send: Send, stop: Stop, _gate: Gate) -> None:
    """Alive, but it gets nowhere."""
    while not stop.wait(0.1):
        send("begun")


def busy(send: Send, _stop: Stop, _gate: Gate) -> None:
    for n in range(12):
        time.sleep(0.25)
        send(n)


def wait(_send: Send, stop: Stop, _gate: Gate) -> None:
    stop.wait(60)
    raise Interrupted


def count(send: Send, stop: Stop, gate: Gate) -> None:
    """Work that rests while it is held, told by its lease, and goes on where it was."""
    lease = Leases().lease("work")
    said = threading.Thread(target=_say_why, args=(send, stop, lease), daemon=True)
    said.start()
    for n in itertools.count():
        gate.wait(lease)
        send(n)
        if stop.wait(0.02):
            raise Interrupted


def _say_why(send: Send, stop: Stop, lease: Any) -> None:
    while not stop.wait(0.02):
        if lease.waiting_for is not None:
            send(("waits", lease.waiting_for))


def creep(_send: Send, stop: Stop, _gate: Gate) -> None:
    """Needs more and more, piece by piece."""
    held = []
    while not stop.wait(0.02):
        held.append(b"\xff" * (8 * MB))


def jump(_send: Send, _stop: Stop, _gate: Gate) -> None:
    """Wants a great deal at once."""
    bytearray(64 << 30)


def reserve(_send: Send, _stop: Stop, _gate: Gate) -> None:
    """Reserves addresses, as allocators and runtimes do, without any memory behind them."""
    mmap.mmap(-1, 64 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()


def abort(_send: Send, _stop: Stop, _gate: Gate) -> None:
    """What a C++ library does that is refused memory."""
    os.write(
        2, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n"
    )
    os.abort()


def nonsense(_send: Send, stop: Stop, _gate: Gate) -> None:
    """A process whose memory is damaged says anything."""
    os.write(int(sys.argv[1]), b"\x00\x00\x00\x08\xffrubbish")
    stop.wait(60)


def scream(_send: Send, _stop: Stop, _gate: Gate) -> None:
    os.kill(os.getpid(), 9)


def oddly(_send: Send, _stop: Stop, _gate: Gate) -> None:
    """By a signal that has no name."""
    os.kill(os.getpid(), 40)


TASKS = {
    each.__name__: each
    for each in (
        fail, bug, segfault, leave, hang, still, busy, wait, count, creep, jump, reserve, abort,
        nonsense, scream, oddly,
    )
}  # fmt: skip


def work(task: str, send: Send, stop: Stop, *, gate: Gate) -> str:
    send("begun")
    if task in TASKS:
        TASKS[task](send, stop, gate)
    return task.upper()


if __name__ == "__main__":
    ending = Stop()
    resting = Gate(ending)
    sys.exit(serve(int(sys.argv[1]), partial(work, gate=resting), ending, resting))
