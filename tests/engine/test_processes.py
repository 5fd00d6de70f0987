"""What the kernel says of processes that run, rest, end and have gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from device.engine.processes import is_ending, waited_s

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Process = subprocess.Popen[bytes]


@pytest.fixture
def spinning() -> Iterator[list[Process]]:
    """Two that want the one processor that they may have."""
    one = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{one}}})\nwhile True: pass"
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    yield both
    for each in both:
        each.kill()
        each.wait()


def test_those_who_wait_for_each_other_say_so(spinning: list[Process]) -> None:
    deadline = time.monotonic() + 30
    while not all(waited_s(each.pid) > 0.2 for each in spinning):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_that_was_killed_is_ending_until_it_has_gone(spinning: list[Process]) -> None:
    one = spinning[0]
    assert not is_ending(one.pid)
    one.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    assert not is_ending(one.pid)
    one.kill()
    assert is_ending(one.pid)
    one.wait()
    assert is_ending(one.pid)
    assert waited_s(one.pid) == 0
    assert not is_ending(os.getpid())


@pytest.mark.parametrize(
    ("state", "flags", "pending", "ending"),
    [
        ("D", 0x400000, 0, False),
        ("S", 0x400000, 1 << 14, False),
        ("D", 0x400000, 1 << 8, True),  # killed, and held by a disk
        ("R", 0x400004, 0, True),
        ("Z", 0x400000, 0, True),
    ],
)
def test_what_counts_as_ending(
    tmp_path: Path,
    state: str,
    flags: int,
    pending: int,
    ending: bool,  # noqa: FBT001 - a case
) -> None:
    place = tmp_path / "7"
    place.mkdir()
    (place / "stat").write_text(f"7 (a) b) {state} 1 7 7 0 -1 {flags} 1 2 3\n")
    (place / "status").write_text(f"Name:\ta\nSigPnd:\t{pending:016x}\nShdPnd:\t{0:016x}\n")
    assert is_ending(7, tmp_path) is ending


def test_a_kernel_that_does_not_say_how_long_is_no_error(tmp_path: Path) -> None:
    assert waited_s(1, tmp_path) == 0
    (tmp_path / "1" / "task" / "1").mkdir(parents=True)
    (tmp_path / "1" / "task" / "1" / "schedstat").write_text("nonsense")
    assert waited_s(1, tmp_path) == 0
