"""How much memory a process has, and whether the kernel took one for want of it."""

from __future__ import annotations

from pathlib import Path

_KB_PER_MB = 1024
_PROC = Path("/proc")


def resident_mb(pid: int, proc: Path = _PROC) -> float:
    """What ``pid`` has in memory or swapped out, shared pages counted whole; 0 where it has gone.

    Cheap: for looking often.
    """
    return _sum_mb(proc / str(pid) / "status", ("VmRSS:", "VmSwap:"))


def own_mb(pid: int, proc: Path = _PROC) -> float:
    """What is ``pid``'s own of that: of shared pages its share (PSS); 0 where it has gone."""
    return _sum_mb(proc / str(pid) / "smaps_rollup", ("Pss:", "SwapPss:"))


def out_of_memory_kills(proc: Path = _PROC) -> int:
    """How many processes the kernel killed for want of memory since it started, in whatever group."""
    for name, value in _lines(proc / "vmstat"):
        if name == "oom_kill":
            return int(value)
    return 0


def _sum_mb(path: Path, names: tuple[str, ...]) -> float:
    return sum(int(value) for name, value in _lines(path) if name in names) / _KB_PER_MB


def _lines(path: Path) -> list[tuple[str, str]]:
    """First and second word of each line; none where it can't be read."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    words = [line.split() for line in text.splitlines()]
    return [(line[0], line[1]) for line in words if len(line) > 1]
