"""``tintcast photo`` on a 12-megapixel photograph: wall time with the program's start, and peak memory.

    python -m tests.bench.photo [--photo FILE] [--runs 5] [--out .jpg]

Without a photograph a grey JPEG of 4000 x 3000 is made: a still, enlarged, with grain. ``--out``: the kind of
file that is written. Wall time is the median run's; on a machine that does other things, too, the fastest
run's and the time of CPU say more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from tests.bench.machine import describe, verdict
from tests.bench.pictures import STILLS, cover, photographs

LIMIT_S, LIMIT_MB = 2.5, 600
SIZE = 4000, 3000


def make_photograph(path: Path) -> None:
    """Write a grey JPEG of 12 megapixels with grain."""
    luma = cv2.cvtColor(cover(photographs(STILLS, 1)[0], *SIZE), cv2.COLOR_RGB2GRAY)
    grain = np.random.default_rng(0).normal(0, 4, luma.shape).astype(np.float32)
    noisy = np.clip(luma + grain, 0, 255).astype(np.uint8)
    assert cv2.imwrite(str(path), noisy, [cv2.IMWRITE_JPEG_QUALITY, 92])


def run(*arguments: object) -> tuple[float, float, float]:
    """Wall seconds, seconds of CPU and peak RSS in MB of one run of the command."""
    began = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, "-m", "device.cli", *map(str, arguments)], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - began
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"tintcast ended with {running.returncode}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", default=".jpg", help="kind of file that is written")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        photo = options.photo or Path(folder) / "photograph.jpg"
        if not options.photo:
            make_photograph(photo)
        start = min(run("--version")[0] for _ in range(options.runs))
        out = Path(folder) / f"out{options.out}"
        runs = [run("photo", photo, out, "--overwrite", "--colour", "always") for _ in range(options.runs)]
        size = out.stat().st_size / 1e6
    seconds, busy = median(each[0] for each in runs), median(each[1] for each in runs)
    highest = max(each[2] for each in runs)
    print(f"{photo.name} to {out.name}, {size:.1f} MB; the program's start alone takes {start:.2f} s")
    print(
        f"{seconds:.2f} s (fastest {min(runs)[0]:.2f} s, {busy:.2f} s of CPU), "
        f"target {LIMIT_S} s {verdict(seconds < LIMIT_S)}"
    )
    print(f"peak RSS {highest:.0f} MB, target {LIMIT_MB} MB {verdict(highest < LIMIT_MB)}")


if __name__ == "__main__":
    main()
