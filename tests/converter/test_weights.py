from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from converter.networks import compact
from converter.weights.tflite import read_layers
from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def small() -> keras.Model:
    """A convolution, a depthwise convolution and a dense layer."""
    keras.utils.set_random_seed(7)
    picture = keras.Input((8, 8, 3), batch_size=1)
    x = keras.layers.Conv2D(4, 3, padding="same", bias_initializer="ones")(picture)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.Dense(5)(keras.layers.Flatten()(x))
    return keras.Model(picture, x)


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
def test_int8_weights_come_back_within_half_a_step(small: keras.Model, tmp_path: Path) -> None:
    converter = tf.lite.TFLiteConverter.from_keras_model(small)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rng = np.random.default_rng(1)
    converter.representative_dataset = lambda: (
        [rng.normal(size=(1, 8, 8, 3)).astype(np.float32)] for _ in range(4)
    )
    path = tmp_path / "small.tflite"
    path.write_bytes(converter.convert())
    layers = read_layers(path)
    sources = [layer for layer in small.layers if layer.weights]
    assert [layer.kind for layer in layers] == ["conv", "depthwise", "dense"]
    for layer, source in zip(layers, sources, strict=True):
        kernel, bias = source.get_weights()
        assert layer.kernel.shape == kernel.shape
        assert np.abs(layer.kernel - kernel).max() <= np.abs(kernel).max() / 127 * 0.51
        assert np.allclose(layer.bias, bias, atol=1e-3)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.tflite").write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(NetworkFileError, match=r"not a \.tflite file"):
        read_layers(tmp_path / "other.tflite")
    with pytest.raises(MissingInput):
        read_layers(tmp_path / "missing.tflite")


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.tflite").write_bytes(b"\x20\x00\x00\x00TFL3" + b"\xff" * 40)
    with pytest.raises(NetworkFileError, match="damaged"):
        read_layers(tmp_path / "cut.tflite")


def test_a_real_encoder_fits_the_compact_network(shared: Path) -> None:
    layers = read_layers(shared / "data/pretrained/mobilenet_v2_1.0_224_ptq.tflite")
    model = compact.build()
    compact.warm_start(model, layers)
    kernel, bias = model.get_layer("encoder_0").get_weights()
    assert np.allclose(kernel, layers[0].kernel.sum(axis=2, keepdims=True))
    assert np.array_equal(bias, layers[0].bias)
    last = model.get_layer("encoder_17_project").get_weights()[0]
    assert last.shape == (1, 1, 960, 320)
    assert np.array_equal(last, layers[50].kernel)


def test_another_networks_weights_are_refused(small: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(small).convert())
    with pytest.raises(NetworkFileError, match="MobileNetV2"):
        compact.warm_start(compact.build(), read_layers(path))
