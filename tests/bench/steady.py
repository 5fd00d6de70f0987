"""What it costs to hold a frame's colour steady, and to carry colour along where a frame has none of its own.

    python -m tests.bench.steady [--threads 1] [--repetitions 300]

Frames of a pan, at the network's size (224, ab 56). A live picture waits for one of the first three with
every frame; a film's frames may have their colour smoothed in both directions, and are measured as they go
out. Each time is also told in optical flows of their own kind, for a busy machine slows both.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.carry import Carry
from device.colour.lookahead import MOST_HELD, LookAhead
from device.colour.measure.running import Running
from device.colour.motion import Follower, codes
from device.colour.temporal import Steady
from device.frames import ColourSpace, Frame, TintedFrame
from tests.bench.machine import describe, interleaved, verdict
from tests.bench.pictures import STILLS, cover, photographs

if TYPE_CHECKING:
    from device.colour.motion import Codes

LIMIT_MS = 1.0
#: Looking ahead goes back through what is held as well.
AHEAD_LIMIT_MS = 2.0
FIGURES_LIMIT_MS = 0.3
#: So many of the frames that are held leave together.
LEAVING = MOST_HELD // 4


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
    ahead, between_ahead, running = LookAhead(0.9, MOST_HELD), LookAhead(0.9, MOST_HELD), Running()
    between_ahead.step(pan[0], ab, cut=True)
    steps = {name: iter(range(10**9)) for name in ("steady", "between", "carry", "ahead", "between ahead")}

    def following(name: str) -> Codes:
        """The next frame of the pan, there and back."""
        number = next(steps[name]) % (2 * len(pan) - 2)
        return pan[min(number, 2 * len(pan) - 2 - number)]

    before, now = codes(pan[0], 8), codes(pan[2], 8)
    way = follower.way(before, now, (56, 56))
    tinted = TintedFrame(Frame(pan[0], ColourSpace(), 0, 0, Fraction(1, 25)), pan[0], ab)
    ms = interleaved(
        {
            "flow": lambda: follower.back(before, now),
            "steady": lambda: steady.step(following("steady"), ab, cut=False),
            "between": lambda: between.step(following("between"), None, cut=False),
            "carry": lambda: carry.to(ab, pan[0], following("carry")),
            # As many as leave together, so that every repetition goes back through what is held once.
            "ahead": lambda: [ahead.step(following("ahead"), ab, cut=False) for _ in range(LEAVING)],
            "between ahead": lambda: [
                between_ahead.step(following("between ahead"), None, cut=False) for _ in range(LEAVING)
            ],
            "figures": lambda: running.step(tinted, way),
        },
        options.repetitions,
    )
    ms["ahead"] /= LEAVING
    ms["between ahead"] /= LEAVING
    said = {
        "steady": ("a step with a prediction", LIMIT_MS),
        "between": ("a step without one", LIMIT_MS),
        "carry": ("colour carried to another frame", LIMIT_MS),
        "ahead": (f"looking ahead, {MOST_HELD} frames held, with a prediction", AHEAD_LIMIT_MS),
        "between ahead": ("the same without one", AHEAD_LIMIT_MS),
        "figures": ("a frame's figures while its film is made", FIGURES_LIMIT_MS),
    }
    print(f"the optical flow alone: {ms['flow']:.2f} ms")
    for name, (what, limit) in said.items():
        print(
            f"{what}: {ms[name]:.2f} ms, {ms[name] / ms['flow']:.1f} flows; "
            f"at most {limit:g} ms: {verdict(ms[name] < limit)}"
        )


if __name__ == "__main__":
    main()
