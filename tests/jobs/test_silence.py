"""A child's silence counts where it could have worked: not while others keep it from the processor."""

from __future__ import annotations

import pytest

from device.jobs import silence as silences
from device.jobs.silence import Silence

START = 1000.0


class Waiting:
    """Seconds that the child waited for a processor, as the kernel says them."""

    def __init__(self) -> None:
        self.seconds = 5.0

    def __call__(self, _pid: int) -> float:
        return self.seconds


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    waiting = Waiting()
    monkeypatch.setattr(silences, "waited_s", waiting)
    return waiting


def lasts(silence: Silence, waiting: Waiting, share: float, step: float = 0.2, most: float = 1000) -> float:
    """Seconds until it is too long, where others have ``share`` of the child's time."""
    now = START
    while not silence.too_long(now):
        now += step
        waiting.seconds += share * step
        assert now - START < most
    return now - START


def test_a_child_that_is_stuck_is_given_up_after_its_time(waiting: Waiting) -> None:
    assert lasts(Silence(1, 10, START), waiting, share=0) == pytest.approx(10, abs=0.5)


def test_one_that_is_kept_from_the_processor_has_longer(waiting: Waiting) -> None:
    assert lasts(Silence(1, 10, START), waiting, share=0.9) == pytest.approx(100, abs=5)


def test_but_not_for_ever(waiting: Waiting) -> None:
    assert lasts(Silence(1, 10, START), waiting, share=1) == pytest.approx(200, abs=1)


def test_threads_that_all_wait_at_once_do_not_count_more_than_the_time_there_was(waiting: Waiting) -> None:
    silence = Silence(1, 10, START)
    assert not silence.too_long(START)
    waiting.seconds += 50
    assert not silence.too_long(START + 1)
    assert not silence.too_long(START + 2)
    assert silence._silent == pytest.approx(1)


def test_a_parent_that_slept_heard_nothing_and_blames_nobody(waiting: Waiting) -> None:
    silence = Silence(1, 10, START)
    assert not silence.too_long(START + 100)
    assert waiting.seconds == 5
    silence.ends(START + 101)
    assert not silence.too_long(START + 101.2)


def test_progress_begins_it_anew(waiting: Waiting) -> None:
    silence = Silence(1, 10, START)
    for n in range(100):
        assert not silence.too_long(START + n)
        silence.ends(START + n + 0.5)
    assert waiting.seconds == 5
