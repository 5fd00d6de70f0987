from __future__ import annotations

import keras
import numpy as np
import pytest

from converter.networks import compact


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return compact.build(224)


def test_it_stays_within_its_budget(model: keras.Model) -> None:
    assert compact.parameters(model) <= 4_000_000
    board = compact.deployed(model, {"vivid": 1.0})
    assert sum(multiplications(layer) for layer in board.layers) <= 0.8e9


def multiplications(layer: keras.Layer) -> int:
    """Multiply-accumulates of a layer for one picture."""
    if not isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        return 0
    _, height, width, _ = layer.output.shape
    return int(np.prod(layer.kernel.shape)) * height * width


def test_it_has_only_layers_that_int8_kernels_like(model: keras.Model) -> None:
    kinds = {type(layer).__name__ for layer in compact.deployed(model, {"vivid": 1.0}).layers}
    assert kinds == {
        "InputLayer", "Conv2D", "DepthwiseConv2D", "ReLU", "Add", "UpSampling2D", "GlobalAveragePooling2D",
        "Averaged", "Spread",
    }  # fmt: skip


def test_the_deployed_head_is_the_blend_of_both(model: keras.Model) -> None:
    rng = np.random.default_rng(3)
    for name in ("mean", "annealed"):
        layer = model.get_layer(name)
        layer.set_weights([rng.normal(0, 0.1, weight.shape) for weight in layer.get_weights()])
    grey = rng.uniform(-1, 1, (1, 224, 224, 1)).astype(np.float32)
    outputs = model.predict_on_batch(compact.unhinted(grey))
    board = compact.deployed(model, {"annealed": 0.3, "mean": 0.7})
    ab = board.predict_on_batch(list(compact.unhinted(grey).values()))
    assert ab.shape == (1, 56, 56, 2)
    expected = 0.3 * np.asarray(outputs["annealed"]) + 0.7 * np.asarray(outputs["mean"])
    assert np.allclose(ab, expected, atol=1e-4)


def test_every_kernel_but_the_heads_is_rounded(model: keras.Model) -> None:
    kernels = [kernel.path for kernel, _ in compact.int8_kernels(model)]
    assert len(kernels) == len(set(kernels))
    rest = [v.path for v in model.trainable_variables if len(v.shape) == 4 and v.path not in kernels]
    names = {path.split("/")[-2] for path in rest}
    assert {name for name in names if not name.startswith("hint")} == {"annealed", "logits", "mean", "vivid"}


def test_the_hints_layers_stay_in_float(model: keras.Model) -> None:
    board = compact.deployed(model, {"vivid": 1.0})
    names = compact.float_layers(board)
    assert names
    assert not {layer.name for layer in board.layers if layer.name.startswith(("encoder", "decode"))} & set(
        names
    )
