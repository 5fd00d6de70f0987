"""Numbers and times as people say them."""

from __future__ import annotations


def number(count: int, what: str = "") -> str:
    """``count``, with ``what`` is counted, in the plural where it is not one."""
    return f"{count:,}" + (f" {what}{'' if count == 1 else 's'}" if what else "")


def clock(seconds: float) -> str:
    """A place in a film: hours, minutes, seconds and tenths."""
    tenths = round(10 * seconds)
    return f"{tenths // 36000}:{tenths // 600 % 60:02d}:{tenths % 600 / 10:04.1f}"


def span(seconds: float) -> str:
    """How long something takes, roughly."""
    if seconds < 59.5:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} days {minutes // 60 % 24} h"


def size(count: int) -> str:
    """Bytes, in units of a thousand."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count / 1e3:.0f} kB"
