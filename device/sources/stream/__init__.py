"""Streams from the network, by FFmpeg: RTSP cameras, MJPEG, MPEG-TS and HLS over HTTP."""

from device.sources.stream.address import SCHEMES, Address
from device.sources.stream.source import StreamSource

__all__ = ["SCHEMES", "Address", "StreamSource"]
