"""What the process of a film has of data that it never touches: what its hard bound must leave room for.

    python -m tests.bench.reserve

A film is coloured with the codecs of a night at 1080p and 2160p; beside its own memory (PSS) stands all that
it could write to, stacks of threads and arenas among it (VmData), at their highest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from device.engine.memory import own_mb, usage
from device.jobs.child_memory import data_bound
from tests.bench.machine import describe, verdict
from tests.bench.memory import tree
from tests.bench.pictures import STILLS, cover, photographs

SIZES = ((1920, 1080), (3840, 2160))
CODECS = ("h264", "h265", "ffv1")
CEILING_MB = 1500
COUNT = 40
DEADLINE_S = 600.0


def make_film(path: Path, size: tuple[int, int]) -> None:
    """A grey film that moves."""
    width, height = size
    wide = cover(photographs(STILLS, 1)[0], width + 2 * COUNT, height)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(COUNT):
            shown = np.ascontiguousarray(wide[:, 2 * index : 2 * index + width])
            grey = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="gray")
            container.mux(stream.encode(grey.reformat(format="yuv420p")))
        container.mux(stream.encode())


def peaks(command: list[str]) -> tuple[float, float]:
    """Highest PSS and data of any process below ``command``, in MB."""
    began, own, data = time.monotonic(), 0.0, 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            if time.monotonic() - began > DEADLINE_S:
                running.kill()
                raise SystemExit(f"not done after {DEADLINE_S:.0f} s")
            for process in tree(running.pid)[1:]:
                own = max(own, own_mb(process))
                data = max(data, usage(process).data_mb)
            time.sleep(0.05)
    if running.returncode:
        raise SystemExit(f"tintcast film ended with {running.returncode}")
    return own, data


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    print(describe())
    reserve = data_bound(CEILING_MB) - CEILING_MB
    most = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            film = Path(folder) / "film.mp4"
            make_film(film, size)
            for codec in CODECS:
                out = Path(folder) / "out.mkv"
                out.unlink(missing_ok=True)
                options = ["--colour", "always", "--codec", codec]
                own, data = peaks([sys.executable, "-m", "device.cli", "film", str(film), str(out), *options])
                most = max(most, data - own)
                print(f"{size[1]}p {codec:5} own {own:5.0f} MB, data {data:5.0f} MB, {data - own:5.0f} more")
    cores = os.cpu_count()
    print(
        f"room for {reserve} MB more, with {cores} cores: twice what it takes {verdict(2 * most < reserve)}"
    )


if __name__ == "__main__":
    main()
