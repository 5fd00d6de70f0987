"""How a process of ours behaves on its board: it stands back, is bounded, and dies with its parent.

All of this is Linux's own, by ctypes where Python has no name for it. What a kernel refuses is left as it is:
manners are no reason not to work.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1
#: System call numbers of ``ioprio_set``; the generic table is every later architecture's.
_IOPRIO_SET = {"x86_64": 251, "i686": 289, "armv7l": 314}
_IOPRIO_SET_GENERIC = 30
_IOPRIO_WHO_PROCESS, _IOPRIO_IDLE = 1, 3 << 13
_NICEST = 19
#: Above a process of nobody's special care (0), below one that asks to be the first (1000).
_OOM_SCORE = 500
_MB = 1 << 20


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread of ``parent`` that started it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before
        os._exit(signal.SIGKILL)


def be_found_first() -> None:
    """Where memory runs out, this process goes before others of the board."""
    with contextlib.suppress(OSError, ValueError):
        path = Path("/proc/self/oom_score_adj")
        path.write_text(str(max(int(path.read_text()), _OOM_SCORE)))


def bound_memory(data_mb: int) -> None:
    """Refuse this process more than ``data_mb`` of data: what asks for more gets MemoryError.

    Counted are heaps, stacks of threads and private mappings that can be written, touched or not; what is
    only reserved, and the code of libraries, are not.
    """
    limit = data_mb * _MB
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def stand_back() -> None:
    """Compute and read only when nobody else wants to; for threads that are started after this."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _NICEST))
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with contextlib.suppress(OSError):
        # Sessions share the processor as groups, whatever is nice within them.
        Path("/proc/self/autogroup").write_text(str(_NICEST))
    number = _IOPRIO_SET.get(platform.machine(), _IOPRIO_SET_GENERIC)
    ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)


def let_end(pid: int) -> None:
    """Let ``pid``, in a session of its own, no longer stand back: on a busy board its end would take long."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("0")
