"""From a Keras network to a .tflite, by a recipe."""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe_manager

from converter.quiet import without_chatter
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import keras
    import numpy as np
    import numpy.typing as npt

    from converter.recipes import Recipe

    Inputs = dict[str, npt.NDArray[np.float32]]

_ALL = qtyping.TFLOperationName.ALL_SUPPORTED
_KEEP = algorithm_manager.AlgorithmName.NO_QUANTIZE


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a .tflite: its name in the file, and its shape."""

    name: str
    shape: tuple[int, ...]


def to_tflite(model: keras.Model) -> bytes:
    """The network in float32, as a .tflite file's content; its signature names inputs and outputs."""
    # Not from_concrete_functions: that silently drops the weights of a Keras 3 model.
    with _quiet():
        content: bytes = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    return content


def quantize(
    plain: bytes, recipe: Recipe, *, float_layers: Iterable[str] = (), calibration: Iterable[Inputs] = ()
) -> bytes:
    """A float32 .tflite, from ``to_tflite``, by a recipe.

    ``float_layers``: names of layers, or of outputs in the signature, that are left as they are.
    ``calibration``: inputs by their names in the
    signature, as the network takes them; needed where the recipe is calibrated.
    """
    if recipe.weights == "float32":
        return plain
    with _quiet():
        interpreter = Interpreter(model_content=plain)
    (signature,) = interpreter.get_signature_list()
    outputs = {role: re.escape(tensor.name) for role, tensor in tensors(plain)[1].items()}
    kept = [outputs.get(name) or layer_pattern(name) for name in float_layers]
    if recipe.float_head:
        kept += outputs.values()
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "float32.tflite"
        path.write_bytes(plain)
        job = quantizer.Quantizer(str(path), _steps(recipe, kept))
        ranges = None
        if recipe.calibrated:
            pictures = list(calibration)
            if not pictures:
                raise ConfigurationError(
                    f"recipe {recipe.name} needs photographs to calibrate on", where="--calibration"
                )
            ranges = job.calibrate({signature: pictures})
        return bytes(job.quantize(ranges).quantized_model)


def tensors(content: bytes) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
    """Inputs and outputs of a .tflite by their names in its signature."""
    with _quiet():
        runner = Interpreter(model_content=content).get_signature_runner()
    inputs, outputs = (
        {
            name: Tensor(facts["name"], tuple(int(side) for side in facts["shape"]))
            for name, facts in each.items()
        }
        for each in (runner.get_input_details(), runner.get_output_details())
    )
    return inputs, outputs


def layer_pattern(name: str) -> str:
    """A regular expression that finds a Keras layer in the names of the tensors that came of it."""
    return rf"/{re.escape(name)}(_\d+)?/"


def _steps(recipe: Recipe, kept: Iterable[str]) -> Any:
    """The recipe in ai-edge-quantizer's words; later rules go before earlier ones."""
    rules = recipe_manager.RecipeManager()
    match recipe.weights, recipe.activations:
        case "float16", _:
            half = qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(
                    num_bits=16, dtype=qtyping.TensorDataType.FLOAT
                ),
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            )
            rules.add_quantization_config(
                regex=".*",
                operation_name=_ALL,
                op_config=half,
                algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
            )
            return rules.get_quantization_recipe()
        case _, "dynamic int8":
            rules.add_dynamic_config(regex=".*", operation_name=_ALL, num_bits=8)
        case _:
            rules.add_static_config(regex=".*", operation_name=_ALL, activation_num_bits=8, weight_num_bits=8)
            for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
                rules.add_quantization_config(regex=".*", operation_name=end, algorithm_key=_KEEP)
    for pattern in kept:
        rules.add_quantization_config(regex=pattern, operation_name=_ALL, algorithm_key=_KEEP)
    return rules.get_quantization_recipe()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the progress bars, summaries and warnings of both converters; errors come as exceptions."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel("ERROR")
    with (
        without_chatter(),
        warnings.catch_warnings(),
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
