"""The part of the kernel's V4L2 interface that capturing needs: structures and request numbers.

After ``linux/videodev2.h``, on 64-bit machines.
"""

from __future__ import annotations

import ctypes
import enum
from ctypes import c_char, c_int32, c_int64, c_uint8, c_uint32, c_uint64
from typing import Final

#: V4L2_BUF_TYPE_VIDEO_CAPTURE, and its kind whose planes may lie apart (_MPLANE).
CAPTURE: Final = 1
CAPTURE_MULTI: Final = 9
MMAP: Final = 1  # V4L2_MEMORY_MMAP
DISCRETE: Final = 1  # of frame sizes and intervals
ANY_FIELD: Final = 0


class Can(enum.IntFlag):
    """What a device node can do (V4L2_CAP_*)."""

    CAPTURE = 0x1
    CAPTURE_MPLANE = 0x1000
    M2M_MPLANE = 0x4000
    M2M = 0x8000
    META = 0x800000
    STREAMING = 0x4000000
    IO_MC = 0x20000000
    DEVICE_CAPS = 0x80000000


class Flag(enum.IntFlag):
    """What is said of a buffer (V4L2_BUF_FLAG_*)."""

    ERROR = 0x40
    MONOTONIC = 0x2000
    CLOCK = 0xE000


