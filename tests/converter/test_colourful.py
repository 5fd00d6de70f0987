from __future__ import annotations

import cv2
import numpy as np
import pytest

from converter import colourful
from device.colour import measure
from tests.converter.conftest import coloured_picture


@pytest.fixture(scope="module")
def lab() -> np.ndarray:
    """Lab (2, 96, 128, 3) of two pictures within the gamut."""
    pictures = [coloured_picture(seed).astype(np.float32) / 255 for seed in range(2)]
    return np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in pictures])


def test_rgb_is_that_of_the_usual_conversion(lab: np.ndarray) -> None:
    mine = np.asarray(colourful.to_rgb(lab[..., :1], lab[..., 1:]))
    usual = np.stack([cv2.cvtColor(each, cv2.COLOR_LAB2RGB) for each in lab]) * 255
    assert np.abs(mine - usual).max() < 1.0


def test_colourfulness_is_the_measures(lab: np.ndarray) -> None:
    rgb = np.asarray(colourful.to_rgb(lab[..., :1], lab[..., 1:]))
    expected = [measure.colourfulness(np.rint(each).astype(np.uint8)) for each in rgb]
    assert np.asarray(colourful.colourfulness(rgb)) == pytest.approx(expected, abs=0.5)


def test_decibels_are_those_of_the_pictures_error(lab: np.ndarray) -> None:
    light, truth = lab[..., :1], lab[..., 1:]
    grey = colourful.picture_terms(light, np.zeros_like(truth), truth)
    half = colourful.picture_terms(light, truth / 2, truth)
    true = colourful.picture_terms(light, truth, truth)
    assert float(grey["decibels"]) > float(half["decibels"]) + 3 > float(true["decibels"]) + 3
    assert float(true["each"]) == float(true["all"]) == 0
    assert float(grey["all"]) == pytest.approx(float(grey["each"]))  # all too dull: nothing cancels
    rgb = (
        np.asarray(colourful.to_rgb(light, truth)),
        np.asarray(colourful.to_rgb(light, np.zeros_like(truth))),
    )
    psnr = np.mean(
        [
            measure.psnr(np.rint(a).astype(np.uint8), np.rint(b).astype(np.uint8))
            for a, b in zip(*rgb, strict=True)
        ]
    )
    assert float(grey["decibels"]) == pytest.approx(20 * np.log10(255) - psnr, abs=0.3)
