from __future__ import annotations

import pytest

from converter.schedule import Clock, Schedule
from device.errors import ConfigurationError


def test_the_rate_rises_then_falls_to_zero() -> None:
    schedule = Schedule(minutes=10, warm_up=100)
    assert schedule.rate(0.0, 0) == pytest.approx(0.01)
    assert schedule.rate(0.0, 99) == pytest.approx(1.0)
    assert schedule.rate(0.5, 1000) == pytest.approx(0.5)
    assert schedule.rate(1.0, 1000) == pytest.approx(0.0)


def test_the_rate_may_stay_for_long() -> None:
    schedule = Schedule(minutes=10, falls_from=0.6)
    assert schedule.rate(0.6, 1000) == pytest.approx(1.0)
    assert schedule.rate(0.8, 1000) == pytest.approx(0.5)
    assert schedule.rate(1.0, 1000) == pytest.approx(0.0)


def test_pictures_grow_during_the_run() -> None:
    sizes = [Schedule(minutes=1).size(progress) for progress in (0, 0.59, 0.6, 0.9)]
    assert sizes == [128, 128, 160, 224]


def test_the_clock_counts_minutes_or_pictures() -> None:
    assert Clock(step=7, seconds=30).progress(Schedule(minutes=1)) == pytest.approx(0.5)
    assert Clock(step=5, seconds=9999).progress(Schedule(pictures=320, batch=32)) == pytest.approx(0.5)


@pytest.mark.parametrize("lengths", [{}, {"minutes": 1.0, "pictures": 10}])
def test_a_run_has_exactly_one_length(lengths: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="either minutes or pictures"):
        Schedule(**lengths)  # type: ignore[arg-type]
