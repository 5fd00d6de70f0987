"""What it costs to hold a frame's colour steady, and to carry colour along where a frame has none of its own.

    python -m tests.bench.steady [--threads 1] [--repetitions 300]

Frames of a pan, at the network's size (224, ab 56). A live picture waits for one of these with every frame;
each time is also told in optical flows of their own kind, for a busy machine slows both.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.carry import Carry
from device.colour.motion import Follower, codes
from device.colour.temporal import Steady
from tests.bench.machine import describe, interleaved, verdict
from tests.bench.pictures import STILLS, cover, photographs

if TYPE_CHECKING:
    from device.colour.motion import Codes

LIMIT_MS = 1.0


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
    grey = np.asarray(cv2.cvtColor(cover(photographs(STILLS, 1)[0], 320, 320), cv2.COLOR_RGB2GRAY), np.uint8)
    pan = [np.ascontiguousarray(grey[:224, 2 * n : 2 * n + 224]) for n in range(40)]
    ab = np.random.default_rng(1).normal(0, 20, (56, 56, 2)).astype(np.float32)
    steady, between, carry, follower = Steady(0.9), Steady(0.9), Carry(), Follower()
    between.step(pan[0], ab, cut=True)
    steps = {name: iter(range(10**9)) for name in ("steady", "between", "carry")}

    def following(name: str) -> Codes:
        """The next frame of the pan, there and back."""
        number = next(steps[name]) % (2 * len(pan) - 2)
        return pan[min(number, 2 * len(pan) - 2 - number)]

    before, now = codes(pan[0], 8), codes(pan[2], 8)
    ms = interleaved(
        {
            "flow": lambda: follower.back(before, now),
            "steady": lambda: steady.step(following("steady"), ab, cut=False),
            "between": lambda: between.step(following("between"), None, cut=False),
            "carry": lambda: carry.to(ab, pan[0], following("carry")),
        },
        options.repetitions,
    )
    said = {
        "steady": "a step with a prediction",
        "between": "a step without one",
        "carry": "colour carried to another frame",
    }
    print(f"the optical flow alone: {ms['flow']:.2f} ms")
    for name, what in said.items():
        print(
            f"{what}: {ms[name]:.2f} ms, {ms[name] / ms['flow']:.1f} flows; "
            f"at most {LIMIT_MS:.0f} ms: {verdict(ms[name] < LIMIT_MS)}"
        )


if __name__ == "__main__":
    main()
