"""The compact network's hints: silent where nothing is said, heard where something is."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from converter.networks import compact, hinting

SIDE = 64


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A network whose every layer says something, also those that start at zero."""
    keras.utils.set_random_seed(1)
    model = compact.build(SIDE)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        if not np.asarray(variable.value.numpy()).any() and len(variable.shape) == 4:
            variable.assign(rng.normal(0, 0.05, variable.shape))
    return model


@pytest.fixture(scope="module")
def inputs() -> dict[str, np.ndarray]:
    grey = np.random.default_rng(2).uniform(-1, 1, (1, SIDE, SIDE, 1)).astype(np.float32)
    return compact.unhinted(grey)


def test_a_network_that_was_never_hinted_is_not_changed_by_hints(inputs: dict[str, np.ndarray]) -> None:
    fresh = compact.build(SIDE)
    rng = np.random.default_rng(3)
    for head in (*compact.HEADS, "logits"):
        layer = fresh.get_layer(head)
        layer.set_weights([rng.normal(0, 0.1, weight.shape) for weight in layer.get_weights()])
    told = inputs | {"mask": np.ones_like(inputs["mask"]), "global_hint": np.ones_like(inputs["global_hint"])}
    for name, plain in fresh.predict_on_batch(inputs).items():
        assert np.array_equal(fresh.predict_on_batch(told)[name], plain)
        assert np.abs(plain).max() > 0


def test_without_hints_their_layers_add_exactly_nothing(
    model: keras.Model, inputs: dict[str, np.ndarray]
) -> None:
    before = model.predict_on_batch(inputs)["vivid"]
    louder = compact.build(SIDE)
    louder.set_weights(model.get_weights())
    for layer in louder.layers:
        if layer.name.startswith(hinting.PREFIX) and layer.weights and "features" not in layer.name:
            layer.set_weights([100 * weight for weight in layer.get_weights()])
    assert np.array_equal(louder.predict_on_batch(inputs)["vivid"], before)


@pytest.mark.parametrize("kind", ["local", "global"])
def test_a_hint_is_heard_everywhere(model: keras.Model, inputs: dict[str, np.ndarray], kind: str) -> None:
    told = {name: array.copy() for name, array in inputs.items()}
    if kind == "local":
        told["mask"][0, 3, 4] = 1
        told["local_hint"][0, 3, 4] = (0.5, -0.3)
    else:
        told["global_hint"][..., :20] = 0.05
    before, after = (model.predict_on_batch(each)["vivid"] for each in (inputs, told))
    assert (np.abs(after - before).max(axis=-1) > 1e-6).mean() > 0.9


def test_averages_are_taken_under_the_mask() -> None:
    local, mask = np.zeros((1, 8, 8, 2), np.float32), np.zeros((1, 8, 8, 1), np.float32)
    for place, colour in (((1, 2), (0.4, 0.0)), ((2, 3), (0.2, 0.2)), ((0, 7), (-0.5, 0.1))):
        local[0][place], mask[0][place] = colour, 1
    averaged = np.asarray(hinting.Averaged(4)(local, mask))
    assert averaged.shape == (1, 2, 2, 4)
    assert averaged[0, 0, 0] == pytest.approx((0.3, 0.1, 1, 2 / 16))
    assert averaged[0, 0, 1] == pytest.approx((-0.5, 0.1, 1, 1 / 16))
    assert not averaged[0, 1].any()


def test_a_hint_reaches_places_that_are_alike_and_no_others() -> None:
    features = np.zeros((1, 2, 4, 3), np.float32)
    features[0, :, :2, 0] = 1  # left
    features[0, :, 2:, 1] = 1  # right
    hints = np.zeros((1, 2, 4, 4), np.float32)
    hints[0, 0, 0] = (0.5, 0.1, 1, 1)
    hints[0, 1, 3] = (-0.4, 0.2, 1, 1)
    spread = np.asarray(hinting.Spread()(features, hints))
    assert spread[0, :, :2, :2] == pytest.approx(np.broadcast_to((0.5, 0.1), (2, 2, 2)), abs=1e-3)
    assert spread[0, :, 2:, :2] == pytest.approx(np.broadcast_to((-0.4, 0.2), (2, 2, 2)), abs=1e-3)
    assert spread[0, ..., 3] == pytest.approx(1, abs=1e-3)
    assert not np.asarray(hinting.Spread()(features, np.zeros_like(hints))).any()
