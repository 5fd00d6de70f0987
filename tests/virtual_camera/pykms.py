"""What picamera2 names of pykms where it is imported; only its own windows use it."""

from __future__ import annotations


class _Formats(type):
    def __getattr__(cls, name: str) -> str:
        return name


class PixelFormat(metaclass=_Formats):
    """Any format by its name."""
