"""How long a process waited for a processor."""

from __future__ import annotations

from pathlib import Path

_NS = 1e-9
_PROC = Path("/proc")


def waited_s(pid: int, proc: Path = _PROC) -> float:
    """Seconds that threads of ``pid`` could have run and were not let, all together, since each began.

    0 where the kernel does not tell (it does with CONFIG_SCHED_INFO), or the process has gone.
    """
    return sum(_waited_ns(thread) for thread in (proc / str(pid) / "task").glob("*/schedstat")) * _NS


def _waited_ns(path: Path) -> int:
    """Second number of a thread's schedstat; 0 where it has just ended."""
    try:
        return int(path.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
