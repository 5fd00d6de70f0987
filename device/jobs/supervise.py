"""A job in a process of its own: watched, stopped, and its end told apart: done, failed, crashed, stuck.

The parent imports nothing of what the child works with. Messages are pickles over a socket pair that only
the two of them hold; when the parent goes, the child sees the socket close and stops by itself.
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
from device.errors import Interrupted, TintcastError

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Stop

_log = logging.getLogger(__name__)
#: How long a child may take to end in good order once it is asked to, in seconds.
GRACE_S = 5.0
#: Runs a module as ``python -m`` does, with the parent's own search path: what it sees, the child sees.
_RUN = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1));"
    " runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)
#: Words of the parent and of the child.
STOP = "stop"


@dataclass(frozen=True, slots=True)
class Done:
    """The child's last message when all went well."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The child's last message when something went wrong."""

    error: TintcastError


class Crashed(Exception):
    """The child died without a word; ``reason`` says how. The job turns this into its own error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stalled(Exception):
    """The child was alive, but made no progress for too long, and was killed."""


def run_child(module: str, task: object, stop: Stop, alive: Callable[[Any], bool], *, stall_s: float) -> Any:
    """Run ``python -m module`` with ``task`` and return its result.

    ``alive(message)`` gets every other message of the child and says whether it shows progress; after
    ``stall_s`` seconds without any the child is killed. Raises the child's own error, Crashed, Stalled, and
    Interrupted when ``stop`` was set.
    """
    ours, theirs = Pipe()
    with ours:
        process = _start(module, theirs)
        words = _Words(process.stderr)
        try:
            with contextlib.suppress(OSError):  # it died at once: what it said last follows
                ours.send(task)
            return _listen(ours, stop, alive, stall_s)
        except _Gone:
            raise _death(process, words, stopped=stop.is_set()) from None
        finally:
            _end(process)


def _start(module: str, theirs: Connection) -> subprocess.Popen[bytes]:
    """Start the child in a session of its own: a terminal's Ctrl-C reaches the parent alone."""
    paths = json.dumps([str(Path(path).absolute()) for path in sys.path])
    # Few arenas: many threads allocate frames, and each arena would keep its own.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    with theirs:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _RUN, paths, module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )


def _listen(
    ours: Connection,
    stop: Stop,
    alive: Callable[[Any], bool],
    stall_s: float,
) -> Any:
    heard = time.monotonic()
    asked: float | None = None
    while True:
        if stop.is_set() and asked is None:
            asked = time.monotonic()
            with contextlib.suppress(OSError):
                ours.send(STOP)
        try:
            message = ours.recv() if ours.poll(POLL_S) else None
        except (EOFError, ConnectionError):
            raise _Gone from None
        if isinstance(message, Done):
            return message.result
        if isinstance(message, Failed):
            raise message.error
        now = time.monotonic()
        if message is not None and alive(message):
            heard = now
        if asked is not None and now - asked > GRACE_S:
            raise Interrupted
        if asked is None and now - heard > stall_s:
            raise Stalled


class _Gone(Exception):
    """The child closed its socket without a last word."""


def _death(process: subprocess.Popen[bytes], words: _Words, *, stopped: bool) -> Exception:
    """What to raise for a child that is gone."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    if stopped:
        return Interrupted()
    code = process.returncode
    if code is None:
        return Stalled()
    if code >= 0:
        return Crashed(f"ended with code {code}{words.last()}")
    name = signal.Signals(-code).name
    killed = ", most likely for want of memory" if name == "SIGKILL" else ""
    return Crashed(f"died of {name}{killed}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever happened: no child is left behind."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(POLL_S)
    if process.returncode is None:
        process.kill()
        process.wait()


class _Words:
    """What a child says on standard error: logged for those who ask, and its last line kept."""

    def __init__(self, stream: IO[bytes] | None) -> None:
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
                _log.debug("child: %s", self._line)


def serve(number: int, work: Callable[[Any, Callable[[Any], None], Stop], Any], stop: Stop) -> int:
    """The child's side: take the task from socket ``number``, do ``work(task, send, stop)``, say how it went.

    Returns the exit code of the process.
    """
    with Connection(number) as parent:
        lock = threading.Lock()

        def send(message: Any) -> None:
            with lock, contextlib.suppress(OSError):  # without a parent the stop is on its way
                parent.send(message)

        task = parent.recv()
        threading.Thread(target=_obey, args=(parent, stop), daemon=True).start()
        try:
            last: Done | Failed = Done(work(task, send, stop))
        except TintcastError as error:
            last = Failed(error)
        except Exception as error:  # noqa: BLE001 - the parent reports it as our mistake
            _log.exception("in the child")
            last = Failed(TintcastError(f"a mistake of ours: {type(error).__name__}: {error}"))
        send(last)
        return 0 if isinstance(last, Done) else last.error.exit_code


def _obey(parent: Connection, stop: Stop) -> None:
    """Stop when the parent says so or is gone; end the process if that takes too long."""
    with contextlib.suppress(EOFError, OSError):
        while parent.recv() != STOP:
            pass
    stop.request()
    time.sleep(2 * GRACE_S)
    os._exit(Interrupted.exit_code)
