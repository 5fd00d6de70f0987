from __future__ import annotations

import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from device.errors import ConfigurationError
from device.sources.pattern import PatternSource


def frames(size: tuple[int, int] = (320, 240), *, count: int = 8, seed: int = 0) -> list[np.ndarray]:
    with PatternSource(size, 25, seed, count=count, paced=False) as source:
        return [frame.luma for frame in source.frames()]


def test_what_is_seen_follows_from_the_seed() -> None:
    first, again, other = frames(), frames(), frames(seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("size", [(1280, 720), (240, 427), (17, 33)])
def test_it_is_a_picture_and_it_moves(size: tuple[int, int]) -> None:
    lumas = frames(size, count=51)
    assert all(luma.shape == size[::-1] and luma.dtype == np.uint8 for luma in lumas)
    assert lumas[0].std() > 20
    still = np.abs(lumas[1].astype(int) - lumas[0]).mean()
    assert 1 < still < 12, "grain, and hardly any motion, between neighbours"
    assert np.abs(lumas[50].astype(int) - lumas[0]).mean() > 1.5 * still, "two seconds later it has moved on"


def test_unpaced_frames_are_a_film() -> None:
    with PatternSource((64, 48), Fraction(30000, 1001), count=5, paced=False) as source:
        found = list(source.frames())
    assert [(f.index, f.pts, f.captured_ns) for f in found] == [(n, n, None) for n in range(5)]
    assert found[0].time_base == Fraction(1001, 30000)


def test_paced_frames_come_on_time() -> None:
    began = time.monotonic_ns()
    with PatternSource((64, 48), 50, count=20) as source:
        found = list(source.frames())
    assert time.monotonic_ns() - began >= 0.37e9
    for frame in found:
        assert frame.captured_ns is not None
        assert frame.captured_ns - began >= frame.index * 20e6


def test_who_is_late_misses_frames() -> None:
    with PatternSource((64, 48), 100, count=60) as source:
        seen = []
        for frame in source.frames():
            seen.append(frame.index)
            if frame.index == 0:
                time.sleep(0.2)
    assert seen[1] >= 20
    assert seen == sorted(set(seen))


def test_close_ends_a_wait() -> None:
    source = PatternSource((64, 48), Fraction(1, 10))
    threading.Timer(0.2, source.close).start()
    began = time.monotonic()
    assert len(list(source.frames())) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "arguments", [((8, 240), 25), ((320, 10_000), 25), ((320, 240), 0), ((320, 240), 2000)]
)
def test_senseless_sizes_and_rates(arguments: tuple[tuple[int, int], int]) -> None:
    with pytest.raises(ConfigurationError, match="test pattern"):
        PatternSource(*arguments)


def test_at_rest_two_frames_a_second_and_hardly_any_work() -> None:
    with PatternSource((1920, 1080), 60) as source:
        source.rest(resting=True)
        times, indices = [], []
        used = time.process_time()
        for frame in source.frames():
            times.append(time.monotonic())
            indices.append(frame.index)
            if len(times) == 5:
                used = time.process_time() - used
                source.rest(resting=False)
            if len(times) == 10:
                break
    assert times[4] - times[0] > 1.9
    assert used < 0.05 * (times[4] - times[0]) + 0.05, "under a twentieth of a core"
    assert indices[4] - indices[0] >= 110, "its time goes on"
    assert times[9] - times[4] < 0.4, "and all are back at once"
    assert source.dropped < 30, "what was left out at rest is not lost"


def test_what_it_is_called() -> None:
    with PatternSource((320, 200), Fraction(30000, 1001), rotation=90, count=1) as source:
        assert source.name == "test pattern, 320x200, 29.97/s"
        assert [frame.rotation for frame in source.frames()] == [90]
        assert (source.dropped, source.corrupt) == (0, 0)