class Capability(ctypes.Structure):
    """``v4l2_capability``."""

    _fields_ = [
        ("driver", c_char * 16),
        ("card", c_char * 32),
        ("bus_info", c_char * 32),
        ("version", c_uint32),
        ("capabilities", c_uint32),
        ("device_caps", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class FormatDescription(ctypes.Structure):
    """``v4l2_fmtdesc``."""

    _fields_ = [
        ("index", c_uint32),
        ("type", c_uint32),
        ("flags", c_uint32),
        ("description", c_char * 32),
        ("pixelformat", c_uint32),
        ("mbus_code", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class PixelFormat(ctypes.Structure):
    """``v4l2_pix_format``."""

    _fields_ = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("bytesperline", c_uint32),
        ("sizeimage", c_uint32),
        ("colorspace", c_uint32),
        ("priv", c_uint32),
        ("flags", c_uint32),
        ("ycbcr_enc", c_uint32),
        ("quantization", c_uint32),
        ("xfer_func", c_uint32),
    ]


class _PlaneFormat(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("sizeimage", c_uint32), ("bytesperline", c_uint32), ("reserved", c_uint8 * 12)]


class PixelFormatMulti(ctypes.Structure):
    """``v4l2_pix_format_mplane``."""

    _pack_ = 1
    _fields_ = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("colorspace", c_uint32),
        ("planes", _PlaneFormat * 8),
        ("num_planes", c_uint8),
        ("flags", c_uint8),
        ("ycbcr_enc", c_uint8),
        ("quantization", c_uint8),
        ("reserved", c_uint8 * 8),
    ]


class _AnyFormat(ctypes.Union):
    _fields_ = [
        ("pix", PixelFormat),
        ("multi", PixelFormatMulti),
        ("raw", c_uint8 * 200),
        ("align", c_uint64),
    ]


class Format(ctypes.Structure):
    """``v4l2_format``."""

    _anonymous_ = ("of",)
    _fields_ = [("type", c_uint32), ("of", _AnyFormat)]


class Fraction32(ctypes.Structure):
    """``v4l2_fract``."""

    _fields_ = [("numerator", c_uint32), ("denominator", c_uint32)]


class _Stepwise(ctypes.Structure):
    _fields_ = [
        (name, c_uint32)
        for name in ("min_width", "max_width", "step_width", "min_height", "max_height", "step_height")
    ]


class _Discrete(ctypes.Structure):
    _fields_ = [("width", c_uint32), ("height", c_uint32)]


class _AnySize(ctypes.Union):
    _fields_ = [("discrete", _Discrete), ("stepwise", _Stepwise)]


class FrameSize(ctypes.Structure):
    """``v4l2_frmsizeenum``."""

    _anonymous_ = ("of",)
    _fields_ = [
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("type", c_uint32),
        ("of", _AnySize),
        ("reserved", c_uint32 * 2),
    ]


class _AnyInterval(ctypes.Union):
    # Of a range the shortest comes first, where a single interval would stand.
    _fields_ = [("shortest", Fraction32), ("stepwise", Fraction32 * 3)]


class FrameInterval(ctypes.Structure):
    """``v4l2_frmivalenum``."""

    _anonymous_ = ("of",)
    _fields_ = [
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("type", c_uint32),
        ("of", _AnyInterval),
        ("reserved", c_uint32 * 2),
    ]


class StreamParameters(ctypes.Structure):
    """``v4l2_streamparm`` of a capture."""

    _fields_ = [
        ("type", c_uint32),
        ("capability", c_uint32),
        ("capturemode", c_uint32),
        ("timeperframe", Fraction32),
        ("raw", c_uint8 * 184),
    ]


class RequestBuffers(ctypes.Structure):
    """``v4l2_requestbuffers``."""

    _fields_ = [
        ("count", c_uint32),
        ("type", c_uint32),
        ("memory", c_uint32),
        ("capabilities", c_uint32),
        ("flags", c_uint32),
    ]


class _Timeval(ctypes.Structure):
    _fields_ = [("tv_sec", c_int64), ("tv_usec", c_int64)]


class _PlaneWhere(ctypes.Union):
    _fields_ = [("offset", c_uint32), ("userptr", c_uint64)]


class Plane(ctypes.Structure):
    """``v4l2_plane``."""

    _anonymous_ = ("of",)
    _fields_ = [
        ("bytesused", c_uint32),
        ("length", c_uint32),
        ("of", _PlaneWhere),
        ("data_offset", c_uint32),
        ("reserved", c_uint32 * 11),
    ]


class _Where(ctypes.Union):
    _fields_ = [("offset", c_uint32), ("planes", ctypes.POINTER(Plane)), ("userptr", c_uint64)]


class Buffer(ctypes.Structure):
    """``v4l2_buffer``."""

    _anonymous_ = ("of",)
    _fields_ = [
        ("index", c_uint32),
        ("type", c_uint32),
        ("bytesused", c_uint32),
        ("flags", c_uint32),
        ("field", c_uint32),
        ("timestamp", _Timeval),
        ("timecode", c_uint8 * 16),
        ("sequence", c_uint32),
        ("memory", c_uint32),
        ("of", _Where),
        ("length", c_uint32),
        ("reserved2", c_uint32),
        ("request_fd", c_int32),
    ]


class Control(ctypes.Structure):
    """``v4l2_control``."""

    _fields_ = [("id", c_uint32), ("value", c_int32)]


Argument = ctypes.Structure | c_int32


def _request(direction: int, number: int, kind: type[Argument]) -> int:
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


_READ, _WRITE, _BOTH = 2, 1, 3

QUERYCAP: Final = _request(_READ, 0, Capability)
ENUM_FMT: Final = _request(_BOTH, 2, FormatDescription)
G_FMT: Final = _request(_BOTH, 4, Format)
S_FMT: Final = _request(_BOTH, 5, Format)
REQBUFS: Final = _request(_BOTH, 8, RequestBuffers)
QUERYBUF: Final = _request(_BOTH, 9, Buffer)
QBUF: Final = _request(_BOTH, 15, Buffer)
DQBUF: Final = _request(_BOTH, 17, Buffer)
STREAMON: Final = _request(_WRITE, 18, c_int32)
STREAMOFF: Final = _request(_WRITE, 19, c_int32)
G_PARM: Final = _request(_BOTH, 21, StreamParameters)
S_PARM: Final = _request(_BOTH, 22, StreamParameters)
S_CTRL: Final = _request(_BOTH, 28, Control)
ENUM_FRAMESIZES: Final = _request(_BOTH, 74, FrameSize)
ENUM_FRAMEINTERVALS: Final = _request(_BOTH, 75, FrameInterval)


def on_off(kind: int) -> c_int32:
    """The argument of STREAMON and STREAMOFF."""
    return c_int32(kind)


def fourcc(name: str) -> int:
    """The number of a pixel format's four letters."""
    return int.from_bytes(name.ljust(4).encode("ascii", "replace")[:4], "little")


def letters(number: int) -> str:
    """The four letters of a pixel format's number."""
    return (number & 0x7FFFFFFF).to_bytes(4, "little").decode("ascii", "replace").strip()
