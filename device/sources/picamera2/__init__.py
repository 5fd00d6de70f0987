"""Raspberry Pi's cameras, and whatever else libcamera knows, by picamera2: from apt, imported when used."""

from __future__ import annotations

from device.sources.picamera2.library import Camera, cameras
from device.sources.picamera2.source import Picamera2Source

__all__ = ["Camera", "Picamera2Source", "cameras"]
