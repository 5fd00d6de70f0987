"""From a Keras network to a .tflite, by a recipe."""

from __future__ import annotations

import logging
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe_manager

from converter.quiet import without_chatter
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import keras
    import numpy as np
    import numpy.typing as npt

    from converter.recipes import Recipe

_ALL = qtyping.TFLOperationName.ALL_SUPPORTED
_KEEP = algorithm_manager.AlgorithmName.NO_QUANTIZE


def to_tflite(
    model: keras.Model, recipe: Recipe, calibration: Sequence[npt.NDArray[np.float32]] = ()
) -> bytes:
    """The network as a .tflite file's content.

    ``calibration``: inputs (1, h, w, 1), scaled as the network takes them; needed where the recipe is
    calibrated.
    """
    if recipe.calibrated and not len(calibration):
        raise ConfigurationError(f"recipe {recipe.name} needs photographs to calibrate on")
    # Not from_concrete_functions: that silently drops the weights of a Keras 3 model.
    with _quiet():
        plain: bytes = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    if recipe.weights == "float32":
        return plain
    with _quiet():
        interpreter = Interpreter(model_content=plain)
    (signature, tensors), *_ = interpreter.get_signature_list().items()
    head = [details["name"] for details in interpreter.get_output_details()]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "float32.tflite"
        path.write_bytes(plain)
        job = quantizer.Quantizer(str(path), _steps(recipe, head))
        ranges = None
        if recipe.calibrated:
            name = tensors["inputs"][0]
            ranges = job.calibrate({signature: [{name: grey} for grey in calibration]})
        return bytes(job.quantize(ranges).quantized_model)


def tensor_names(path: Path) -> tuple[list[str], list[str]]:
    """Names of the inputs and of the outputs of a .tflite file."""
    with _quiet():
        interpreter = Interpreter(model_path=str(path))
    return tuple(  # type: ignore[return-value]
        [details["name"] for details in each()]
        for each in (interpreter.get_input_details, interpreter.get_output_details)
    )


def _steps(recipe: Recipe, head: Sequence[str]) -> Any:
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
        case _, "dynamic int8":
            rules.add_dynamic_config(regex=".*", operation_name=_ALL, num_bits=8)
        case _:
            rules.add_static_config(regex=".*", operation_name=_ALL, activation_num_bits=8, weight_num_bits=8)
            for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
                rules.add_quantization_config(regex=".*", operation_name=end, algorithm_key=_KEEP)
    if recipe.float_head:
        for name in head:
            rules.add_quantization_config(regex=name, operation_name=_ALL, algorithm_key=_KEEP)
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
