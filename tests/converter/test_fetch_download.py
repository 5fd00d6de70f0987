"""Downloads from sites that break off, lie, fall silent or are gone: they end, or go on where they stood."""

from __future__ import annotations

import fcntl
import socket
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from odd_site import site

from converter.download import Limits, download
from device.errors import DownloadFailed, SpaceError

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = np.random.default_rng(1).bytes(300_000)
QUICK = Limits(connect=2, silence=0.5, pause=0.01, total=10, tries=3)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between a test and its own site."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "file.part"


@pytest.mark.parametrize("act", ["whole", "chunked"])
def test_a_file_comes_whole(part: Path, act: str) -> None:
    told = []
    with site(CONTENT, act) as server:
        resumed = download([server.address], part, limits=QUICK, told=lambda *now: told.append(now))
    assert part.read_bytes() == CONTENT
    assert not resumed
    assert told[-1] == (len(CONTENT), None if act == "chunked" else len(CONTENT))


def test_a_cut_connection_is_gone_on_from(part: Path) -> None:
    with site(CONTENT, "cut 100000", "cut 50000", "hush 1000") as server:
        assert download([server.address], part, limits=QUICK)
        assert server.asked == ["", "bytes=100000-", "bytes=150000-", "bytes=151000-"]
    assert part.read_bytes() == CONTENT


def test_a_later_run_goes_on(part: Path) -> None:
    with site(CONTENT, "cut 100000", *["cut 0"] * 9) as server:
        with pytest.raises(DownloadFailed, match="broken"):
            download([server.address], part, limits=QUICK)
        assert part.stat().st_size == 100_000
        server.script, server.asked = [], []
        assert download([server.address], part, limits=QUICK)
        assert server.asked == ["bytes=100000-"]
        assert download([server.address], part, limits=QUICK)  # it is whole already: nobody is asked
        assert server.asked == ["bytes=100000-"]
    assert part.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_starts_from_the_beginning(part: Path) -> None:
    with site(b"old" * 60_000, "cut 100000", "404") as server:
        with pytest.raises(DownloadFailed):
            download([server.address], part, limits=QUICK)
        server.content, server.tag = CONTENT, '"2"'
        assert not download([server.address], part, limits=QUICK)
    assert part.read_bytes() == CONTENT


def test_a_server_without_ranges_gives_all_again(part: Path) -> None:
    with site(CONTENT, "cut 100000") as server:
        server.ranges = False
        assert not download([server.address], part, limits=QUICK)
        assert server.asked == ["", "bytes=100000-"]
    assert part.read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(part: Path) -> None:
    with site(CONTENT, *["cut 100000"] * 9) as server:
        server.ranges = False
        with pytest.raises(DownloadFailed, match="broken"):
            download([server.address], part, limits=QUICK)
        assert len(server.asked) == 1 + QUICK.tries


def test_a_part_that_does_not_fit_is_dropped(part: Path) -> None:
    with site(CONTENT, "cut 100000", "wrong range") as server:
        download([server.address], part, limits=QUICK)
        assert server.asked == ["", "bytes=100000-", ""]
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("act", ["404", "403", "page", "410"])
def test_what_is_gone_is_not_asked_for_again_but_elsewhere(part: Path, act: str) -> None:
    with site(CONTENT, act) as gone, site(CONTENT) as other:
        download([gone.address, other.address], part, limits=QUICK)
        assert len(gone.asked) == 1
    assert part.read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(part: Path) -> None:
    with site(CONTENT, "503", "429 0") as server:
        download([server.address], part, limits=QUICK)
    assert part.read_bytes() == CONTENT


def test_all_reasons_are_told_and_what_to_do(part: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with site(CONTENT, "404") as server, pytest.raises(DownloadFailed) as failure:
            download([server.address, closed], part, limits=QUICK, by_hand="by hand: so")
    line = str(failure.value)
    assert f"404 Not Found from {server.address}" in line
    assert f"no connection from {closed}" in line
    assert line.startswith("file: ")
    assert line.endswith("(by hand: so)")


def test_redirections_are_followed_but_not_for_ever(part: Path) -> None:
    with site(CONTENT) as server, site(b"") as first:
        first.script = [f"to {server.address}/moved"]
        download([first.address], part, limits=QUICK)
        assert part.read_bytes() == CONTENT
        first.script = [f"to {first.address}/again"] * 20
        part.unlink()
        with pytest.raises(DownloadFailed, match="redirections without end"):
            download([first.address], part, limits=QUICK)
        assert len(first.asked) == 1 + 6


def test_a_slow_drip_ends_at_the_deadline_and_is_kept(part: Path) -> None:
    with site(CONTENT, *["drip"] * 3) as server:
        began = time.monotonic()
        with pytest.raises(DownloadFailed, match=r"not done after 0 s \(\d+ of 300000 bytes\)"):
            download([server.address], part, limits=Limits(total=0.4, silence=5))
        assert time.monotonic() - began < 2
    assert 100 <= part.stat().st_size < len(CONTENT)


def test_a_server_that_says_nothing_is_given_up(part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(DownloadFailed, match="no answer in time"):
            download([address], part, limits=Limits(silence=0.1, pause=0.01, tries=2))


def test_a_full_disk_is_told_before_it_is_full(part: Path) -> None:
    with site(CONTENT, "size 900000000000000") as server, pytest.raises(SpaceError, match="MB are free"):
        download([server.address], part, limits=QUICK)
    assert not list(part.parent.iterdir())  # nothing came, nothing is kept


def test_a_disk_that_is_full_after_all(part: Path) -> None:
    part.parent.mkdir()
    part.symlink_to("/dev/full")
    with site(CONTENT, "chunked") as server, pytest.raises(SpaceError, match="no space left"):
        download([server.address], part, limits=QUICK)


def test_two_at_once_do_not_write_into_one_file(part: Path) -> None:
    part.parent.mkdir()
    with part.open("wb") as other, site(CONTENT) as server:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="under way"):
            download([server.address], part, limits=QUICK)
        assert not server.asked
