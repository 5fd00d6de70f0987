"""What a night must reach: films made here, 720p and 1080p, with the network run for every frame.

    python -m tests.bench.night [--seconds 30] [--repeats 3] [--sizes 1280x720 1920x1080]

In turns: decoding and re-encoding the film without tinting; the network and tint alone on its frames, and
bare of all that holds colour steady; ``tintcast film``; ``tintcast batch`` over a folder with that film. Each
may use all cores; medians. Of the film's whole tree of processes: wall time, CPU time, what it wrote; memory
in a run of its own. A night's end, its report, waits for who else wants the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.machine import describe, verdict
from tests.bench.memory import peak
from tests.bench.night_films import RATE, make_film
from tests.bench.night_parts import CRF

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Wall time against the sum of its parts, bytes written against the finished film's, PSS of all processes.
MOST_TIME, MOST_BYTES, MOST_MB = 1.1, 2.2, 400
#: Frames a second of the classic notebook on a laptop, whatever the size.
CLASSIC = 1.3
_CONFIG = f'[film]\ncrf = {CRF}\n[batch]\nsettle_seconds = 0\npriority = "normal"\nmeasure = false\n'
_DEADLINE_S = 1800.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A program and all that it started: seconds, seconds of CPU, bytes written to the disk and by calls."""

    seconds: float
    cpu: float
    stored: int = 0
    written: int = 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30, help="length of the films")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", default=["1280x720", "1920x1080"])
    options = parser.parse_args()
    for size in options.sizes:
        width, height = map(int, size.split("x"))
        with tempfile.TemporaryDirectory(prefix="tintcast-bench-") as folder:
            film = Path(folder) / "in" / "film.mp4"
            film.parent.mkdir()
            make_film(film, (width, height), options.seconds)
            _measure(film, size, round(options.seconds * RATE), options.repeats)


def _measure(film: Path, size: str, frames: int, repeats: int) -> None:
    folder = film.parent.parent
    out, config = folder / "out.mp4", folder / "night.toml"
    config.write_text(_CONFIG)
    to_film = ["-m", "device.cli", "film", str(film), str(out), "--config", str(config)]
    to_batch = ["-m", "device.cli", "batch", str(film.parent), str(folder / "out"), "--config", str(config)]
    print(describe())
    print(f"{size}: {frames} frames, {film.stat().st_size / 1e6:.1f} MB")
    names = ("re-encode", "network and tint", "the same, bare", "film", "batch")
    runs: dict[str, list[Ran]] = {name: [] for name in names}
    for _ in range(repeats):
        runs["re-encode"].append(_part("reencode", film, folder / "again.mp4"))
        runs["network and tint"].append(_part("colour", film))
        runs["the same, bare"].append(_part("bare", film))
        shutil.rmtree(folder / "out", ignore_errors=True)
        out.unlink(missing_ok=True)
        runs["film"].append(_run(to_film))
        runs["batch"].append(_run(to_batch))
    for name, ran in runs.items():
        times = " ".join(f"{each.seconds:.1f}" for each in ran)
        print(f"  {name:16} {_wall(ran):6.2f} s ({times}), CPU {median(each.cpu for each in ran):6.2f} s")
    _judge(runs, frames, out.stat().st_size)
    out.unlink()
    highest, parts = peak([sys.executable, *to_film])
    sizes = " + ".join(f"{each:.0f}" for each in parts.values())
    reached = verdict(highest < MOST_MB)
    print(f"  peak PSS {highest:.0f} MB ({sizes}), target under {MOST_MB} MB {reached}")


def _wall(ran: Sequence[Ran]) -> float:
    return median(each.seconds for each in ran)


def _judge(runs: dict[str, list[Ran]], frames: int, size: int) -> None:
    alone = _wall(runs["re-encode"])
    parts = alone + _wall(runs["network and tint"])
    bare = alone + _wall(runs["the same, bare"])
    for name in ("film", "batch"):
        seconds = _wall(runs[name])
        reached = f", target at most {MOST_TIME} {verdict(seconds <= MOST_TIME * parts)}"
        print(
            f"  {name}: {seconds / parts:.2f} of the sum of its parts{reached if name == 'film' else ''}; "
            f"{seconds / bare:.2f} with the colour bare, {seconds / alone:.2f} of the re-encode alone; "
            f"{frames / seconds:.1f} frames/s, the classic notebook {CLASSIC}"
        )
        stored = median(each.stored for each in runs[name])
        written = median(each.written for each in runs[name])
        counted, of = (stored, "write_bytes") if stored else (written, "wchar: write_bytes is 0 here")
        reached = verdict(counted <= MOST_BYTES * size)
        print(
            f"  {name}: {counted / size:.2f} of the finished film's {size / 1e6:.1f} MB written "
            f"({of}; wchar {written / size:.2f}), target at most {MOST_BYTES} {reached}"
        )


def _part(what: str, film: Path, *more: Path) -> Ran:
    """One of the parts, by its own clocks: what it took to start is not its work."""
    command = [sys.executable, "-m", "tests.bench.night_parts", what, str(film), *map(str, more)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_S, check=True)
    return Ran(*json.loads(done.stdout))


def _run(arguments: list[str]) -> Ran:
    """A command of ours; what its processes wrote comes to our own account when they have ended."""
    io, used, began = _io(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=_DEADLINE_S, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    after = _io()
    return Ran(seconds, cpu, after["write_bytes"] - io["write_bytes"], after["wchar"] - io["wchar"])


def _io() -> dict[str, int]:
    lines = Path(f"/proc/{os.getpid()}/io").read_text(encoding="utf-8").splitlines()
    return {key: int(value) for key, value in (line.split(": ") for line in lines)}


if __name__ == "__main__":
    main()
