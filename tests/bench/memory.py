"""The memory of ``tintcast film`` at 720p: the PSS of its whole tree of processes, at its highest.

    python -m tests.bench.memory [--film FILM] [--seconds 12]

Without a film one is made: a slow move over the project's stills, 25 frames a second, H.264.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.bench.machine import describe, verdict
from tests.bench.pictures import STILLS, cover, photographs

LIMIT_MB = 300
RATE = 25
DEADLINE_S = 900.0


def make_film(path: Path, seconds: int) -> None:
    """Write a grey 720p film with cuts and motion."""
    pictures = [cover(picture, 1400, 800) for picture in photographs(STILLS, 8)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for index in range(seconds * RATE):
            picture = pictures[index // 75 % len(pictures)]
            x, y = index % 75, index % 75 // 2
            shown = np.ascontiguousarray(picture[y : y + 720, x : x + 1280])
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="gray")
            frame.pts = index
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())


def tree(root: int) -> list[int]:
    """Process ids of ``root`` and all below it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for process in found:
        found += parents.get(process, [])
    return found


def pss_mb(process: int) -> float:
    """Proportional set size in MB; 0 for a process that has ended."""
    return _mapped_mb(process, "Pss")


def anonymous_mb(process: int) -> float:
    """What a process has for itself, in MB: no pages of files, whose share depends on who else has them."""
    return _mapped_mb(process, "Anonymous")


def _mapped_mb(process: int, key: str) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) * 1024 / 1e6


def peak(command: list[str]) -> tuple[float, dict[int, float]]:
    """Run a command to its end; the highest PSS of its tree in MB, and each process's at that moment."""
    began, highest = time.monotonic(), {0: 0.0}
    with subprocess.Popen(command) as running:
        while running.poll() is None:
            if time.monotonic() - began > DEADLINE_S:
                running.kill()
                raise SystemExit(f"not done after {DEADLINE_S:.0f} s")
            now = {process: pss_mb(process) for process in tree(running.pid)}
            highest = max(highest, now, key=lambda sizes: sum(sizes.values()))
            time.sleep(0.03)
    if running.returncode:
        raise SystemExit(f"tintcast film ended with {running.returncode}")
    return sum(highest.values()), highest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--film", type=Path)
    parser.add_argument("--seconds", type=int, default=12, help="length of the film that is made")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        film = options.film or Path(folder) / "film.mp4"
        if not options.film:
            make_film(film, options.seconds)
        highest, parts = peak(
            [sys.executable, "-m", "device.cli", "film", str(film), str(Path(folder) / "out.mp4")]
        )
    sizes = " + ".join(f"{size:.0f}" for size in parts.values())
    print(f"peak PSS {highest:.0f} MB ({sizes}), target under {LIMIT_MB} MB {verdict(highest < LIMIT_MB)}")


if __name__ == "__main__":
    main()
