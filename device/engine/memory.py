"""How much memory a process has, and whether the kernel took one for want of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_KB_PER_MB = 1024
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """A process's memory.

    ``resident_mb``: in memory or swapped out, shared pages counted whole. ``data_mb``: what it may write of
    its own, touched or not.
    """

    resident_mb: float
    data_mb: float


def usage(pid: int, proc: Path = _PROC) -> Usage:
    """What ``pid`` has; nothing where it has gone. Cheap: for looking often."""
    told = _kilobytes(proc / str(pid) / "status")
    return Usage(
        (told.get("VmRSS", 0) + told.get("VmSwap", 0)) / _KB_PER_MB, told.get("VmData", 0) / _KB_PER_MB
    )


def own_mb(pid: int, proc: Path = _PROC) -> float:
    """What of it is ``pid``'s own: of shared pages its share (PSS); the kernel has to look at each."""
    told = _kilobytes(proc / str(pid) / "smaps_rollup")
    return (told.get("Pss", 0) + told.get("SwapPss", 0)) / _KB_PER_MB


def out_of_memory_kills(proc: Path = _PROC) -> int:
    """How many processes the kernel killed for want of memory since it started, in whatever group."""
    lines = (line.split() for line in _text(proc / "vmstat").splitlines())
    return next((int(value) for name, value in lines if name == "oom_kill"), 0)


def _kilobytes(path: Path) -> dict[str, int]:
    """``name: number kB`` of each line that is one."""
    lines = (line.partition(":") for line in _text(path).splitlines() if line.endswith(" kB"))
    return {name: int(value.removesuffix(" kB")) for name, _, value in lines}


def _text(path: Path) -> str:
    """What a file of the kernel says; nothing where the process has gone, or the kernel has no such file."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
