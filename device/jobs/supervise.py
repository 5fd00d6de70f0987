"""A job in a process of its own: watched, held, stopped, and its end told apart.

It is done, or it failed, crashed, got stuck, or ran out of memory. The parent imports nothing of what the
child works with. When the parent goes, the kernel ends the child.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from device.engine import POLL_S
from device.engine.manners import let_end
from device.engine.memory import out_of_memory_kills
from device.errors import Interrupted, TintcastError
from device.jobs.child_memory import MemoryExceeded, Meter, data_bound
from device.jobs.serving import GO_ON, GRACE_S, STOP, Done, Failed, Hold, NoMemory, serve
from device.jobs.silence import Silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Stop

__all__ = ["Crashed", "MemoryExceeded", "Stalled", "Terms", "run_child", "serve"]

_log = logging.getLogger(__name__)
#: Runs a module as ``python -m`` does, with the parent's own search path: what it sees, the child sees.
_RUN = (
    "import json, runpy, sys; told = json.loads(sys.argv.pop(1)); sys.path[:] = told.pop('path');"
    " from device.jobs.serving import settle; settle(**told);"
    " runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)
#: How long a killed child may still take to be gone: a disk that does not answer keeps it (seconds).
_KILLED_S = 20.0
_KILLED_WHILE_STOPPING_S = 0.3
#: Libraries' last words when they are refused memory.
_MEMORY_WORDS = (
    "bad_alloc",
    "cannot allocate memory",
    "can't start new thread",
    "failed to allocate",
    "memory allocation",
    "memoryerror",
    "out of memory",
)


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a child may, and when. Each function is asked a few times a second, and must not wait.

    ``held``: why its work rests now, None: it goes on. ``leave``: why it has to end in good order now, as the
    error that ``run_child`` then raises; None: it may stay. ``memory_mb``: what it may have of its own, 0: no
    bound. ``low``: it stands back behind whatever else the board does; ``nice``: it only makes room for that.
    """

    held: Callable[[], str | None] = _nothing
    leave: Callable[[], TintcastError | None] = _nothing
    memory_mb: int = 0
    low: bool = False
    nice: int = 0


class Crashed(Exception):
    """The child died without a word; ``reason`` says how. The job turns this into its own error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stalled(Exception):
    """The child was alive, but made no progress for too long, and was killed."""


class _Gone(Exception):
    """The child closed its socket without a last word."""


_ANY = Terms()


def run_child(
    module: str,
    task: object,
    stop: Stop,
    alive: Callable[[Any], bool],
    *,
    stall_s: float,
    terms: Terms = _ANY,
) -> Any:
    """Run ``python -m module`` with ``task`` and return its result.

    ``alive(message)`` gets every other message of the child and says whether it shows progress; after
    ``stall_s`` seconds without any the child is killed; while it is held, or others keep it from the
    processor, none is expected.

    Raises the child's own error, Crashed, Stalled, MemoryExceeded, what ``terms.leave`` gave, and Interrupted
    when ``stop`` was set; the child ends in good order for the last two, or is killed where it does not.
    """
    kills = out_of_memory_kills()
    ours, theirs = Pipe()
    with ours:
        process = _start(module, theirs, terms)
        words = _Words(process.stderr)
        talk = _Talk(ours, stop, terms, process.pid)
        silence = Silence(process.pid, stall_s, time.monotonic())
        try:
            with contextlib.suppress(OSError):  # it died at once: what it said last follows
                ours.send(task)
            return talk.listen(alive, silence)
        except _Gone:
            raise talk.why or _death(process, words, kills, nearly_full=talk.nearly_full) from None
        finally:
            _end(process, _KILLED_WHILE_STOPPING_S if stop.is_set() else _KILLED_S)


def _start(module: str, theirs: Connection, terms: Terms) -> subprocess.Popen[bytes]:
    """Start the child in a session of its own: a terminal's Ctrl-C reaches the parent alone."""
    told = {
        "path": [str(Path(path).absolute()) for path in sys.path],
        "parent": os.getpid(),
        "data_mb": data_bound(terms.memory_mb),
        "low": terms.low,
        "nice": terms.nice,
    }
    # Few arenas: many threads allocate frames, and each arena would keep its own.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    with theirs:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _RUN, json.dumps(told), module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )


