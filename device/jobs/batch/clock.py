"""Whether this board's clock tells the time: one without a battery does not, until the network told it."""

from __future__ import annotations

import ctypes
import os
import time
from dataclasses import dataclass
from pathlib import Path

#: Of the kernel's ``struct timex``: STA_UNSYNC of its status, and the error from which on nobody keeps it.
_UNSYNC = 0x40
_MOST_ERROR_US = 16_000_000
#: A battery-backed clock that the kernel took the time from agrees with it this well, in seconds. It may keep
#: a local time: whole quarters of an hour off, less than a day.
_AGREES_S = 60
_QUARTER_S = 900
_LONGEST_ZONE_S = 15 * 3600
_SYNCHRONIZED = "run/systemd/timesync/synchronized"
_CLOCKS = "sys/class/rtc"
_CPUINFO = "proc/cpuinfo"


class _Timex(ctypes.Structure):
    """The beginning of the kernel's ``struct timex`` (adjtimex(2)), and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What the kernel says of its clock: whether ``unsynchronized``, and by how much it may be off."""

    unsynchronized: bool
    error_us: int


def kernel_clock() -> Kept | None:
    """Ask the kernel; None where it does not tell."""
    timex = _Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) < 0:
            return None
    except (AttributeError, OSError):
        return None
    return Kept(bool(timex.status & _UNSYNC), timex.maxerror)


def clock_trusted(kept: Kept | None, now: float, root: Path = Path("/")) -> bool:
    """Whether ``now``, seconds since 1970 by the system's clock, is the time.

    It is where one of these says so: the kernel, whose clock a time service keeps (``kept``); systemd, whose
    service set it since the start; a clock with a battery that agrees with it; a virtual machine, which has
    its host's. It is not where the kernel says that nobody keeps it, and none of the others speaks for it.
    Where nothing tells anything, it is believed. Below ``root`` lie proc, run and sys.
    """
    if kept is None or not kept.unsynchronized or kept.error_us < _MOST_ERROR_US:
        return True
    if os.path.exists(root / _SYNCHRONIZED):  # noqa: PTH110 - it never raises
        return True
    return any(_agrees(clock, now) for clock in (root / _CLOCKS).glob("rtc*")) or _virtual(root)


class Clock:
    """The system's clock: once it was right it stays so, whoever keeps it later."""

    def __init__(self) -> None:
        self._right = False

    def right(self) -> bool:
        """Whether it can be trusted now."""
        self._right = self._right or clock_trusted(kernel_clock(), time.time())
        return self._right


def _agrees(clock: Path, now: float) -> bool:
    """Whether the system's time came from this clock at the start, and still agrees with it."""
    try:
        if (clock / "hctosys").read_text().strip() != "1":
            return False
        off = abs(int((clock / "since_epoch").read_text()) - now)
    except (OSError, ValueError):
        return False
    return off <= _LONGEST_ZONE_S and abs(off - round(off / _QUARTER_S) * _QUARTER_S) <= _AGREES_S


def _virtual(root: Path) -> bool:
    try:
        text = (root / _CPUINFO).read_text(errors="replace")
    except OSError:
        return False
    flags = (line for line in text.splitlines() if line.startswith("flags"))
    return any("hypervisor" in line.split() for line in flags)
