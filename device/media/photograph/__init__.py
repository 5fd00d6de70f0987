"""Photographs as files: read upright and in sRGB, written with all that they said of themselves."""

from device.media.photograph.reading import read_photograph
from device.media.photograph.values import Carried, Photograph
from device.media.photograph.writing import write_photograph
from device.media.picture_names import is_photograph, writable, written_name

__all__ = [
    "Carried",
    "Photograph",
    "is_photograph",
    "read_photograph",
    "writable",
    "write_photograph",
    "written_name",
]
