from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from device.errors import ConfigurationError
from device.media.contact import BeforeAfter
from device.media.contact_pages import PER_PAGE, ContactPages, page_paths

if TYPE_CHECKING:
    from pathlib import Path


def pair(level: int) -> BeforeAfter:
    picture = np.full((30, 40, 3), level, np.uint8)
    return BeforeAfter(picture, picture, f"{level}")


def pages(path: Path, count: int, **more: bool) -> ContactPages:
    return ContactPages(path, count, title="album", detail="", **more)


def test_every_picture_stands_once_and_in_order_whatever_order_they_come_in(tmp_path: Path) -> None:
    count = 2 * PER_PAGE + 5
    sheet = pages(tmp_path / "sheet.png", count)
    order = np.random.default_rng(0).permutation(count).tolist()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda index: sheet.add(index, pair(20 + 4 * index)), order))
    assert [path.name for path in sheet.paths] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
    assert sheet.written == 3
    seen = []
    for path in sheet.paths:
        picture = np.array(Image.open(path).convert("RGB")).astype(int)
        for top in range(96, picture.shape[0] - 30, 30 + 26 + 20):
            for left in (32, 32 + 84 + 20):
                level = picture[top + 15, left + 20] if left < picture.shape[1] - 40 else np.zeros(3)
                seen += [int(level[0])] if level[0] == level[1] == level[2] else []
    assert seen == [20 + 4 * index for index in range(count)]


def test_a_page_is_written_as_soon_as_it_is_full(tmp_path: Path) -> None:
    sheet = pages(tmp_path / "sheet.jpg", PER_PAGE + 2)
    for index in range(PER_PAGE):
        assert not sheet.paths[0].exists()
        sheet.add(index, pair(index))
    assert sheet.paths[0].exists()
    assert not sheet._waiting


def test_pages_that_are_there_stay(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(b"mine")
    sheet = pages(path, PER_PAGE + 1)
    assert [sheet.wants(index) for index in (0, PER_PAGE - 1, PER_PAGE)] == [False, False, True]
    assert pages(path, PER_PAGE + 1, overwrite=True).wants(0)


def test_a_place_without_a_picture_has_its_note(tmp_path: Path) -> None:
    sheet = pages(tmp_path / "sheet.png", 2)
    sheet.add(1, BeforeAfter.nothing("2.png: failed"))
    sheet.add(0, pair(99))
    assert sheet.written == 1


@pytest.mark.parametrize("name", ["sheet", "sheet.gif", "sheet.pdf", ".png"])
def test_names_that_no_sheet_has(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name for a contact sheet"):
        page_paths(tmp_path / name, 3)
