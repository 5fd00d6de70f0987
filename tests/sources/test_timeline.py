from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from device.sources.stream.timeline import Timeline

MS = 1_000_000


def steps(stamps: list[int | None]) -> list[tuple[int, int]]:
    """Missing frames and pts in milliseconds for stamps in milliseconds; frames arrive every 40."""
    timeline = Timeline()
    found = []
    for number, stamp in enumerate(stamps):
        seconds = None if stamp is None else Fraction(stamp, 1000)
        found.append((timeline.step(seconds, (1000 + 40 * number) * MS), timeline.pts // MS))
    return found


def test_an_even_stream() -> None:
    assert steps([7000 + 40 * n for n in range(20)]) == [(0, 40 * n) for n in range(20)]


def test_a_gap_is_frames_that_are_missing() -> None:
    stamps: list[int | None] = [40 * n for n in range(30) if n not in {12, 13, 20}]
    assert [missing for missing, _ in steps(stamps)] == [2 if n == 12 else int(n == 18) for n in range(27)]


def test_a_camera_that_slows_down_for_the_night_soon_misses_nothing() -> None:
    stamps: list[int | None] = [40 * n for n in range(20)]
    stamps += [760 + 80 * n for n in range(1, 40)]
    found = [missing for missing, _ in steps(stamps)]
    assert sum(found) <= 5
    assert not any(found[30:])


def test_without_stamps_it_follows_the_arrival() -> None:
    assert steps([None] * 5) == [(0, 40 * n) for n in range(5)]


def test_a_clock_that_was_set_leaves_no_hole() -> None:
    for jump in (-5000, 60_000):
        stamps: list[int | None] = [40 * n for n in range(10)] + [400 + jump + 40 * n for n in range(10)]
        assert steps(stamps) == [(0, 40 * n) for n in range(20)]


@given(st.lists(st.none() | st.integers(-(10**9), 10**9), max_size=40))
def test_pts_only_grows(stamps: list[int | None]) -> None:
    timeline = Timeline()
    seen = []
    for number, stamp in enumerate(stamps):
        missing = timeline.step(None if stamp is None else Fraction(stamp, 90_000), number)
        assert missing >= 0
        seen.append(timeline.pts)
    assert seen == sorted(set(seen))
