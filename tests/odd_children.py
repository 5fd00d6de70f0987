"""Runs ``odd_child``, and keeps what it said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.engine import Stop
from device.jobs.supervise import Terms, run_child

if TYPE_CHECKING:
    from collections.abc import Callable


def run(
    task: str,
    stop: Stop | None = None,
    stall_s: float = 20.0,
    terms: Terms | None = None,
    hears: Callable[[Any], None] = lambda _: None,
) -> tuple[Any, list[Any]]:
    """The result, and all messages."""
    heard: list[Any] = []

    def alive(message: Any) -> bool:
        heard.append(message)
        hears(message)
        return heard.count(message) == 1

    return run_child("odd_child", task, stop or Stop(), alive, stall_s=stall_s, terms=terms or Terms()), heard


def runs(pid: int) -> bool:
    """Whether ``pid`` is an odd child that has not ended."""
    try:
        return b"odd_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
