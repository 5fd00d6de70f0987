"""Which runtimes can run a .tflite: kernels carry versions, and an older runtime has fewer of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    from converter.recipes import Recipe

#: The greatest version of each kernel in tflite-runtime 2.14, of those that colour networks are made of.
_OLD_KERNELS: Final = {
    "ADD": 5, "AVERAGE_POOL_2D": 3, "BATCH_MATMUL": 4, "CONCATENATION": 4, "CONV_2D": 8,
    "DEPTHWISE_CONV_2D": 7, "DEPTH_TO_SPACE": 2, "DEQUANTIZE": 6, "DIV": 2, "FULLY_CONNECTED": 11,
    "LEAKY_RELU": 2, "LOGISTIC": 3,
    "MAXIMUM": 4, "MAX_POOL_2D": 3, "MEAN": 3, "MINIMUM": 4, "MUL": 7, "PAD": 4, "QUANTIZE": 3, "RELU": 3,
    "RELU6": 3, "RESHAPE": 1, "RESIZE_BILINEAR": 4, "RESIZE_NEAREST_NEIGHBOR": 4, "RSQRT": 3, "SOFTMAX": 3,
    "SPACE_TO_BATCH_ND": 4, "BATCH_TO_SPACE_ND": 4, "STRIDED_SLICE": 8, "SUB": 5, "SUM": 2, "TANH": 3,
    "TILE": 3, "TRANSPOSE": 6, "TRANSPOSE_CONV": 4,
}  # fmt: skip
_NAMES: Final = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}


def unfit(content: bytes, recipe: Recipe) -> dict[str, str]:
    """Runtimes that can't run the file, each with a recipe whose file it can, as the manifest has it."""
    model = schema.ModelT.InitFromPackedBuf(content)
    kernels = [
        (_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)], code.version)
        for code in model.operatorCodes
    ]
    fits = all(version <= _OLD_KERNELS.get(name, 0) for name, version in kernels)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if kernels[operator.opcodeIndex][0] == "TRANSPOSE_CONV":
            weights, values = (graph.tensors[index].type for index in operator.inputs[1:3])
            fits = fits and weights == values  # the old one does not mix int8 and float
    return {} if fits else {"tflite-runtime": "float32" if recipe.name == "int8" else "int8"}
