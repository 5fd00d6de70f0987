"""What a meter counts, on a clock of the test's own."""

from __future__ import annotations

import numpy as np
import pytest
from live import grey, scene

from device.frames import TintedFrame
from device.jobs.live.figures import Meter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def tinted(age_ms: float = 0, *, own_colour: bool = False, ab: float = 10) -> TintedFrame:
    ab = np.full((8, 8, 2), ab, np.float32)
    age_ns = round(age_ms * 1e6)
    return TintedFrame(
        grey(scene(1), 0, 0), scene(1)[:32, :32], ab, chroma_age_ns=age_ns, own_colour=own_colour
    )


def test_rate_and_ages_are_of_the_last_seconds() -> None:
    clock = Clock()
    meter = Meter(clock)
    for number in range(200):
        clock.now += 0.04
        meter.sent(tinted(500 if number < 100 else 10 + number % 20))
    pace = meter.pace()
    assert pace.fps == pytest.approx(25, rel=0.05)
    assert pace.chroma_age_ms == pytest.approx(19.5, abs=2)
    assert pace.chroma_age_p95_ms == pytest.approx(28, abs=1)
    assert meter.frames == 200


def test_where_nothing_comes_any_more_the_rate_falls_to_nothing() -> None:
    clock = Clock()
    meter = Meter(clock)
    for _ in range(50):
        clock.now += 0.04
        meter.sent(tinted())
    clock.now += 1.5
    assert 5 < meter.pace().fps < 20
    clock.now += 5
    assert meter.pace().fps == 0


def test_frames_without_any_colour_have_none_that_is_young() -> None:
    clock = Clock()
    meter = Meter(clock)
    for number in range(40):
        clock.now += 0.05
        meter.sent(tinted(400) if number < 2 else tinted(ab=0))
    pace = meter.pace()
    assert (pace.chroma_age_ms, pace.chroma_age_p95_ms) == (400, 400)
    assert pace.fps == pytest.approx(20, rel=0.05)
    clock.now += 1.5
    meter.sent(tinted(ab=0))
    assert meter.pace().chroma_age_ms == 0


def test_what_passes_in_its_own_colour_is_told_and_counted() -> None:
    meter = Meter()
    assert meter.pace().own_colour is None
    meter.sent(tinted(own_colour=True))
    assert meter.pace().own_colour is True
    meter.sent(tinted())
    meter.overtook()
    assert meter.pace().own_colour is False
    assert (meter.frames, meter.passed, meter.overtaken) == (2, 1, 1)
