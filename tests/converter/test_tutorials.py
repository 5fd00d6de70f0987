"""The small networks of tutorials and papers: their shapes and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
from keras import layers

from converter.networks import koala
from converter.networks.kinds import KINDS
from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path


def small_classifier() -> keras.Model:
    """Stands in for Inception-ResNet-v2 where its 55 million weights are not the question."""
    picture = keras.Input((64, 64, 3))
    x = layers.Conv2D(8, 5, 4, activation="relu")(picture)
    return keras.Model(picture, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)), name=koala.CLASSIFIER)


def learning(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("name", "size", "parameters"), [("baseline", 256, 231_682), ("autoencoder", 256, 6_219_410)]
)
def test_parameters_are_those_that_are_known(name: str, size: int, parameters: int) -> None:
    kind = KINDS[name]
    model = kind.build(kind.size, None)
    assert learning(model) == model.count_params() == parameters == kind.parameters
    assert model.output_shape == (None, size, size, 2)


def test_koala_is_fused_from_what_it_sees_and_what_it_is_told() -> None:
    model = koala.build(224, classifier=small_classifier)
    assert learning(model) == koala.PARAMETERS == KINDS["koala"].parameters
    assert model.get_layer("fusion").input.shape[1:] == (28, 28, 256 + 1000)
    assert model.get_layer("fusion").output.shape[1:] == (28, 28, 256)
    assert model.output_shape == (None, 224, 224, 2)


def test_the_classifier_is_inception_resnet_v2() -> None:
    classifier = koala.inception_resnet_v2()
    assert classifier.count_params() == koala.CLASSIFIER_PARAMETERS
    assert classifier.layers[-1].activation is keras.activations.linear


def test_colours_stay_within_the_scale() -> None:
    model = KINDS["baseline"].build(32, None)
    ab = np.asarray(model.predict_on_batch(np.full((1, 32, 32, 1), 50, np.float32)))
    assert ab.shape == (1, 32, 32, 2)
    assert np.abs(ab).max() <= 1


def test_what_is_no_classifier_is_refused(tmp_path: Path) -> None:
    model = koala.build(32, classifier=small_classifier)
    with pytest.raises(MissingInput, match="fetch inception-resnet-v2"):
        koala.fill_classifier(model, tmp_path / "no.h5")
    (tmp_path / "text.h5").write_text("not weights")
    with pytest.raises(NetworkFileError, match="as Keras publishes them"):
        koala.fill_classifier(model, tmp_path / "text.h5")


@pytest.mark.filterwarnings("ignore:__array__")  # Keras writes weights as numpy 1 had it
def test_the_classifier_guides_the_colours(tmp_path: Path) -> None:
    model = koala.build(32, classifier=small_classifier)
    grey = np.random.default_rng(1).uniform(-1, 1, (1, 32, 32, 1)).astype(np.float32)
    before = np.asarray(model.predict_on_batch(grey))
    other = small_classifier()
    other.save_weights(tmp_path / "other.weights.h5")
    koala.fill_classifier(model, tmp_path / "other.weights.h5")
    assert np.abs(np.asarray(model.predict_on_batch(grey)) - before).max() > 1e-5
