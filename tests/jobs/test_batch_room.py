"""Room on the disk: what a film needs, what is left for others, and a disk that really fills."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from disks import small_disk

from device.errors import SpaceError
from device.jobs.batch import room
from device.jobs.batch.room import Room, free_bytes, needed

if TYPE_CHECKING:
    from pathlib import Path

MB = 10**6


def test_a_film_needs_room_for_its_segments_and_for_what_is_joined_of_them() -> None:
    assert 2 * MB < needed(MB) < 2.5 * MB
    assert needed(10 * MB, there=6 * MB) == needed(10 * MB) - 6 * MB
    assert needed(MB, there=5 * MB) == 0


def test_what_does_not_fit_is_told_and_a_smaller_one_fits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: 3000 * MB)
    disk = Room(tmp_path, 500)
    with pytest.raises(SpaceError) as caught:
        disk.check(2000 * MB)
    assert str(caught.value) == (
        "does not fit: it needs about 4.4 GB, 2.5 GB are free beside the 500 MB that stay so"
        " (free some space and run it again)"
    )
    disk.check(1000 * MB)
    # Of this one most is there already.
    disk.check(2000 * MB, there=1990 * MB)


@pytest.mark.mounts
def test_it_stops_while_there_is_room_for_others(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=32M") as folder:
        disk = Room(folder, 20)
        assert disk.short() is None
        (folder / "film").write_bytes(bytes(16 * MB))
        assert (disk.short() or "").endswith("20 MB stay free")
        with pytest.raises(SpaceError, match="does not fit"):
            disk.check(MB)
        os.truncate(folder / "film", 0)
        assert disk.short() is None


@pytest.mark.mounts
def test_a_disk_without_a_place_for_one_more_file_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=32M,nr_inodes=3") as folder:
        assert free_bytes(folder)
        for name in ("a", "b"):
            (folder / name).touch()
        assert free_bytes(folder) == 0


def test_a_folder_that_is_not_there_yet_will_be_on_the_disk_above(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    below = free_bytes(tmp_path / "a" / "b")
    assert below is not None
    # Others write meanwhile.
    assert below == pytest.approx(status.f_bavail * status.f_frsize, rel=0.2, abs=1000 * MB)


def test_nobody_may_have_to_stay_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: 0)
    assert Room(tmp_path, 0).short() is None
    monkeypatch.setattr(room, "free_bytes", lambda _: None)
    disk = Room(tmp_path, 500)
    disk.check(10**15)  # a disk that does not tell refuses nothing
    assert disk.short() is None
