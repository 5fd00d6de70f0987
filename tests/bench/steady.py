"""What it costs to hold a frame's colour steady, and to carry colour along where a frame has none of its own.

    python -m tests.bench.steady [--threads 1] [--repetitions 300]

Frames of a pan, at the network's size (224, ab 56). A live picture waits for one of the first three with
every frame; a film's frames may have their colour smoothed in both directions, and are measured as they go
out. Each time is also told in optical flows of their own kind, for a busy machine slows both.
"""

from __future__ import annotations

import argparse
import time
from fractions import Fraction
from statistics import median
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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.colour.motion import Codes

LIMIT_MS = 1.0
#: Looking ahead goes back through what is held as well.
AHEAD_LIMIT_MS = 2.0
FIGURES_LIMIT_MS = 0.3


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
    running = Running()
    steps = {name: iter(range(10**9)) for name in ("steady", "between", "carry")}

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
            "figures": lambda: running.step(tinted, way),
        },
        options.repetitions,
    )
    ms["ahead"] = looking_ahead(pan, ab, 1, options.repetitions)
    ms["between ahead"] = looking_ahead(pan, ab, 8, options.repetitions)
    said = {
        "steady": ("a step with a prediction", LIMIT_MS),
        "between": ("a step without one", LIMIT_MS),
        "carry": ("colour carried to another frame", LIMIT_MS),
        "ahead": (f"looking ahead, {MOST_HELD} frames held, a frame", AHEAD_LIMIT_MS),
        "between ahead": ("the same with a prediction for each eighth", AHEAD_LIMIT_MS),
        "figures": ("a frame's figures while its film is made", FIGURES_LIMIT_MS),
    }
    print(f"the optical flow alone: {ms['flow']:.2f} ms")
    for name, (what, limit) in said.items():
        print(
            f"{what}: {ms[name]:.2f} ms, {ms[name] / ms['flow']:.1f} flows; "
            f"at most {limit:g} ms: {verdict(ms[name] < limit)}"
        )


def looking_ahead(pan: Sequence[Codes], ab: NDArray[np.float32], every: int, repetitions: int) -> float:
    """Milliseconds a frame: of steps by which frames leave, and of those by which none do, by their share."""
    ahead = LookAhead(0.9, MOST_HELD)
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(max(repetitions, 2 * MOST_HELD)):
        place = number % (2 * len(pan) - 2)
        luma = pan[min(place, 2 * len(pan) - 2 - place)]
        began = time.perf_counter()
        left = ahead.step(luma, None if number % every else ab, cut=number == 0)
        times[bool(left)].append(1000 * (time.perf_counter() - began))
    steps = {leaving: each[MOST_HELD // 8 :] for leaving, each in times.items()}
    count = sum(map(len, steps.values()))
    return sum(median(each) * len(each) for each in steps.values()) / count


if __name__ == "__main__":
    main()
