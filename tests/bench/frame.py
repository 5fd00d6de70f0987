"""A whole 720p frame, network and merge: tintcast against the classic OpenCV program, in turns.

    python -m tests.bench.frame --classic-python PATH --zhang16 DIR [--network compact] [--threads 2]

PATH is the Python of an environment with numpy 1.26 and opencv-python-headless 4.11; DIR holds the 2016
release's colorization_deploy_v2.prototxt and pts_in_hull.npy. Its weights are drawn by chance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from tests.bench.caffemodel import write_caffemodel
from tests.bench.machine import describe, has_dot_products, verdict
from tests.bench.pictures import STILLS, cover, photographs
from tests.bench.turns import Worker, take_turns

FASTER = {True: 50, False: 20}  # with and without int8 dot products


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--classic-python", type=Path, required=True)
    parser.add_argument("--zhang16", type=Path, required=True)
    parser.add_argument("--network", default="compact")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--frames", type=int, default=5, help="frames a turn")
    options = parser.parse_args()
    print(describe())
    prototxt = (options.zhang16 / "colorization_deploy_v2.prototxt").resolve()
    with tempfile.TemporaryDirectory() as folder:
        grey, caffemodel = Path(folder) / "grey.npy", Path(folder) / "classic.caffemodel"
        picture = cover(photographs(STILLS, 8)[0], 1280, 720)
        np.save(grey, cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        write_caffemodel(caffemodel, prototxt, options.zhang16 / "pts_in_hull.npy")
        tail = [grey, str(options.threads)]
        workers = {
            "classic": Worker(
                [options.classic_python, "-m", "tests.bench.classic", prototxt, caffemodel, *tail]
            ),
            "ours": Worker([sys.executable, "-m", "tests.bench.ours", options.network, *tail]),
        }
        try:
            ms = take_turns(workers, options.turns, options.frames)
        finally:
            for worker in workers.values():
                worker.close()
    for name, worker in workers.items():
        print(f"{name}: {worker.ready}: {ms[name]:.2f} ms a frame at 720p, {options.threads} threads")
    ratio, target = ms["classic"] / ms["ours"], FASTER[has_dot_products()]
    print(f"{ratio:.1f}x faster, target {target}x {verdict(ratio >= target)}")


if __name__ == "__main__":
    main()
