"""The 2016 network alone: dynamic-int8 on LiteRT against OpenCV 4.11 in fp32, forward passes in turns.

    python -m tests.bench.zhang16 --classic-python PATH --zhang16 DIR [--threads 2] [--turns 12]

PATH is the Python of an environment with numpy 1.26 and opencv-python-headless 4.11; DIR holds the 2016
release's colorization_deploy_v2.prototxt and pts_in_hull.npy. Its weights are drawn by chance, and converted
first (a minute); --network NAME|PATH takes a converted network instead.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from tests.bench.caffemodel import write_caffemodel
from tests.bench.machine import describe, has_dot_products, verdict
from tests.bench.turns import Worker, serve

FASTER = {True: 4.0, False: 0.95}  # with and without int8 dot products


def classic(prototxt: str, caffemodel: str, threads: str) -> None:
    """Be the classic worker."""
    import cv2  # noqa: PLC0415 - each worker has a library of its own

    cv2.setNumThreads(int(threads))
    network = cv2.dnn.readNetFromCaffe(prototxt, caffemodel)

    def work() -> None:
        network.setInput(cv2.dnn.blobFromImage(_light() - 50))
        network.forward()

    serve(f"OpenCV {cv2.__version__}, fp32", work)


def ours(name: str, threads: str) -> None:
    """Be our worker."""
    from device.network import Network  # noqa: PLC0415 - as above

    network, light = Network.load(name, int(threads)), _light()
    serve(f"{network.runtime}, {network.manifest.recipe}", lambda: network.predict(light))


def _light() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 100, (224, 224)).astype(np.float32)


def convert(prototxt: Path, caffemodel: Path, points: Path, folder: Path) -> Path:
    """The .tflite of dynamic-int8."""
    from converter.cli import main as command  # noqa: PLC0415 - takes seconds

    told = ("--prototxt", prototxt, "--caffemodel", caffemodel, "--points", points, "--out", folder)
    if command(["convert", *map(str, told), "--name", "zhang16"]):
        raise SystemExit("not converted")
    return folder / "zhang16.tflite"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--classic-python", type=Path, required=True)
    parser.add_argument("--zhang16", type=Path, required=True)
    parser.add_argument("--network")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=12, help="each of one forward pass by either")
    options = parser.parse_args()
    print(describe())
    prototxt, points = (
        (options.zhang16 / name).resolve() for name in ("colorization_deploy_v2.prototxt", "pts_in_hull.npy")
    )
    with tempfile.TemporaryDirectory() as folder:
        caffemodel = Path(folder) / "classic.caffemodel"
        write_caffemodel(caffemodel, prototxt, points)
        network = options.network or convert(prototxt, caffemodel, points, Path(folder) / "out")
        part = [__spec__.name, "--worker"]
        theirs = Worker(
            [options.classic_python, "-m", *part, "classic", prototxt, caffemodel, str(options.threads)]
        )
        mine = Worker([sys.executable, "-m", *part, "ours", network, str(options.threads)])
        try:
            pairs = [(theirs.work(), mine.work()) for _ in range(options.turns)]
        finally:
            theirs.close()
            mine.close()
    ratio = median(their / my for their, my in pairs)
    for worker, times in ((theirs, [pair[0] for pair in pairs]), (mine, [pair[1] for pair in pairs])):
        print(f"{worker.ready}: {median(times):.1f} ms, {options.threads} threads")
    target = FASTER[has_dot_products()]
    print(
        f"{ratio:.2f}x as fast (median of {len(pairs)} ratios), target {target}x {verdict(ratio >= target)}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        {"classic": classic, "ours": ours}[sys.argv[2]](*sys.argv[3:])
    else:
        main()
