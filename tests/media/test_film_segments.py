"""Segments: where they begin follows from the film alone, and what is closed is gone on from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import FilmBusy, SpaceError
from device.media.segments import Boundaries, WorkFolder

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY: dict[str, Any] = {"source": {"bytes": 1}, "network": "abc", "settings": {"crf": 18}}


def begins(cuts: list[bool], least: int, start: int = 0) -> list[int]:
    rule = Boundaries(least, start)
    return [n for n in range(start, len(cuts)) if rule.begins(n, cut=cuts[n])]


@given(st.lists(st.booleans(), max_size=300), st.integers(2, 20))
def test_boundaries_keep_their_distance_and_fall_on_cuts_where_they_can(cuts: list[bool], least: int) -> None:
    found = begins(cuts, least)
    for last, following in zip([0, *found], found, strict=False):
        length = following - last
        assert least <= length <= 4 * least
        assert cuts[following] or length == 4 * least
        assert not any(cuts[last + least : following])


@given(st.lists(st.booleans(), max_size=300), st.integers(2, 20), st.data())
def test_a_run_that_goes_on_from_a_boundary_makes_the_same(
    cuts: list[bool], least: int, data: st.DataObject
) -> None:
    found = begins(cuts, least)
    start = data.draw(st.sampled_from([0, *found]))
    assert begins(cuts, least, start) == [n for n in found if n > start]


def write(work: WorkFolder, pts: tuple[int, ...], state: dict[str, Any]) -> None:
    part = work.begin_segment()
    part.file.write(b"frames" * len(pts))
    work.close_segment(part, pts, state)


def test_what_is_closed_is_there_for_the_next_run(tmp_path: Path) -> None:
    steady = {"depth": 8, "luma": "YmFzZTY0", "list": [1, None, {"m": 0.1}]}
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        write(work, (0, 40, 80), {"cuts": "x"})
        write(work, (120, 160), steady)
        (work.path / "00000005.mkv.part").write_bytes(b"half a seg")
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as again:
        assert again.restarted is None
        assert [(s.first, s.pts) for s in again.segments] == [(0, (0, 40, 80)), (3, (120, 160))]
        assert (again.next_index, again.state()) == (5, steady)


def test_a_first_run_begins_at_the_start(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        assert (work.next_index, work.state(), work.restarted) == (0, None, None)


@pytest.mark.parametrize(
    "change",
    [{"network": "abd"}, {"settings": {"crf": 19}}, {"source": {"bytes": 2}}, {"versions": {"av": "9"}}],
)
def test_another_identity_begins_afresh_and_says_why(tmp_path: Path, change: dict[str, Any]) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        write(work, (0, 40), {})
    with WorkFolder(tmp_path / "out.mp4", IDENTITY | change) as again:
        assert again.segments == []
        assert again.restarted is not None
        assert next(iter(change)) in again.restarted
        assert not list(again.path.glob("*.mkv"))


def test_a_run_that_wants_every_frame_begins_afresh(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        write(work, (0, 40), {})
    with WorkFolder(tmp_path / "out.mp4", IDENTITY, resume=False) as again:
        assert (again.segments, again.restarted) == ([], "begun afresh: every frame is wanted")


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        with pytest.raises(FilmBusy, match="another run"):
            WorkFolder(tmp_path / "out.mp4", IDENTITY)
        write(work, (0,), {})
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as again:
        assert again.next_index == 1


@pytest.mark.parametrize("harm", ["state gone", "state broken", "no state", "frames cut"])
def test_segments_after_a_damaged_one_do_not_count(tmp_path: Path, harm: str) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        for first in range(3):
            write(work, (first * 2, first * 2 + 1), {"n": first})
    second = work.segments[1].path
    if harm == "state gone":
        second.with_suffix(".json").unlink()
    elif harm == "state broken":
        second.with_suffix(".json").write_text('{"first": 2, "pts')
    elif harm == "no state":
        second.with_suffix(".json").write_text('{"first": 2, "pts": [2, 3], "bytes": 12}')
    else:
        second.write_bytes(second.read_bytes()[:-1])
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as again:
        assert again.next_index == 2
        write(again, (2, 3), {})
    assert json.loads(second.with_suffix(".json").read_text())["pts"] == [2, 3]


def test_a_folder_without_segments_is_not_left_behind(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        work.begin_segment().discard()
    assert list(tmp_path.iterdir()) == []


def test_no_room_is_a_space_error_and_the_segment_does_not_count(tmp_path: Path) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        (work.path / "00000000.mkv.part").symlink_to("/dev/full")
        part = work.begin_segment()
        part.file.write(b"frames")
        with pytest.raises(SpaceError, match="no space left"):
            work.close_segment(part, (0,), {})
        part.discard()
        assert work.segments == []


HOLDER = """
import sys
from pathlib import Path
from device.media.segments import WorkFolder
with WorkFolder(Path(sys.argv[1]), {}):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_lives_is_not_waited_for_and_one_that_was_killed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        with pytest.raises(FilmBusy, match="another run is writing this film"):
            WorkFolder(out, IDENTITY)
        # As one that was killed, and that a disk holds for another moment.
        monkeypatch.setattr("device.media.segments.is_ending", lambda pid: pid == holder.pid)
        threading.Timer(1, holder.kill).start()
        with WorkFolder(out, IDENTITY) as work:
            assert work.segments == []
            assert (work.path / "lock").read_text() == str(os.getpid())
    assert time.monotonic() - began < 60


def test_a_process_that_never_lets_go_is_waited_for_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.media.segments.is_ending", lambda _pid: True)
    monkeypatch.setattr("device.media.segments._LETS_GO_S", 0.3)
    with (
        WorkFolder(tmp_path / "out.mp4", IDENTITY),
        pytest.raises(FilmBusy, match="another run is writing this film"),
    ):
        WorkFolder(tmp_path / "out.mp4", IDENTITY)
