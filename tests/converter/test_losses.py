from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converter import losses
from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tables(points: Path) -> losses.BinTables:
    sample = np.random.default_rng(1).normal(0, 12, (5000, 2)).round().astype(np.int8)
    return losses.bin_tables(losses.read_points(points), sample)


def test_every_colour_is_spread_over_five_bins(tables: losses.BinTables) -> None:
    assert np.allclose(tables.encoding.sum(axis=1), 1, atol=1e-5)
    assert ((tables.encoding > 0).sum(axis=1) <= 5).all()


def test_the_code_of_a_colour_lies_around_it(tables: losses.BinTables) -> None:
    side = round(len(tables.encoding) ** 0.5)
    a, b = 20, -30
    code = tables.encoding[(a + 112) // 2 * side + (b + 112) // 2]
    assert np.abs(code @ tables.points - (a, b)).max() < 3


def test_rare_colours_weigh_more(tables: losses.BinTables) -> None:
    side = round(len(tables.weight) ** 0.5)
    grey, vivid = tables.weight[56 * side + 56], tables.weight[(60 + 112) // 2 * side + (60 + 112) // 2]
    assert vivid > 2 * grey


def test_the_annealed_mean_of_one_certain_bin_is_its_centre(tables: losses.BinTables) -> None:
    logits = np.full((1, 1, 1, 313), -30, np.float32)
    logits[..., 42] = 30
    assert np.allclose(losses.annealed_mean(logits, tables.points), tables.points[42], atol=1e-3)


def test_a_low_temperature_is_bolder(tables: losses.BinTables) -> None:
    logits = -((tables.points - (40, 20)) ** 2).sum(axis=1)[None, None, None] / 2000
    cold, warm = (
        np.linalg.norm(losses.annealed_mean(logits, tables.points, temperature)) for temperature in (0.2, 1.0)
    )
    assert cold > warm


def test_the_truth_has_the_least_loss(tables: losses.BinTables) -> None:
    side = round(len(tables.encoding) ** 0.5)
    ab = np.tile(np.array([30, -20], np.float32), (1, 4, 4, 1))
    code = tables.encoding[(30 + 112) // 2 * side + (-20 + 112) // 2]
    right = np.broadcast_to(np.log(code + 1e-6), (1, 4, 4, 313)).astype(np.float32)
    bold = np.asarray(losses.annealed_mean(right, tables.points)) / 110
    light = np.full((1, 4, 4, 1), 55, np.float32)
    outputs = {"logits": right, "mean": ab / 110, "annealed": bold, "vivid": ab / 110}
    wrong = {"logits": right[..., ::-1].copy(), "mean": -ab / 110, "annealed": -bold, "vivid": -ab / 220}
    good, bad = (losses.training_losses(each, light, ab, tables) for each in (outputs, wrong))
    for term in ("bins", "mean", "annealed", "decibels", "each", "all", "loss"):
        assert float(good[term]) < float(bad[term])


def test_points_of_another_shape_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "points.npy", np.zeros((300, 2)))
    with pytest.raises(NetworkFileError, match=r"points.npy: an array \(300, 2\)"):
        losses.read_points(tmp_path / "points.npy")


def test_what_is_no_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "points.npy").write_bytes(b"no array at all")
    with pytest.raises(NetworkFileError, match="not an array"):
        losses.read_points(tmp_path / "points.npy")
    with pytest.raises(MissingInput):
        losses.read_points(tmp_path / "missing.npy")
