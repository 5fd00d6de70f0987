"""What of the figures is worth telling, and when."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from device.mqtt.telemetry import Telemetry


def test_a_steady_stream_says_little() -> None:
    telemetry = Telemetry(60.0)
    told = [
        telemetry.worth_telling({"state": "live", "fps": 29.5 + second % 2, "drops": 7}, float(second))
        for second in range(3600)
    ]
    assert told[0] == {"state": "live", "fps": 30, "drops": 7}
    assert sum(each is not None for each in told) == 12  # once in five minutes, for who came later


def test_numbers_are_told_when_they_change_at_most_so_often() -> None:
    telemetry = Telemetry(60.0)
    assert telemetry.worth_telling({"temperature_c": 51.23}, 0.0) == {"temperature_c": 51}
    assert telemetry.worth_telling({"temperature_c": 71.0}, 59.0) is None
    assert telemetry.worth_telling({"temperature_c": 71.0}, 60.0) == {"temperature_c": 71}


def test_a_state_is_told_at_once() -> None:
    telemetry = Telemetry(60.0)
    telemetry.worth_telling({"state": "live", "own_colour": False, "throttled": []}, 0.0)
    for second, change in enumerate(
        (
            {"state": "waiting for camera: no frame for 2 s"},
            {"own_colour": True},
            {"throttled": ["under-voltage"]},
        ),
        start=1,
    ):
        told = {"state": "live", "own_colour": False, "throttled": []} | change
        assert telemetry.worth_telling(told, float(second)) == told
        telemetry.worth_telling({"state": "live", "own_colour": False, "throttled": []}, second + 0.5)


def test_what_was_forgotten_is_told_again() -> None:
    telemetry = Telemetry(60.0)
    assert telemetry.worth_telling({"fps": 30.0}, 0.0)
    assert telemetry.worth_telling({"fps": 30.0}, 1.0) is None
    telemetry.forget()
    assert telemetry.worth_telling({"fps": 30.0}, 2.0) == {"fps": 30}


@given(st.dictionaries(st.text(max_size=8), st.floats() | st.integers() | st.text() | st.booleans()))
def test_whatever_the_figures_are_it_is_json(figures: dict[str, object]) -> None:
    told = Telemetry().worth_telling(figures, 0.0)
    assert told is not None
    assert json.loads(json.dumps(told, allow_nan=False)).keys() == figures.keys()
    for name, value in figures.items():
        if isinstance(value, float) and abs(value) < 1e300:
            assert math.isclose(told[name], value, rel_tol=0.06)  # type: ignore[arg-type]
