"""What it costs to judge a 1080p frame (greyness and bars) and to give its colour some taste.

    python -m tests.bench.judge [--threads 1] [--repetitions 300]

Frames are judged as a film's are: every one while its shot is undecided, then every fourth. The worst frame
is one of the former. Each time is also told in shrinks, the steps down to 224 that every frame goes through
anyway, for a busy machine slows both.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.crop import BarFinder
from device.colour.greyness import frame_chroma
from device.colour.taste import Tame, Taste
from device.colour.tint import shrink
from tests.bench.machine import describe, interleaved, verdict
from tests.bench.pictures import STILLS, cover, photographs
from tests.greyness import frame_of

if TYPE_CHECKING:
    from device.frames import Frame

LIMIT_MS = {"judged": 0.5, "taste": 0.3}
SHOT, SHOT_FRAMES, EVERY = 100, 12, 4


def spread(frame: Frame) -> float:
    """Greyness of a frame, as its shot's judge asks for it."""
    chroma = frame_chroma(frame)
    return 0.0 if chroma is None else chroma.spread


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=300)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    print(describe())
    frame = frame_of(cover(photographs(STILLS, 1)[0], 1920, 1080))
    bars = BarFinder()
    light = np.linspace(0, 100, 224 * 224, dtype=np.float32).reshape(224, 224)
    ab = np.random.default_rng(1).normal(0, 20, (56, 56, 2)).astype(np.float32)
    taste = Taste(saturation=1.2, tame=(Tame(280, 340, 0.5), Tame(20, 60, 0.8)))
    ms = interleaved(
        {
            "shrink": lambda: shrink(frame.luma),
            "bars": lambda: bars.step(frame.luma, cut=True),
            "greyness": lambda: spread(frame),
            "taste": lambda: taste.apply(ab, light),
        },
        options.repetitions,
    )
    print(
        f"OpenCV {cv2.__version__}, {options.threads} threads, medians of {options.repetitions} turns, 1080p"
    )
    print(f"the shrink to 224 that the network needs: {ms['shrink']:.2f} ms, for comparison")
    worst = ms["greyness"] + ms["bars"]
    usual = worst * (SHOT_FRAMES + (SHOT - SHOT_FRAMES) / EVERY) / SHOT
    print(f"greyness {ms['greyness']:.2f} ms, bars {ms['bars']:.2f} ms")
    for word, cost in (("the worst frame", worst), (f"mean of a shot of {SHOT} frames", usual)):
        reached = verdict(cost < LIMIT_MS["judged"])
        print(f"both, {word}: {cost:.2f} ms, {cost / ms['shrink']:.2f} shrinks, under 0.5 ms {reached}")
    print(f"taste, all of it: {ms['taste']:.2f} ms, under 0.3 ms {verdict(ms['taste'] < LIMIT_MS['taste'])}")


if __name__ == "__main__":
    main()