class _Talk:
    """The parent's side of the socket. ``why``: what is raised for a child that was asked to end."""

    def __init__(self, ours: Connection, stop: Stop, terms: Terms, pid: int) -> None:
        self.why: TintcastError | None = None
        self._ours = ours
        self._stop = stop
        self._terms = terms
        self._meter = Meter(pid, terms.memory_mb)
        self._pid = pid
        self._asked = 0.0
        self._held: str | None = None

    @property
    def nearly_full(self) -> bool:
        """As of ``Meter``."""
        return self._meter.nearly_full

    def listen(self, alive: Callable[[Any], bool], silence: Silence) -> Any:
        while True:
            self._ask_to_end()
            self._hold_or_release()
            message = self._hear()
            if isinstance(message, Done):
                return message.result
            if isinstance(message, Failed):
                raise self._failure(message.error)
            if isinstance(message, NoMemory):
                raise MemoryExceeded(f"was refused memory ({message.what})")
            progress = message is not None and alive(message)  # first: what is heard is not lost
            now = time.monotonic()
            self._meter.look(now)
            if self.why is not None:
                if now - self._asked > GRACE_S:
                    raise self.why
            elif progress or self._held is not None:
                silence.ends(now)
            elif silence.too_long(now):
                raise Stalled

    def _failure(self, error: TintcastError) -> Exception:
        if self.why is not None and isinstance(error, Interrupted):
            return self.why
        return MemoryExceeded(f"was refused memory ({error})") if self._meter.nearly_full else error

    def _ask_to_end(self) -> None:
        """Ask once; a stop outdoes every reason to leave."""
        asked = self.why is not None
        if self._stop.is_set():
            self.why = Interrupted()
        elif not asked:
            self.why = self._terms.leave()
        if self.why is not None and not asked:
            self._asked = time.monotonic()
            self._say(STOP)
            let_end(self._pid)

    def _hold_or_release(self) -> None:
        held = self._terms.held()
        if held != self._held:
            self._held = held
            self._say(GO_ON if held is None else Hold(held))

    def _say(self, word: str | Hold) -> None:
        with contextlib.suppress(OSError):
            self._ours.send(word)

    def _hear(self) -> Any:
        """The next message; None where there is none yet."""
        try:
            return self._ours.recv() if self._ours.poll(POLL_S) else None
        except (EOFError, ConnectionError):
            raise _Gone from None
        except Exception as error:  # noqa: BLE001 - a process whose memory is damaged says anything
            raise Crashed(f"said what nobody understands ({type(error).__name__})") from None


def _death(process: subprocess.Popen[bytes], words: _Words, kills: int, *, nearly_full: bool) -> Exception:
    """What to raise for a child that is gone; ``kills``: of the kernel's for want of memory, before it.

    ``nearly_full``: as of ``Meter``.
    """
    let_end(process.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_KILLED_S)
    code = process.returncode
    if code is None:
        return Stalled()
    last = words.last()
    how = f"ended with code {code}{last}" if code >= 0 else f"died of {_signal(-code)}"
    if words.of_memory or nearly_full:
        return MemoryExceeded(f"{how}, for want of memory")
    if code == -signal.SIGKILL and out_of_memory_kills() > kills:
        return MemoryExceeded("was killed: the machine ran out of memory")
    return Crashed(how)


def _signal(number: int) -> str:
    """Its name; those for real time have none but their number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Whatever happened: no child is left behind; a disk may hold one longer than ``patience_s``."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(POLL_S)
    if process.returncode is None:
        process.kill()
        let_end(process.pid)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            _log.warning("process %d was killed, and has not ended yet", process.pid)
            threading.Thread(target=process.wait, daemon=True).start()


class _Words:
    """What a child says on standard error: logged for those who ask, its last line kept."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self.of_memory = False
        self._line = ""
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def last(self) -> str:
        """The last line, in brackets; nothing where it said nothing."""
        self._thread.join(1)
        return f" ({self._line})" if self._line else ""

    def _read(self, stream: IO[bytes] | None) -> None:
        if stream is None:
            return
        with stream:
            for line in stream:
                self._line = line.decode(errors="replace").strip() or self._line
                self.of_memory |= any(word in self._line.lower() for word in _MEMORY_WORDS)
                _log.debug("child: %s", self._line)
