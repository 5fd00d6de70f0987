from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from exiftool import read_tags
from PIL import Image

from device.media.made_by import MadeBy
from device.media.side_by_side import shown, write_side_by_side

if TYPE_CHECKING:
    from pathlib import Path

GREY = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60) * 27
RED = np.full((40, 60, 3), (60_000, 10_000, 9_000), np.uint16)


def test_before_is_left_and_after_right(tmp_path: Path) -> None:
    write_side_by_side(tmp_path / "a.jpg", GREY, RED, MadeBy("compact", "1"))
    with Image.open(tmp_path / "a.jpg") as picture:
        both = np.asarray(picture).astype(int)
    assert both.shape == (40, 128, 3)
    assert np.ptp(both[:, :56], axis=2).max() < 3
    assert np.abs(both[:, 72:] - RED[0, 0] / 257).max() < 8


def test_it_says_who_made_the_colour(tmp_path: Path) -> None:
    write_side_by_side(tmp_path / "a.jpg", GREY, RED, MadeBy("compact", "1"))
    assert "compositeWithTrainedAlgorithmicMedia" in str(read_tags(tmp_path / "a.jpg"))


@pytest.mark.parametrize("shape", [(4000, 100), (100, 4000, 3), (3, 2401)])
def test_a_large_picture_is_scaled_down_and_keeps_its_shape(shape: tuple[int, ...]) -> None:
    small = shown(np.full(shape, 40_000, np.uint16))
    assert small.dtype == np.uint8
    assert max(small.shape[:2]) == 2400
    assert small.shape[0] / small.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.05)
    assert (small == 156).all()


def test_a_small_one_stays() -> None:
    picture = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    assert shown(picture) is picture
