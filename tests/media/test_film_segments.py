"""Segments: where they begin follows from the film alone, and what is closed is gone on from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from full import no_room_for
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ConfigurationError, FilmBusy, SpaceError
from device.media.segments import REDO, Boundaries, WorkFolder

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


def test_no_room_is_a_space_error_and_the_segment_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WorkFolder(tmp_path / "out.mp4", IDENTITY) as work:
        no_room_for("00000000.mkv", monkeypatch)
        part = work.begin_segment()
        part.file.write(b"frames")
        with pytest.raises(SpaceError, match="no space left"):
            work.close_segment(part, (0,), {})
        part.discard()
        assert work.segments == []


@pytest.mark.parametrize("all_states", [False, True])
def test_of_a_long_film_only_the_last_state_is_held(tmp_path: Path, *, all_states: bool) -> None:
    held = [{"n": 0}, {"n": 1}, {"n": 2}] if all_states else [{}, {}, {"n": 2}]
    with WorkFolder(tmp_path / "out.mp4", IDENTITY, all_states=all_states) as work:
        for first in range(3):
            part = work.begin_segment()
            part.file.write(b"frames")
            work.close_segment(part, (first,), {"n": first}, (), {"shots": first})
        assert [segment.state for segment in work.segments] == held
        assert [segment.record for segment in work.segments] == [{}, {}, {}]
    with WorkFolder(tmp_path / "out.mp4", IDENTITY, all_states=all_states) as again:
        assert [segment.state for segment in again.segments] == held
        assert [segment.record["shots"] for segment in again.segments] == [0, 1, 2]


def test_shots_are_not_redone_in_the_place_of_a_run_that_was_interrupted(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    with WorkFolder(out, IDENTITY) as work:
        write(work, (0, 40), {})
        with pytest.raises(FilmBusy):  # as long as it goes on, nobody is told to delete it
            WorkFolder(out, {REDO: [1]}, resume=False)
    with pytest.raises(ConfigurationError, match="is being coloured afresh, and that was interrupted"):
        WorkFolder(out, {REDO: [1]}, resume=False)
    with WorkFolder(out, IDENTITY) as again:
        assert again.next_index == 2
