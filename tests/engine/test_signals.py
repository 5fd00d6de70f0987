from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from device.engine import Stop, stop_on_signals


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_the_end_and_the_handlers_come_back(signum: signal.Signals) -> None:
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    stop = Stop()
    with stop_on_signals(stop):
        os.kill(os.getpid(), signum)
        assert stop.wait(5)
    assert stop.requested
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == before


def test_handlers_come_back_after_an_error_too() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="inside"), stop_on_signals(Stop()):
        raise ValueError("inside")
    assert signal.getsignal(signal.SIGINT) is before


DEAF = """
import time
from device.engine import Stop, stop_on_signals
stop = Stop()
with stop_on_signals(stop):
    print("ready", flush=True)
    while not stop.is_set():
        time.sleep(0.01)
    print("asked", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_the_process_at_once(signum: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signum)
        assert process.stdout.readline() == "asked\n"
        begin = time.monotonic()
        process.send_signal(signum)
        assert process.wait(10) == -signum
        assert time.monotonic() - begin < 20


IN_A_LOCK = """
import os, signal, threading, time
from device.engine import Stop, stop_on_signals
stop = Stop()
pid = os.getpid()
def pester():
    time.sleep(0.02)
    os.kill(pid, signal.SIGTERM)
with stop_on_signals(stop):
    threading.Thread(target=pester, daemon=True).start()
    while not stop.is_set():
        stop.wait(0.0)
print("ended", flush=True)
"""


def test_a_signal_in_the_middle_of_a_wait_does_not_lock_up() -> None:
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", IN_A_LOCK], capture_output=True, timeout=20, check=True)
        assert done.stdout == b"ended\n"
