"""What a benchmark ran on, and how it is timed."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Flags of /proc/cpuinfo that stand for int8 dot products: x86-64's VNNI, ARM's dotprod.
DOT_PRODUCTS = {"avx512_vnni", "avx_vnni", "asimddp"}


def cpuinfo() -> dict[str, str]:
    """Keys of /proc/cpuinfo, as the first core has them."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(":") for line in reversed(lines) if ":" in line]
    return {key.strip(): value.strip() for key, _, value in pairs}


def has_dot_products() -> bool:
    """Whether this CPU multiplies int8 four at a time (VNNI, dotprod)."""
    info = cpuinfo()
    return bool(DOT_PRODUCTS & set(f"{info.get('flags', '')} {info.get('Features', '')}".split()))


def describe() -> str:
    """One line: CPU model, family and model numbers, cores, int8 dot products, load."""
    info = cpuinfo()
    name = info.get("model name") or info.get("Model") or platform.machine()
    numbers = f"family {info['cpu family']} model {info['model']}, " if "cpu family" in info else ""
    dot = "with" if has_dot_products() else "without"
    return (
        f"{name} ({numbers}{os.cpu_count()} cores, {dot} int8 dot products), load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )


def interleaved(functions: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Median milliseconds of each function, called in turns, so that what slows the machine slows all."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(repetitions):
        for name, function in functions.items():
            began = time.perf_counter()
            function()
            times[name].append(1000 * (time.perf_counter() - began))
    return {name: median(values) for name, values in times.items()}


def verdict(reached: bool) -> str:  # noqa: FBT001 - a sentence about one thing
    """Say whether a target was reached."""
    return "reached" if reached else "MISSED"
