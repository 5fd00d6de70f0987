"""The quantized network: its manifest, finding it, lightness in and ab out."""

from device.network.find import LIKELY, available_networks, find_network
from device.network.interpreter import default_threads
from device.network.manifest import (
    Companion,
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
from device.network.runtime import Network, Prediction

__all__ = [
    "LIKELY",
    "Companion",
    "Input",
    "InputRole",
    "Manifest",
    "Network",
    "Output",
    "OutputRole",
    "Prediction",
    "Source",
    "available_networks",
    "default_threads",
    "file_sha256",
    "find_network",
    "read_manifest",
    "write_manifest",
]
