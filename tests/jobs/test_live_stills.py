"""Single frames of a live picture, as files."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.errors import InputError
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.jobs.live.stills import keep_still
from device.media.facts import read_facts

if TYPE_CHECKING:
    from pathlib import Path


def a_frame() -> TintedFrame:
    luma = np.full((48, 64), 128, np.uint8)
    frame = Frame(luma, JPEG_COLOUR, index=7, pts=7, time_base=Fraction(1, 30), rotation=90)
    return TintedFrame(frame, luma, np.full((8, 8, 2), 40, np.float32))


def test_a_still_is_upright_in_colour_and_says_what_it_is(tmp_path: Path) -> None:
    path = keep_still(a_frame(), tmp_path, network="compact", device="attic", quality=90)
    facts = read_facts(path.read_bytes())
    assert (facts.width, facts.height, facts.network, facts.device) == (48, 64, "compact", "attic")
    blue, green, red = cv2.imread(str(path))[32, 24].astype(int)
    assert red > green + 40
    assert blue < red


def test_many_in_one_second_are_all_kept(tmp_path: Path) -> None:
    paths = {keep_still(a_frame(), tmp_path, network="n", device="d", quality=50) for _ in range(5)}
    assert len(paths) == 5
    assert set(tmp_path.iterdir()) == paths


def test_where_there_is_no_folder_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone"):
        keep_still(a_frame(), tmp_path / "gone", network="n", device="d", quality=50)
