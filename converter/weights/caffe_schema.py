"""Caffe's messages, as far as colorization networks use them: a schema of our own for the protobuf library.

Field numbers are those of the public format. What is not listed is skipped in a .caffemodel and passed over
in a .prototxt.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from google.protobuf.message import Message

_PACKAGE: Final = "tintcast.caffe"

#: Message: field, number, type, ``*`` for repeated and ``+`` for repeated and packed.
_MESSAGES: Final = {
    "BlobShape": (("dim", 1, "int64+"),),
    "BlobProto": (
        ("shape", 7, "BlobShape"), ("data", 5, "float+"), ("double_data", 8, "double+"),
        ("num", 1, "int32"), ("channels", 2, "int32"), ("height", 3, "int32"), ("width", 4, "int32"),
    ),
    "InputParameter": (("shape", 1, "BlobShape*"),),
    "ConvolutionParameter": (
        ("num_output", 1, "uint32"), ("bias_term", 2, "bool"), ("pad", 3, "uint32*"),
        ("kernel_size", 4, "uint32*"), ("group", 5, "uint32"), ("stride", 6, "uint32*"),
        ("dilation", 18, "uint32*"), ("pad_h", 9, "uint32"), ("pad_w", 10, "uint32"),
        ("kernel_h", 11, "uint32"), ("kernel_w", 12, "uint32"), ("stride_h", 13, "uint32"),
        ("stride_w", 14, "uint32"),
    ),
    "ReLUParameter": (("negative_slope", 1, "float"),),
    "BatchNormParameter": (("use_global_stats", 1, "bool"), ("eps", 3, "float")),
    "ScaleParameter": (("axis", 1, "int32"), ("num_axes", 2, "int32"), ("bias_term", 4, "bool")),
    "SoftmaxParameter": (("axis", 2, "int32"),),
    "LayerParameter": (
        ("name", 1, "string"), ("type", 2, "string"), ("bottom", 3, "string*"), ("top", 4, "string*"),
        ("blobs", 7, "BlobProto*"), ("convolution_param", 106, "ConvolutionParameter"),
        ("relu_param", 123, "ReLUParameter"), ("softmax_param", 125, "SoftmaxParameter"),
        ("batch_norm_param", 139, "BatchNormParameter"), ("scale_param", 142, "ScaleParameter"),
        ("input_param", 143, "InputParameter"),
    ),
    "OldLayer": (("name", 4, "string"),),
    "NetParameter": (
        ("name", 1, "string"), ("layers", 2, "OldLayer*"), ("input", 3, "string*"),
        ("input_dim", 4, "int32*"), ("input_shape", 8, "BlobShape*"), ("layer", 100, "LayerParameter*"),
    ),
}  # fmt: skip


@cache
def net_parameter() -> type[Message]:
    """The class of the message that both a .caffemodel and a .prototxt hold."""
    file = descriptor_pb2.FileDescriptorProto(name="tintcast/caffe.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            _add_field(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made: type[Message] = message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"{_PACKAGE}.NetParameter")
    )
    return made


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    plain = kind.rstrip("*+")
    field = message.field.add(name=name, number=number, label=1 if plain == kind else 3)
    if plain in _MESSAGES:
        field.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{plain}"
    else:
        field.type = descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{plain.upper()}")
    field.options.packed = kind.endswith("+")
