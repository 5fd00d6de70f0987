"""Who speaks for a board's clock, and what is believed where nobody does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from device.jobs.batch import clock
from device.jobs.batch.clock import Clock, Kept, clock_trusted, kernel_clock

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
#: As the kernel says it after a start, and of a clock that a time service keeps.
ALONE = Kept(unsynchronized=True, error_us=16_000_000)
KEPT = Kept(unsynchronized=False, error_us=20_000)
PI = {"proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd evtstrm\n"}


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def rtc(seconds: float, hctosys: str = "1\n") -> dict[str, str]:
    """A clock with a battery that says ``seconds``; ``hctosys``: whether the system took its time from it."""
    place = "sys/class/rtc/rtc0"
    return {f"{place}/hctosys": hctosys, f"{place}/since_epoch": f"{seconds:.0f}\n"}


def test_a_board_without_a_battery_or_a_network_does_not_know_the_time(tmp_path: Path) -> None:
    assert not clock_trusted(ALONE, NOW, lay(tmp_path, PI))


@pytest.mark.parametrize(
    ("kept", "files"),
    [
        (KEPT, {}),
        # A service that leaves a clock with a battery in local time alone sets the flag, but keeps the error.
        (Kept(unsynchronized=True, error_us=300_000), {}),
        # It was set since the start, and the network went away.
        (ALONE, {"run/systemd/timesync/synchronized": ""}),
        (ALONE, rtc(NOW + 20)),
        (ALONE, rtc(NOW + 7200 - 30)),
        (ALONE, rtc(NOW - 5 * 3600 - 1800 + 10)),
        (ALONE, {"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\n"}),
        # Nobody tells anything: a container whose host keeps the clock.
        (None, {}),
    ],
)
def test_one_word_for_it_is_enough(tmp_path: Path, kept: Kept | None, files: dict[str, str]) -> None:
    assert clock_trusted(kept, NOW, lay(tmp_path, PI | files))


@pytest.mark.parametrize(
    "files",
    [
        rtc(55.0),  # its battery is empty: it began at 1970
        rtc(NOW - 400 * 86_400),
        rtc(NOW + 200),
        rtc(NOW, hctosys="0\n"),
        rtc(NOW) | {"sys/class/rtc/rtc0/since_epoch": "nonsense"},
        {"sys/class/rtc/rtc0/hctosys": "1\n"},
    ],
)
def test_a_clock_with_a_battery_that_does_not_agree_speaks_for_nothing(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert not clock_trusted(ALONE, NOW, lay(tmp_path, PI | files))


def test_this_kernel_tells() -> None:
    kept = kernel_clock()
    assert kept is None or 0 <= kept.error_us <= 16_000_000 * 10
    assert clock_trusted(kept, time.time()) in {True, False}


def test_a_clock_that_was_right_stays_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network went away, and its error grew; or it jumped, and those who spoke for it no longer do."""
    words = iter([False, True])
    monkeypatch.setattr(clock, "clock_trusted", lambda *_: next(words))
    one = Clock()
    assert [one.right() for _ in range(4)] == [False, True, True, True]
