from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.colour.crop import still_window
from device.frames import Window

STILLS = Path(__file__).parent.parent / "media" / "stills"
NAMES = ["astronaut", "cat", "coffee", "photographer", "rocket"]


def grey(name: str) -> np.ndarray:
    return cv2.imread(str(STILLS / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)


def bordered(inside: np.ndarray, bars: tuple[int, int, int, int], level: float, noise: float) -> np.ndarray:
    """``inside`` between bars at top, bottom, left and right; all under noise."""
    out = cv2.copyMakeBorder(inside, *bars, cv2.BORDER_CONSTANT, value=level)
    return np.clip(out + np.random.default_rng(1).normal(0, noise, out.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_without_bars_is_whole(name: str) -> None:
    assert still_window(grey(name)) is None


@pytest.mark.parametrize("bars", [(60, 60, 0, 0), (0, 0, 71, 71), (25, 25, 40, 40)])
@pytest.mark.parametrize(("level", "noise"), [(0, 0), (16, 2), (24, 5)])
def test_bars_are_found_to_the_line(bars: tuple[int, int, int, int], level: float, noise: float) -> None:
    inside = grey("coffee")
    top, _, left, _ = bars
    height, width = inside.shape
    assert still_window(bordered(inside, bars, level, noise)) == Window(left, top, width, height)


def test_sixteen_bits() -> None:
    barred = bordered(grey("coffee"), (60, 60, 0, 0), 0, 0).astype(np.uint16) * 257
    height, width = grey("coffee").shape
    assert still_window(barred, 16) == Window(0, 60, width, height)


@pytest.mark.parametrize("angle", [0, 0.3])
def test_the_border_of_a_scan_is_found_though_uneven_and_askew(angle: float) -> None:
    inside = grey("coffee")
    scan = bordered(inside, (12, 30, 9, 21), 14, 4).astype(np.float32)
    height, width = scan.shape
    scan = scan + np.linspace(-3, 3, width)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    scan = cv2.warpAffine(scan, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    window = still_window(np.clip(scan, 0, 255).astype(np.uint8))
    assert window is not None
    edges = (window.x, window.y, window.x + window.width, window.y + window.height)
    assert edges == pytest.approx((9, 12, 9 + inside.shape[1], 12 + inside.shape[0]), abs=5)


def test_a_night_is_whole() -> None:
    random = np.random.default_rng(3)
    night = np.full((400, 600), 14, np.uint8)
    for _ in range(40):
        x, y = int(random.integers(600)), int(random.integers(120, 400))
        cv2.circle(night, (x, y), int(random.integers(2, 12)), int(random.integers(80, 255)), -1)
    assert still_window(night) is None
    dusk = np.tile(np.linspace(2, 160, 400).astype(np.uint8)[:, None], 600)
    assert still_window(dusk) is None
    assert still_window(np.zeros((400, 600), np.uint8)) is None


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 99))
def test_a_window_is_inside_whatever_comes(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.choice([0.0, 0.0, 10.0, 200.0], (-(-height // 40), -(-width // 40)))
    luma = np.kron(coarse, np.ones((40, 40)))[:height, :width].astype(np.uint8)
    window = still_window(luma)
    if window is not None:
        assert luma[window.slices].shape == (window.height, window.width)
        assert 0.3 * height <= window.height <= height
        assert 0.3 * width <= window.width <= width


def test_real_old_photographs_keep_their_picture(shared: Path) -> None:
    for path in sorted((shared / "data" / "photos" / "bw").glob("*.jpg")):
        old = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        window = still_window(old)
        assert window is None or window.width * window.height > 0.8 * old.size
