"""How long the strip of a long film takes, and what memory: 90 minutes of 1080p in under 2 minutes.

    python -m tests.bench.sample [--minutes 90] [--key-every 250] [--stills FILE]

A film is made for it in a temporary folder: a minute of photographs that move and change at cuts (H.264), its
packets again and again until it is long enough. Key frames come at cuts and at least every so many frames;
with --key-every 0 none comes but the first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from device.config import load_config
from device.engine import Stop
from device.jobs.batch.sample import sample
from device.jobs.batch.scan import scan
from tests.bench.machine import describe, verdict
from tests.bench.memory import pss_mb, tree
from tests.bench.pictures import STILLS, cover, photographs

WIDTH, HEIGHT, RATE = 1920, 1080, 25
CLIP_S = 60
LIMIT_S = 120.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--key-every", type=int, default=250)
    parser.add_argument("--stills", type=Path, help="keep the strip here")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        films, out = Path(folder) / "films", Path(folder) / "out"
        films.mkdir()
        film = films / "long.mp4"
        shots = make_film(film, options.minutes, options.key_every)
        keys = f"a key frame every {options.key_every}" if options.key_every else "one key frame"
        large = film.stat().st_size / 1e6
        print(f"{options.minutes:g} min, {WIDTH}x{HEIGHT}, {large:.0f} MB, {keys}, {shots} shots")
        peak = _Peak()
        began = time.perf_counter()
        config = load_config(None, {}, {"batch": {"priority": "normal"}})
        done = sample(scan(films, out, sequences=False).items, out, config, stop=Stop())
        seconds = time.perf_counter() - began
        strip = done.strips["long.mp4"]
        size = strip.path.stat().st_size / 1e6
        print(f"{strip.count} stills ({size:.1f} MB) of {strip.detail}")
        print(f"{seconds:.1f} s, target under {LIMIT_S:g} s {verdict(seconds < LIMIT_S)}")
        print(f"peak PSS of its process {peak.end():.0f} MB")
        if options.stills:
            shutil.copy(strip.path, options.stills)


class _Peak:
    """The highest PSS of this process and all below it, looked at from a thread."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """MB, of the children's side: what ran the benchmark counts only with what it has now."""
        self._done.set()
        self._thread.join()
        return self._highest

    def _run(self) -> None:
        while not self._done.wait(0.25):
            children = [process for process in tree(os.getpid()) if process != os.getpid()]
            self._highest = max(self._highest, sum(map(pss_mb, children)))


def make_film(path: Path, minutes: float, key_every: int) -> int:
    """Write the film; give the number of its shots."""
    pictures = [cover(each, WIDTH + 240, HEIGHT + 120) for each in photographs(STILLS, 5)]
    packets: list[tuple[bytes, int, bool]] = []
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "crf": "28", "bf": "0"}
        options |= {"g": str(key_every)} if key_every else {"g": "100000", "sc_threshold": "0"}
        stream = out.add_stream("libx264", RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        shots = 0
        for number in range(CLIP_S * RATE):
            # Shots of 3, 4, 5 ... seconds.
            if number in _cuts():
                shots += 1
            grey = pictures[shots % len(pictures)][..., 1]
            x, y = number % 240, number // 2 % 120
            frame = av.VideoFrame.from_ndarray(
                np.concatenate([grey[y : y + HEIGHT, x : x + WIDTH], _NEUTRAL]), "yuv420p"
            )
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            packets += [(bytes(each), each.pts or 0, each.is_keyframe) for each in stream.encode(frame)]
        packets += [(bytes(each), each.pts or 0, each.is_keyframe) for each in stream.encode(None)]
        rounds = max(round(minutes * 60 / CLIP_S), 1)
        for turn in range(rounds):
            for content, pts, key in packets:
                if turn and key and not key_every:
                    continue
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, Fraction(1, RATE)
                packet.pts = packet.dts = pts + turn * CLIP_S * RATE
                packet.is_keyframe = key
                out.mux(packet)
    return shots * rounds


def _cuts() -> set[int]:
    """Where the clip's shots begin: each is a second longer than the one before."""
    starts, at = set(), 0
    for seconds in range(3, CLIP_S):
        if at >= CLIP_S * RATE:
            break
        starts.add(at)
        at += seconds * RATE
    return starts


_NEUTRAL = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)


if __name__ == "__main__":
    main()
