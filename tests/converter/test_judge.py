"""Kinds of grey and hints, judged with the bundled network on small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import pytest

from converter import data
from converter.cli import main
from converter.greys import compare_kinds
from converter.guided import compare_hints
from device.errors import InputError
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact") as loaded:
        yield loaded


def test_every_kind_of_grey_is_measured_against_the_plain_one(network: Network, tar: Path) -> None:
    kinds = compare_kinds(data.iterate_pictures([tar]), network, count=3)
    assert (kinds[0].name, kinds[0].ratio) == ("plain", 1)
    names = {kind.name for kind in kinds}
    assert names >= {"blue-sensitive", "orthochromatic", "red-heavy", "grain", "scratches", "portrait 9:16"}
    assert all(
        kind.pictures == 3 and kind.error == pytest.approx(kind.ratio * kinds[0].error) for kind in kinds
    )
    assert len({kind.error for kind in kinds}) > len(kinds) / 2  # they are not all the same grey


def test_nothing_to_judge_by_is_said(network: Network) -> None:
    for judge in (compare_kinds, compare_hints):
        with pytest.raises(InputError, match="no photographs"):
            judge([], network)


def test_evaluate_writes_a_table_and_a_sheet(folder: Path, tmp_path: Path) -> None:
    files = ["--csv", str(tmp_path / "figures.csv"), "--sheet", str(tmp_path / "sheet.png")]
    assert main(["evaluate", "compact", "--photos", str(folder), *files]) == 0
    head, *rows = (tmp_path / "figures.csv").read_text().splitlines()
    assert head.startswith("photographs,name,psnr,")
    assert [row.split(",")[1] for row in rows] == ["0.png", "1.png", "2.png"]
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] > 1000


def test_hints_are_measured_against_none(network: Network, tar: Path) -> None:
    ways = compare_hints(data.iterate_pictures([tar]), network, count=3)
    assert [way.hints for way in ways][:3] == ["none", "1 places", "5 places"]
    assert ways[0].gain == 0
    assert all(way.gain == pytest.approx(way.psnr - ways[0].psnr) for way in ways)
