"""Weights out of a quantized .tflite file: int8 constants back to float32, read from the flatbuffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from device.errors import MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_DTYPES = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.UINT8: np.uint8,
    schema.TensorType.INT32: np.int32,
}
_LAYERS = {
    schema.BuiltinOperator.CONV_2D: "conv",
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: "depthwise",
    schema.BuiltinOperator.FULLY_CONNECTED: "dense",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with weights, in the order in which the graph runs.

    ``kernel`` float32: conv (kh, kw, in, out), depthwise (kh, kw, channels, 1), dense (in, out); ``bias``
    (out,).
    """

    kind: str
    name: str
    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


def read_layers(path: Path) -> list[Layer]:
    """All convolutions and dense layers of the file's first subgraph, dequantized, in order of execution."""
    model = _model(path)
    graph = model.subgraphs[0]
    layers = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = _LAYERS.get(max(code.builtinCode, code.deprecatedBuiltinCode))
        if kind is None:
            continue
        kernel = _constant(model, graph.tensors[operator.inputs[1]], path)
        has_bias = len(operator.inputs) > 2 and operator.inputs[2] >= 0
        out = kernel.shape[-1] if kind == "depthwise" else kernel.shape[0]
        bias = (
            _constant(model, graph.tensors[operator.inputs[2]], path)
            if has_bias
            else np.zeros(out, np.float32)
        )
        name = graph.tensors[operator.outputs[0]].name.decode(errors="replace")
        layers.append(Layer(kind, name, _keras_order(kind, kernel), bias))
    if not layers:
        raise NetworkFileError("holds no convolution and no dense layer", where=path)
    return layers


def _model(path: Path) -> schema.ModelT:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingInput("no such file", where=path) from None
    if data[4:8] != b"TFL3":
        raise NetworkFileError("not a .tflite file", where=path)
    try:
        return schema.ModelT.InitFromPackedBuf(data)
    except Exception as error:  # the flatbuffer reader raises whatever its offsets run into
        raise NetworkFileError("a damaged .tflite file", where=path) from error


def _constant(model: schema.ModelT, tensor: schema.TensorT, path: Path) -> npt.NDArray[np.float32]:
    """A constant tensor as float32: (stored - zero point) * scale, along its quantized dimension."""
    stored = model.buffers[tensor.buffer].data
    dtype = _DTYPES.get(tensor.type)
    if stored is None or dtype is None:
        raise NetworkFileError(f"tensor {tensor.name.decode()} is no constant of a known type", where=path)
    array = np.frombuffer(bytes(stored), dtype).reshape(tensor.shape)
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or array.dtype.kind == "f":
        return array.astype(np.float32)
    shape = [1] * array.ndim
    shape[quantization.quantizedDimension] = len(quantization.scale)
    scale = np.asarray(quantization.scale, np.float32).reshape(shape)
    zero = np.asarray(quantization.zeroPoint, np.float32).reshape(shape)
    return ((array.astype(np.float32) - zero) * scale).astype(np.float32)


def _keras_order(kind: str, kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """From TFLite's order: conv (out, kh, kw, in), depthwise (1, kh, kw, channels), dense (out, in)."""
    order = {"conv": (1, 2, 3, 0), "depthwise": (1, 2, 3, 0), "dense": (1, 0)}[kind]
    return np.ascontiguousarray(kernel.transpose(order))
