"""A child that needs too much memory ends, and is told apart from one that crashed."""

from __future__ import annotations

import os

import pytest
from odd_children import run

from device.engine import memory
from device.errors import UnreadableFilm
from device.jobs import supervise
from device.jobs.child_memory import MemoryExceeded, data_bound
from device.jobs.supervise import Crashed, Terms

CEILING = Terms(memory_mb=150)


def test_who_needs_more_and_more_is_ended_at_the_ceiling() -> None:
    with pytest.raises(MemoryExceeded) as caught:
        run("creep", terms=CEILING)
    words = caught.value.reason.split()
    assert caught.value.reason.endswith("MB of memory, more than the 150 it may have")
    assert 150 < int(words[1]) < 600


def test_who_wants_all_at_once_is_refused() -> None:
    with pytest.raises(MemoryExceeded, match="was refused memory \\(MemoryError"):
        run("jump", terms=CEILING)


def test_addresses_without_memory_behind_them_are_free() -> None:
    assert run("reserve", terms=CEILING)[0] == "RESERVE"


def test_without_a_ceiling_there_is_none() -> None:
    assert data_bound(0) == 0
    assert data_bound(1500) > 2500


def test_a_library_that_aborts_for_want_of_memory_is_no_crash() -> None:
    with pytest.raises(MemoryExceeded, match="died of SIGABRT, for want of memory"):
        run("abort")


def test_the_kernels_own_kill_is_told_by_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([7, 8])
    monkeypatch.setattr(supervise, "out_of_memory_kills", lambda: next(counts))
    with pytest.raises(MemoryExceeded, match="the machine ran out of memory"):
        run("scream")


@pytest.mark.parametrize("task", ["fail", "segfault"])
def test_who_fails_with_nearly_all_it_may_have_was_refused_more(
    task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises((UnreadableFilm, Crashed)):
        run(task, terms=CEILING)
    monkeypatch.setattr(supervise.Meter, "nearly_full", True, raising=False)
    monkeypatch.setattr(supervise.Meter, "__init__", lambda *_: None)
    monkeypatch.setattr(supervise.Meter, "look", lambda *_: None)
    with pytest.raises(MemoryExceeded):
        run(task, terms=CEILING)


def test_what_a_process_has_is_the_kernels_word() -> None:
    pid = os.getpid()
    used, own = memory.usage(pid), memory.own_mb(pid)
    assert 1 < own <= used.resident_mb * 1.1
    assert used.data_mb > 1


def test_of_a_process_that_has_gone_there_is_nothing() -> None:
    assert memory.usage(1 << 30) == memory.Usage(0, 0)
    assert memory.own_mb(1 << 30) == 0
