"""How the board does: its processor, its temperature, and whether it is held back."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

_MODEL = "proc/device-tree/model"
_CPUINFO = "proc/cpuinfo"
_ZONES = "sys/class/thermal"
#: Zones of the processor, best first, by what their type holds; where there is none of these, the hottest.
_OF_CPU = ("cpu", "x86_pkg", "soc")
_HOTTEST_C, _COLDEST_C = 150.0, -40.0
_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
#: What the firmware of a Raspberry Pi reports as so now, by bit.
_REASONS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True, slots=True)
class Board:
    """``cpu``: its name, or the board's, for people. ``temperature_c``: of the processor; None: not told.

    ``throttled``: why it is held back now, empty where it is not; None: not told.
    """

    cpu: str
    temperature_c: float | None
    throttled: tuple[str, ...] | None


def read_board(root: Path = Path("/")) -> Board:
    """Look now; below ``root`` lie proc and sys."""
    return Board(_name(root), _temperature(root / _ZONES), _throttled(root / _THROTTLED))


def _name(root: Path) -> str:
    if model := _text(root / _MODEL):
        return model
    for line in (_text(root / _CPUINFO) or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return platform.machine() or "unknown"


def _temperature(zones: Path) -> float | None:
    found = [
        (_text(zone / "type") or "", _degrees(_text(zone / "temp")))
        for zone in sorted(zones.glob("thermal_zone*"))
    ]
    told = [(kind.lower(), degrees) for kind, degrees in found if degrees is not None]
    for wanted in _OF_CPU:
        for kind, degrees in told:
            if wanted in kind:
                return degrees
    return max((degrees for _, degrees in told), default=None)


def _degrees(text: str | None) -> float | None:
    try:
        degrees = int(text or "") / 1000
    except ValueError:
        return None
    return degrees if _COLDEST_C < degrees < _HOTTEST_C else None


def _throttled(path: Path) -> tuple[str, ...] | None:
    try:
        bits = int(_text(path) or "", 16)
    except ValueError:
        return None
    return tuple(reason for bit, reason in _REASONS.items() if bits >> bit & 1)


def _text(path: Path) -> str | None:
    """What a file of the kernel says; None where it does not."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return None
