"""A process of its own: done, failed, crashed, stuck and stopped are told apart; nobody is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from children import children
from odd_children import run, runs

from device.engine import Stop
from device.errors import Interrupted, TintcastError, UnreadableFilm
from device.jobs import supervise
from device.jobs.supervise import Crashed, MemoryExceeded, Stalled, run_child


def test_a_result_comes_back_with_what_was_said_before() -> None:
    assert run("fine") == ("FINE", ["begun"])


def test_the_childs_own_error_comes_back_whole() -> None:
    with pytest.raises(UnreadableFilm) as caught:
        run("fail")
    assert str(caught.value) == "a.mp4: is broken (mend it)"


def test_a_mistake_of_ours_is_one_line() -> None:
    with pytest.raises(TintcastError, match="a mistake of ours: ZeroDivisionError: nought") as caught:
        run("bug")
    assert caught.value.exit_code == 70


def test_a_crash_is_told_by_its_signal() -> None:
    with pytest.raises(Crashed, match="died of SIGSEGV"):
        run("segfault")


def test_leaving_without_a_word_is_a_crash() -> None:
    with pytest.raises(Crashed, match="ended with code 3"):
        run("leave")


def test_what_was_said_before_its_memory_ran_out_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []
    hear = supervise._Talk._hear

    def hears(talk: supervise._Talk) -> object:
        heard.append(message := hear(talk))
        return message

    def look(*_: object) -> None:
        if any(heard):
            raise MemoryExceeded("has too much")

    monkeypatch.setattr(supervise._Talk, "_hear", hears)
    monkeypatch.setattr("device.jobs.supervise.Meter.look", look)
    told: list[object] = []
    with pytest.raises(MemoryExceeded):
        run("wait", hears=told.append)
    assert told == ["begun"]


@pytest.mark.parametrize(("task", "how"), [("scream", "SIGKILL"), ("oddly", "signal 40")])
def test_a_kill_that_nobody_explains_is_a_crash(task: str, how: str) -> None:
    with pytest.raises(Crashed, match=f"died of {how}"):
        run(task)


def test_a_child_that_talks_nonsense_has_crashed() -> None:
    with pytest.raises(Crashed, match="said what nobody understands"):
        run("nonsense")


def test_a_module_that_is_not_there_says_why() -> None:
    with pytest.raises(Crashed, match="No module named"):
        run_child("no_such_child", None, Stop(), lambda _: True, stall_s=20)


@pytest.mark.parametrize("task", ["hang", "still"])
def test_no_progress_ends_in_time(task: str) -> None:
    began = time.monotonic()
    with pytest.raises(Stalled):
        run(task, stall_s=1.0)
    assert time.monotonic() - began < 10


def test_slow_progress_is_progress() -> None:
    assert run("busy", stall_s=2.4)[0] == "BUSY"


@pytest.mark.parametrize("task", ["wait", "hang"])
def test_a_stop_ends_it_in_time_whether_it_listens_or_not(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "GRACE_S", 1.0)
    stop = Stop()
    threading.Timer(0.8, stop.request).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        run(task, stop)
    assert time.monotonic() - began < 8


def test_nobody_is_left_behind() -> None:
    with pytest.raises(Stalled):
        run("hang", stall_s=0.5)
    assert children(os.getpid(), "odd_child") == []


@pytest.mark.parametrize("task", ["wait", "hang"])
def test_no_child_outlives_a_parent_that_was_killed(task: str) -> None:
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from device.engine import Stop
from device.jobs.supervise import run_child
run_child("odd_child", {task!r}, Stop(), lambda m: print(m, flush=True) or True, stall_s=60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        (child,) = children(parent.pid, "odd_child")
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.1)
