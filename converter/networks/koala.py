"""Koala (Baldassarre, Morín and Rodés-Guirao 2017): a classifier's view guides the colours.

An encoder to an eighth of the picture's size; the classifier's 1,000 scores for the same grey picture,
repeated at every place, fused with it by 256 1x1 kernels; a decoder. The classifier is Inception-ResNet-v2
(Szegedy et al. 2016) up to its softmax, inside the same graph, so that a board runs it like any network. It
never learns: its weights come from ImageNet, or are random where none were given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import layers

from converter.networks.plain import chain, tanh_ab, up
from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 224
PARAMETERS = 6_573_794  # that learn
CLASSIFIER_PARAMETERS = 55_873_736
CLASSIFIER = "classifier"
_CLASSIFIER_SIZE = 299


def inception_resnet_v2() -> keras.Model:
    """The classifier: (n, 299, 299, 3), -1..1, to (n, 1000) scores before the softmax; its weights random."""
    return keras.applications.InceptionResNetV2(
        weights=None, classifier_activation=None, input_shape=(_CLASSIFIER_SIZE, _CLASSIFIER_SIZE, 3),
        name=CLASSIFIER,
    )  # fmt: skip


def build(
    size: int = SIZE, batch: int | None = None, *, classifier: Callable[[], keras.Model] = inception_resnet_v2
) -> keras.Model:
    """Grey (n, size, size, 1), L / 50 - 1, to ab (n, size, size, 2), -1..1. The size divides by 8."""
    grey = keras.Input((size, size, 1), batch_size=batch, name="grey")
    encoded = chain(grey, ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1)))
    judge = classifier()
    judge.trainable = False
    side = judge.input_shape[1]
    seen = layers.Resizing(side, side, interpolation="bilinear")(grey)
    scores = judge(layers.Concatenate()([seen, seen, seen]), training=False)
    everywhere = layers.UpSampling2D(size // 8, interpolation="nearest")(
        layers.Reshape((1, 1, scores.shape[-1]))(scores)
    )
    x = layers.Conv2D(256, 1, activation="relu", name="fusion")(layers.Concatenate()([encoded, everywhere]))
    x = chain(x, ((128, 1),))
    x = chain(up(x), ((64, 1), (64, 1)))
    x = chain(up(x), ((32, 1),))
    return keras.Model(grey, up(tanh_ab(x)), name="koala")


def fill_classifier(model: keras.Model, path: Path) -> None:
    """Give the classifier the weights that Keras publishes for it, an .h5 file with the top."""
    if not path.exists():
        raise MissingInput(
            "no such file", where=path, hint="tintcast-convert fetch inception-resnet-v2 brings it"
        )
    try:
        model.get_layer(CLASSIFIER).load_weights(path)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise NetworkFileError(
            "not the weights of an Inception-ResNet-v2 with its top, as Keras publishes them", where=path
        ) from error
