"""Pauses for heat: two bounds, the board's own flags, and boards that tell little."""

from __future__ import annotations

import pytest

from device.engine import Board
from device.jobs.batch.heat import LEAST_S, Heat


def board(degrees: float | None, *throttled: str) -> Board:
    return Board("some board", degrees, throttled)


def test_it_pauses_at_the_upper_bound_and_goes_on_at_the_lower() -> None:
    heat = Heat(80, 70)
    pauses = [
        heat.look(board(degrees), 1000.0 * n) is not None
        for n, degrees in enumerate([60, 79.9, 80, 75, 70.1, 70, 79, 85, 60])
    ]
    assert pauses == [False, False, True, True, True, False, False, True, False]


def test_a_pause_has_one_reason() -> None:
    heat = Heat(80, 70)
    said = {heat.look(board(degrees), 0) for degrees in (82.4, 81, 90, 71)}
    assert said == {"the board is hot (82 degrees), goes on at 70"}


def test_a_pause_lasts_a_while() -> None:
    """Flags of a board come and go: without a least pause it would run hot again at once."""
    heat = Heat(80, 70)
    assert heat.look(board(62, "soft temperature limit"), 0) is not None
    assert heat.look(board(60), LEAST_S - 1) is not None
    assert heat.look(board(60), LEAST_S) is None


@pytest.mark.parametrize("flag", ["soft temperature limit", "throttled"])
def test_a_board_that_holds_itself_back_is_hot(flag: str) -> None:
    assert Heat(80, 70).look(board(65, flag), 0) == f"the board is hot ({flag}, 65 degrees), goes on at 70"
    assert Heat(80, 70).look(board(None, flag), 0) == f"the board is hot ({flag})"


@pytest.mark.parametrize("flags", [("under-voltage",), ("under-voltage", "throttled"), ("frequency capped",)])
def test_a_weak_supply_is_no_heat(flags: tuple[str, ...]) -> None:
    assert Heat(80, 70).look(board(50, *flags), 0) is None


def test_a_board_that_tells_nothing_is_never_hot() -> None:
    assert Heat(80, 70).look(Board("some board", None, None), 0) is None


def test_a_sensor_that_fails_does_not_end_the_night() -> None:
    heat = Heat(80, 70)
    assert heat.look(board(90), 0) is not None
    assert heat.look(board(None), LEAST_S / 2) is not None
    assert heat.look(board(None), LEAST_S) is None
