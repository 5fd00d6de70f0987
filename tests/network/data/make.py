"""Makes the tiny networks of these tests: `python make.py` where the converter's extra is installed.

They colour by a fixed rule, so that a test knows what to expect: ab is (L - 50, 50 - L) / 2 of the mean of
each 4x4 block, and the 313 logits are all zero but the first, which is 8.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

SIZE, OUT, BINS = 32, 8, 313
HERE = Path(__file__).parent


def network(*, hints: bool) -> keras.Model:
    grey = keras.Input((SIZE, SIZE, 1), name="grey")
    mean = keras.layers.Conv2D(1, 4, 4, name="mean")
    ab = keras.layers.Conv2D(2, 1, name="ab")
    logits = keras.layers.Conv2D(BINS, 1, name="logits")
    blocks = mean(grey)
    inputs, colour = [grey], ab(blocks)
    if hints:
        hint = keras.Input((OUT, OUT, 2), name="hint")
        mask = keras.Input((OUT, OUT, 1), name="mask")
        inputs += [hint, mask]
        colour = colour + hint * mask
    model = keras.Model(inputs, [colour, logits(blocks)])
    mean.set_weights([np.full((4, 4, 1, 1), 1 / 16, np.float32), np.zeros(1, np.float32)])
    ab.set_weights([np.array([[[[0.5, -0.5]]]], np.float32), np.zeros(2, np.float32)])
    bias = np.zeros(BINS, np.float32)
    bias[0] = 8
    logits.set_weights([np.zeros((1, 1, 1, BINS), np.float32), bias])
    return model


def convert(model: keras.Model, *, quantized: bool) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if quantized:
        random = np.random.default_rng(0)

        def pictures() -> object:
            for _ in range(8):
                yield [random.uniform(-50, 50, (1, SIZE, SIZE, 1)).astype(np.float32)]
            for level in (-50, 50):
                yield [np.full((1, SIZE, SIZE, 1), level, np.float32)]

        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = pictures
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
    return converter.convert()


def tensors(file: bytes) -> tuple[list[dict], list[dict]]:
    interpreter = tf.lite.Interpreter(model_content=file)
    roles = {1: "grey", 2: "local hint"}
    inputs = []
    for each in interpreter.get_input_details():
        _, height, width, channels = (int(side) for side in each["shape"])
        role = "mask" if (height, channels) == (OUT, 1) else roles[channels]
        grey = role == "grey"
        inputs.append(
            {
                "name": each["name"],
                "role": role,
                "size": [height, width],
                "channels": channels,
                "scale": 1.0,
                "offset": -50.0 if grey else 0.0,
            }
        )
    outputs = []
    for each in interpreter.get_output_details():
        _, height, width, channels = (int(side) for side in each["shape"])
        role = "ab" if channels == 2 else "logits"
        outputs.append({"name": each["name"], "role": role, "size": [height, width], "channels": channels})
        outputs[-1]["scale"] = 1.0
    return inputs, outputs


def write(name: str, recipe: str, file: bytes) -> None:
    inputs, outputs = tensors(file)
    (HERE / f"{name}.tflite").write_bytes(file)
    manifest = {
        "format": 1,
        "name": name,
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(file).hexdigest(),
        "architecture": "block means",
        "recipe": recipe,
        "inputs": inputs,
        "outputs": outputs,
        "source": {"weights": "make.py", "sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest()},
        "calibration": "uniform noise" if recipe == "int8" else None,
        "quality": {},
        "speed": {},
        "licence": "Apache-2.0",
        "data": "none",
    }
    (HERE / f"{name}.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    write("tiny-int8", "int8", convert(network(hints=False), quantized=True))
    write("tiny-hints", "float32", convert(network(hints=True), quantized=False))
