from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.taste import Tame, Taste

if TYPE_CHECKING:
    from numpy.typing import NDArray

BRIGHT = np.full((224, 224), 70, np.float32)


def at_hue(degrees: float, chroma: float = 30) -> NDArray[np.float32]:
    radians = math.radians(degrees)
    return np.full((56, 56, 2), (chroma * math.cos(radians), chroma * math.sin(radians)), np.float32)


def kept(ab: NDArray[np.float32], tasted: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.linalg.norm(tasted, axis=-1) / np.linalg.norm(ab, axis=-1)


def test_by_default_only_shadows_lose_some_chroma() -> None:
    ab = at_hue(250)
    ramp = np.broadcast_to(np.linspace(0, 100, 224, dtype=np.float32), (224, 224))
    share = kept(ab, Taste().apply(ab, np.ascontiguousarray(ramp)))[0]
    assert share[0] == pytest.approx(0.5, abs=0.01)
    assert (np.diff(share) >= -1e-6).all()
    assert share[20:] == pytest.approx(np.ones(36))


@given(st.floats(0, 3), st.floats(0, 1), st.floats(0, 100))
def test_taste_never_turns_a_hue(saturation: float, shadow: float, l_of_lab: float) -> None:
    ab = at_hue(123)
    tasted = Taste(saturation=saturation, shadow_chroma=shadow).apply(
        ab, np.full((60, 60), l_of_lab, np.float32)
    )
    assert tasted.dtype == np.float32
    across = tasted[..., 0] * ab[..., 1] - tasted[..., 1] * ab[..., 0]
    assert np.abs(across).max() < 0.01
    assert (tasted * ab).sum(axis=-1).min() >= 0


def test_saturation_is_a_factor() -> None:
    ab = at_hue(10)
    assert Taste(saturation=1.5).apply(ab, BRIGHT) == pytest.approx(ab * 1.5)


@pytest.mark.parametrize(
    ("start", "end", "hue", "share"),
    [
        (280, 340, 310, 0.2),
        (280, 340, 280, 0.2),
        (280, 340, 340, 0.2),
        (280, 340, 272.5, 0.6),
        (280, 340, 347.5, 0.6),
        (280, 340, 100, 1),
        (350, 20, 5, 0.2),
        (350, 20, 180, 1),
        (350, 20, 335, 1),
        (350, 20, 27.5, 0.6),
    ],
)
def test_a_tamed_range_fades_into_its_neighbours(start: float, end: float, hue: float, share: float) -> None:
    ab = at_hue(hue)
    tasted = Taste(tame=(Tame(start, end, 0.2),)).apply(ab, BRIGHT)
    assert kept(ab, tasted) == pytest.approx(np.full((56, 56), share), abs=0.01)


def test_nothing_to_do_changes_nothing() -> None:
    ab = at_hue(77)
    assert (Taste(shadow_chroma=1).apply(ab, np.zeros((9, 9), np.float32)) == ab).all()
