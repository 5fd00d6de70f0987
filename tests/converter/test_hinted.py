from __future__ import annotations

import numpy as np
import pytest

from converter import hinted
from device.colour.hints import GLOBAL_LENGTH, global_vector, palette_of_ab


@pytest.fixture(scope="module")
def ab() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(0, 30, (32, 32, 2)).astype(np.float32)


def test_nothing_is_zero_everywhere(ab: np.ndarray) -> None:
    planes = hinted.nothing(ab)
    assert planes.local_hint.shape == (32, 32, 2)
    assert planes.mask.shape == (32, 32, 1)
    assert planes.global_hint.shape == (1, 1, GLOBAL_LENGTH)
    assert not any(each.any() for each in (planes.local_hint, planes.mask, planes.global_hint))


def test_places_tell_the_truth_where_the_mask_is(ab: np.ndarray) -> None:
    flat = np.broadcast_to(np.array((20, -30), np.float32), ab.shape)
    planes = hinted.with_places(np.ascontiguousarray(flat), 10, np.random.default_rng(2))
    there = planes.mask[..., 0] == 1
    assert 10 <= there.sum() <= 90
    assert np.allclose(planes.local_hint[there] * 110, (20, -30), atol=1e-3)
    assert not planes.local_hint[~there].any()


def test_a_palette_is_the_boards(ab: np.ndarray) -> None:
    planes = hinted.with_palette(ab)
    assert np.array_equal(planes.global_hint.ravel(), global_vector(palette_of_ab(ab)))
    assert not planes.mask.any()


def test_half_of_the_pictures_have_none_and_the_rest_all_kinds(ab: np.ndarray) -> None:
    whole = np.rint(ab).astype(np.int8)
    drawn = [hinted.drawn(ab, whole, np.random.default_rng(seed)) for seed in range(300)]
    local = np.array([each.mask.any() for each in drawn])
    palette = np.array([each.global_hint.any() for each in drawn])
    assert 110 < (~local & ~palette).sum() < 190
    for kind in (local & palette, local & ~palette, palette & ~local):
        assert kind.sum() > 10
    places = [each.mask.sum() for each in drawn if each.mask.any()]
    assert min(places) < 10
    assert max(places) > 100
