from __future__ import annotations

import cv2
import numpy as np
import pytest

from converter import ageing


@pytest.fixture(scope="module")
def picture() -> tuple[np.ndarray, np.ndarray]:
    """L (64, 64) and ab (16, 16, 2) of a picture that is red on the left and blue on the right."""
    rgb = np.zeros((64, 64, 3), np.float32)
    rgb[:, :32], rgb[:, 32:] = (0.7, 0.2, 0.2), (0.2, 0.2, 0.7)
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    return lab[..., 0], cv2.resize(lab[..., 1:], (16, 16), interpolation=cv2.INTER_AREA)


def test_the_eyes_weights_give_the_lightness_back(picture: tuple[np.ndarray, np.ndarray]) -> None:
    light, ab = picture
    again = ageing.regrey(light, ab, (0.2126, 0.7152, 0.0722))
    assert np.abs(again - light)[:, :24].max() < 1
    assert np.abs(again - light)[:, 40:].max() < 1


@pytest.mark.parametrize(("kind", "lighter"), [("blue-sensitive", "blue"), ("red-heavy", "red")])
def test_an_emulsion_sees_what_it_is_sensitive_to(
    picture: tuple[np.ndarray, np.ndarray], kind: str, lighter: str
) -> None:
    light = ageing.regrey(*picture, ageing.WEIGHTS[kind])
    red, blue = light[:, :24].mean(), light[:, 40:].mean()
    assert (blue > red + 20) if lighter == "blue" else (red > blue + 20)


def test_random_weights_are_shares() -> None:
    rng = np.random.default_rng(1)
    drawn = np.array([ageing.random_weights(rng) for _ in range(200)])
    assert np.allclose(drawn.sum(axis=1), 1)
    assert drawn.min() >= 0
    assert (drawn.max(axis=0) > 0.6).all()


@pytest.mark.parametrize(
    "change",
    [
        ageing.gamma, ageing.fog, ageing.blur, ageing.noise, ageing.grain, ageing.jpeg, ageing.scratches,
        ageing.vignette, ageing.interlace,
    ],
)  # fmt: skip
def test_each_change_changes_and_keeps_the_picture_recognizable(change: object) -> None:
    rng = np.random.default_rng(5)
    light = cv2.resize(
        rng.uniform(10, 90, (8, 8)).astype(np.float32), (96, 64), interpolation=cv2.INTER_CUBIC
    )
    before = light.copy()
    changed = change(light, rng)  # type: ignore[operator]
    assert np.array_equal(light, before)
    assert changed.shape == light.shape
    assert changed.dtype == np.float32
    assert 0.05 < np.abs(changed - light).mean() < 45
    assert np.corrcoef(changed.ravel(), light.ravel())[0, 1] > 0.6


def test_ageing_stays_within_lightness_and_leaves_some_as_they_are(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    aged = [ageing.age(*picture, np.random.default_rng(seed)) for seed in range(100)]
    assert all(each.min() >= 0 and each.max() <= 100 and each.dtype == np.float32 for each in aged)
    assert 25 < sum(np.array_equal(each, picture[0]) for each in aged) < 60
