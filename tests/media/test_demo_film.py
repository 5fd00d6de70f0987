from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

if TYPE_CHECKING:
    from types import ModuleType

FILM = Path(__file__).parent / "demo.mp4"


@pytest.fixture(scope="module")
def make_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_demo", FILM.with_name("make_demo.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_demo_is_small_grey_and_as_long_as_it_says(make_demo: ModuleType) -> None:
    assert FILM.stat().st_size < 1_500_000
    with av.open(str(FILM)) as film:
        frames = list(film.decode(video=0))
        assert len(frames) == make_demo.FRAMES
        assert film.duration == pytest.approx(1e6 * make_demo.FRAMES / make_demo.RATE, rel=0.01)
        assert {frame.format.name for frame in frames} == {"yuv420p"}
        for frame in frames[::24]:
            assert all(set(bytes(plane)) == {128} for plane in frame.planes[1:]), "no colour at all"


def test_the_demo_is_what_its_script_makes(make_demo: ModuleType) -> None:
    with av.open(str(FILM)) as film:
        for number, (made, frame) in enumerate(zip(make_demo.render(), film.decode(video=0), strict=False)):
            if number % 12 == 0:
                stored = frame.to_ndarray()[: frame.height]
                error = np.mean((stored.astype(float) - made) ** 2)
                assert error < 40, f"frame {number}"
            if number == 72:
                break


def test_the_demo_has_a_tune() -> None:
    with av.open(str(FILM)) as film:
        sound = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    assert sound.shape[0] == 2
    loudness = np.sqrt(np.mean(sound[:, : 7 * 44_100].reshape(2, 14, -1) ** 2, axis=(0, 2)))
    assert loudness.min() > 0.03
    assert np.abs(sound).max() < 1
