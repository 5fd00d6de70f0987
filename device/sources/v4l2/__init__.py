"""Cameras that the kernel knows by V4L2: USB cameras, frame grabbers, loopback devices."""

from device.sources.v4l2.source import V4l2Source, capture_devices

__all__ = ["V4l2Source", "capture_devices"]
