"""A disk that fills under a night: nothing half-written, nothing lost, and it goes on when there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from disks import small_disk
from killed_nights import SETTINGS, Night, make_few
from night_results import differences, results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.mounts, pytest.mark.timeout(300)]

#: What SpaceError ends with.
NO_ROOM = 6
#: Bytes for everybody; about twice of what the results need.
DISK = 4 * 1024 * 1024


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources in ``in``, settings in ``night.toml``, results with room enough in ``alone``."""
    folder = tmp_path_factory.mktemp("full")
    make_few(folder / "in", 30, (160, 120))
    (folder / "night.toml").write_text(SETTINGS)
    alone = Night(folder / "in", folder / "alone", folder / "night.toml")
    assert alone.run("--no-measure") == 0
    assert alone.wrong == []
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    with small_disk(tmp_path / "disk", f"size={DISK}") as place:
        yield place


@pytest.mark.parametrize("kilobytes", [0, 24, 250])
def test_a_full_disk_loses_nothing_and_is_gone_on_with(folder: Path, disk: Path, kilobytes: int) -> None:
    """With so much room in all: not even records fit, or a segment, or the film joined of them."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(DISK - kilobytes * 1024))
    full = Night(folder / "in", disk / "out", folder / "night.toml")
    assert full.run("--no-measure") == NO_ROOM
    whole = {path.relative_to(disk / "out") for path in results(disk / "out")}
    for name in whole:
        assert (disk / "out" / name).stat().st_size == (folder / "alone" / name).stat().st_size
    assert len(whole) < len(results(folder / "alone"))
    filler.unlink()
    assert full.run("--no-measure") == 0
    assert full.wrong == []
    assert list(differences(folder / "alone", full.out)) == []
