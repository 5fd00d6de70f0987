"""What the kernel says of a process: how long others kept it from the processor, and whether it is ending."""

from __future__ import annotations

import signal
from pathlib import Path

_NS = 1e-9
_PROC = Path("/proc")
#: Of a process's flags, ninth word of its stat (counted from the state that follows its name: the seventh).
_FLAGS, _EXITING = 6, 0x4
_KILL = 1 << (signal.SIGKILL - 1)


def waited_s(pid: int, proc: Path = _PROC) -> float:
    """Seconds that threads of ``pid`` could have run and were not let, all together, since each began.

    0 where the kernel does not tell (it does with CONFIG_SCHED_INFO), or the process has gone.
    """
    return sum(_waited_ns(thread) for thread in (proc / str(pid) / "task").glob("*/schedstat")) * _NS


def is_ending(pid: int, proc: Path = _PROC) -> bool:
    """Whether ``pid`` has gone, or was killed and is about to: a disk or a busy board may keep it a while."""
    try:
        told = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        status = (proc / str(pid) / "status").read_text(errors="replace")
        lines = dict(line.partition(":")[::2] for line in status.splitlines())
        pending = int(lines["SigPnd"], 16) | int(lines["ShdPnd"], 16)
        return told[0] in "ZX" or bool(int(told[_FLAGS]) & _EXITING) or bool(pending & _KILL)
    except (OSError, IndexError, KeyError, ValueError):
        return True


def _waited_ns(path: Path) -> int:
    """Second number of a thread's schedstat; 0 where it has just ended."""
    try:
        return int(path.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
