"""Which view is left where the broker takes only so much at once."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from device.media.facts import Facts
from device.sinks.mqtt.fitting import Fitting
from device.sinks.views import Shown, View

FULL = 1920


def shown(view: View, bytes_at_85: int = 400_000) -> Shown:
    """A picture that weighs by its view as pictures do, about."""
    width = view.width or FULL
    size = bytes_at_85 * (view.quality / 85) * (width / FULL) ** 2
    facts = Facts(width, width * 9 // 16, 0, 0, Fraction(1, 25), "compact", "board")
    return Shown(bytes(round(size)), facts)


def settle(fitting: Fitting, room: int, bytes_at_85: int = 400_000) -> list[View]:
    views = [fitting.view]
    while not fitting.fits(shown(fitting.view, bytes_at_85), room):
        views.append(fitting.view)
        assert len(views) < 40
    return views


def test_where_there_is_room_nothing_changes() -> None:
    fitting = Fitting(View(0, 85))
    for room in (None, 400_000):
        assert fitting.fits(shown(fitting.view), room)
        assert fitting.view == View(0, 85)


def test_quality_goes_first_then_size() -> None:
    fitting = Fitting(View(0, 85))
    views = settle(fitting, 100_000)
    assert [view.quality for view in views[:5]] == [85, 75, 65, 55, 45]
    assert {view.width for view in views[:5]} == {0}
    assert [view.width for view in views[5:]] == [1440, 1080]


def test_what_fits_nowhere_stops_somewhere() -> None:
    fitting = Fitting(View(0, 85))
    for _ in range(40):
        assert not fitting.fits(replace(shown(fitting.view), jpeg=bytes(1000)), 500)
    assert 64 <= fitting.view.width < 128


def test_a_calmer_scene_gets_its_quality_back_step_by_step() -> None:
    fitting = Fitting(View(0, 85))
    settle(fitting, 300_000)
    assert fitting.view == View(0, 55)
    for _ in range(299):
        assert fitting.fits(shown(fitting.view, 100_000), 300_000)
    assert fitting.view == View(0, 55)
    for _ in range(601):
        assert fitting.fits(shown(fitting.view, 100_000), 300_000)
    assert fitting.view == View(0, 85)


def test_another_wish_begins_anew() -> None:
    fitting = Fitting(View(0, 85))
    settle(fitting, 100_000)
    fitting.want(View(640, 70))
    assert fitting.view == View(640, 70)
    settle(fitting, 20_000)
    fitting.want(View(640, 70))
    assert fitting.view != View(640, 70)
