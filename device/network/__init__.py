"""The quantized network: its manifest, finding it, lightness in and ab out."""

from device.network.manifest import (
    Input,
    InputRole,
    Manifest,
    Output,
    OutputRole,
    Source,
    file_sha256,
    read_manifest,
    write_manifest,
)

__all__ = [
    "Input",
    "InputRole",
    "Manifest",
    "Output",
    "OutputRole",
    "Source",
    "file_sha256",
    "read_manifest",
    "write_manifest",
]
