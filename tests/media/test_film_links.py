"""Links, pipes and folders under our own names, as an unpacked archive may hold them: nobody's files go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from device.errors import ConfigurationError
from device.media.durable import PartFile, copy_file, write_bytes
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_link_in_the_place_of_a_work_folder_is_refused(tmp_path: Path) -> None:
    out, theirs = tmp_path / "out.mp4", tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "diary.txt").write_text("mine")
    WorkFolder.path_for(out).symlink_to(theirs)
    with pytest.raises(ConfigurationError, match=r"\.out\.mp4\.tintcast: is a link.* .delete the link"):
        WorkFolder(out, {})
    WorkFolder.sweep(out)
    assert [path.name for path in theirs.iterdir()] == ["diary.txt"]
    WorkFolder.path_for(out).unlink()
    WorkFolder.path_for(out).symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        WorkFolder(out, {})
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_place_of_a_lock_is_refused(tmp_path: Path) -> None:
    out, theirs = tmp_path / "out.mp4", tmp_path / "theirs"
    theirs.write_text("mine")
    WorkFolder.path_for(out).mkdir()
    (WorkFolder.path_for(out) / "lock").symlink_to(theirs)
    with pytest.raises(ConfigurationError, match="lock: is a link"):
        WorkFolder(out, {})
    assert theirs.read_text() == "mine"


def test_a_link_in_the_place_of_a_part_file_is_replaced(tmp_path: Path) -> None:
    target, theirs = tmp_path / "target", tmp_path / "theirs"
    theirs.write_text("mine")
    (tmp_path / "target.part").symlink_to(theirs)
    write_bytes(target, b"ours")
    assert (target.read_bytes(), target.is_symlink()) == (b"ours", False)
    (tmp_path / "target.part").symlink_to(theirs)
    copy_file(theirs, target)
    assert (target.read_text(), target.is_symlink()) == ("mine", False)
    assert theirs.read_text() == "mine"


def test_nobody_waits_at_a_pipe(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    os.mkfifo(tmp_path / "target.part")
    write_bytes(tmp_path / "target", b"ours")
    assert (tmp_path / "target").read_bytes() == b"ours"
    WorkFolder.path_for(out).mkdir()
    for name in ("lock", "job.json", "00000000.json", "00000000.mkv"):
        os.mkfifo(WorkFolder.path_for(out) / name)
    WorkFolder.sweep(out)
    with WorkFolder(out, {}) as work:
        assert work.segments == []


def test_a_folder_of_somebody_else_is_in_nobodys_way(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    theirs = WorkFolder.path_for(out) / "@eaDir"
    theirs.mkdir(parents=True)
    (theirs / "thumbnail").write_text("theirs")
    with WorkFolder(out, {}) as work:
        part = PartFile(work.segment_path(0))
        part.file.write(b"frames")
        work.close_segment(part, (0,), {})
        work.remove()
    assert [path.name for path in WorkFolder.path_for(out).iterdir()] == ["@eaDir"]
    assert (theirs / "thumbnail").read_text() == "theirs"
