from __future__ import annotations

import pytest

from device.colour.pace import Pace


def test_the_first_of_a_shot_is_asked_about_and_then_each_third() -> None:
    pace = Pace(3)
    cuts = [True, False, False, False, False, True, False, False, False]
    assert [pace.due(anew=cut) for cut in cuts] == [
        True, False, False, True, False, True, False, False, True,
    ]  # fmt: skip


def test_each_is_asked_about_unless_said_otherwise() -> None:
    pace = Pace()
    assert all(pace.due(anew=False) for _ in range(5))


@pytest.mark.parametrize("at", range(7))
def test_a_restored_one_goes_on_where_it_was(at: int) -> None:
    whole, first, second = Pace(3), Pace(3), Pace(3)
    expected = [whole.due(anew=index == 0) for index in range(9)]
    for index in range(at):
        first.due(anew=index == 0)
    second.restore(first.state())
    assert [second.due(anew=index == 0) for index in range(at, 9)] == expected[at:]


def test_less_than_each_one_is_refused() -> None:
    with pytest.raises(ValueError, match="each one"):
        Pace(0)
