"""The hours of a night by the clock on the wall, which is set forward and back twice a year."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.config import load_config
from device.errors import ConfigurationError
from device.jobs.batch.hours import Hours, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Rules as POSIX writes them: they need no files of zones.
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
SANTIAGO = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"  # set at midnight
HOUR_S = 3600


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", BERLIN)
        time.tzset()
        yield
    time.tzset()


def at(text: str, fold: int = 0) -> float:
    """``2026-11-21 22:00`` on the wall, the second time that it shows it with ``fold``; since 1970."""
    return datetime.fromisoformat(text).replace(fold=fold).timestamp()


def hours(text: str) -> Hours:
    found = Hours.parse(text)
    assert found is not None
    return found


def works(text: str, now: float) -> bool:
    return hours(text).window(now).holds(now)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("22:00-07:00", ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
        ("09:00-17:30", ["09:00", "17:29"], ["08:59", "17:30", "23:00", "00:00"]),
        ("0:00-6:05", ["00:00", "06:04"], ["06:05", "23:59"]),
        ("20:00-24:00", ["20:00", "23:59"], ["00:00", "19:59"]),
        ("20:00-00:00", ["20:00", "23:59"], ["00:00", "19:59"]),
        ("24:00-01:00", ["00:00", "00:59"], ["01:00", "23:59"]),
    ],
)
def test_it_works_from_the_first_minute_until_the_last(
    text: str, inside: list[str], outside: list[str]
) -> None:
    for day in ("2026-11-21", "2026-12-31", "2028-02-29"):
        assert all(works(text, at(f"{day} {each}")) for each in inside)
        assert not any(works(text, at(f"{day} {each}")) for each in outside)


def test_without_hours_there_are_none() -> None:
    assert Hours.parse("") is None


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        ("2026-11-21 23:00", "2026-11-21 22:00", "2026-11-22 07:00"),
        ("2026-11-22 06:00", "2026-11-21 22:00", "2026-11-22 07:00"),
        ("2026-11-22 07:00", "2026-11-22 22:00", "2026-11-23 07:00"),
    ],
)
def test_the_window_is_this_one_or_the_next(now: str, opens: str, closes: str) -> None:
    assert hours("22:00-07:00").window(at(now)) == Window(at(opens), at(closes))


def test_a_night_in_which_the_clock_is_set_forward_is_an_hour_shorter() -> None:
    window = hours("22:00-07:00").window(at("2026-03-28 23:00"))
    assert window == Window(at("2026-03-28 22:00"), at("2026-03-29 07:00"))
    assert window.closes - window.opens == 8 * HOUR_S


def test_what_the_clock_leaves_out_begins_and_ends_when_it_is_set() -> None:
    three = at("2026-03-29 03:00")
    assert hours("02:30-05:00").window(three - 60) == Window(three, at("2026-03-29 05:00"))
    assert hours("00:30-02:30").window(three - 60).closes == three
    # Nothing is left of this one: the next is tomorrow's.
    assert hours("02:10-02:50").window(three - 60).opens == at("2026-03-30 02:10")


def test_a_night_in_which_the_clock_is_set_back_is_an_hour_longer_and_one_piece() -> None:
    window = hours("22:00-07:00").window(at("2026-10-25 02:30", fold=1))
    assert window == Window(at("2026-10-24 22:00"), at("2026-10-25 07:00"))
    assert window.closes - window.opens == 10 * HOUR_S


def test_a_time_that_comes_twice_counts_when_it_first_comes() -> None:
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert second - first == HOUR_S
    assert hours("22:00-02:30").window(first - 60).closes == first
    assert not works("22:00-02:30", second - 60)
    # One piece: it does not close again at the second 02:00.
    assert all(works("02:30-05:00", first + minutes * 60) for minutes in range(0, 3 * 60, 5))


def test_a_clock_that_is_set_at_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", SANTIAGO)
    time.tzset()
    # 2026-09-06 has no hour before one o'clock.
    one = at("2026-09-06 01:00")
    assert datetime.fromtimestamp(one - 1).day == 5  # noqa: DTZ006 - the clock on the wall is what is tested
    assert hours("00:00-06:00").window(one - 60) == Window(one, at("2026-09-06 06:00"))
    assert hours("22:00-00:30").window(one - 60).closes == one


@given(
    begin=st.integers(0, 24 * 60 - 1),
    lasts=st.integers(1, 24 * 60 - 1),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
def test_windows_follow_each_other_and_agree_with_the_wall(begin: int, lasts: int, minutes: int) -> None:
    rule = Hours(begin, (begin + lasts) % (24 * 60))
    now = at("2026-01-01 00:00") + minutes * 60
    window = rule.window(now)
    assert window.opens < window.closes
    assert now < window.closes
    following = rule.window(window.closes)
    assert following.opens >= window.closes
    wall = datetime.fromtimestamp(now)  # noqa: DTZ006 - as above
    days = [wall + timedelta(days=days) for days in (-1, 0, 1)]
    if len({day.astimezone().utcoffset() for day in days}) == 1:  # nobody sets the clock about now
        assert window.holds(now) == ((wall.hour * 60 + wall.minute - begin) % (24 * 60) < lasts)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("between", "22-7", "two times of day, as in 22:00-07:00"),
        ("between", "25:00-07:00", "two times of day"),
        ("between", "22:00-22:00", "it ends when it begins"),
        ("between", "00:00-24:00", "it ends when it begins"),
        ("cool_c", 85, "below hot_c, 80"),
        ("rate", 0.0005, "must be 0, or at least 0.01"),
    ],
)
def test_rules_that_make_no_sense_are_one_line(key: str, value: object, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load_config(None, {}, {"batch": {key: value}})
    assert f"batch.{key} = {value!r} is not allowed" in str(caught.value)
