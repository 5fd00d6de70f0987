"""What lies in a V4L2 buffer: luma and chroma of each pixel format as arrays, without a conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import av
import cv2
import numpy as np

from device.frames import JPEG_COLOUR, ColourSpace, Matrix
from device.media.planes import Planes, layout_of, planes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.sources.v4l2.device import Agreed

    Bytes = NDArray[np.uint8]
    Take = Callable[[Bytes, Agreed], Planes]


class DamagedFrameError(Exception):
    """A buffer that does not hold a whole picture."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """How to read one pixel format. ``depth``: bits of luma; ``grey``: it has no chroma.

    ``take``: buffer -> planes that hold nothing of it.
    """

    take: Take
    depth: int = 8
    grey: bool = False


class _Packed(NamedTuple):
    """Where in four bytes the first luma sample, Cb and Cr of a packed 4:2:2 format stand."""

    luma: int
    cb: int
    cr: int


def _rows(data: Bytes, row_bytes: int, rows: int, used: int, start: int = 0) -> Bytes:
    """``rows`` rows of ``used`` bytes from ``start`` on; the last need not be padded."""
    end = start + row_bytes * (rows - 1) + used
    if used > row_bytes or end > len(data):
        raise DamagedFrameError
    return np.lib.stride_tricks.as_strided(data[start:end], (rows, used), (row_bytes, 1), writeable=False)


def _grey(data: Bytes, agreed: Agreed) -> Planes:
    row_bytes = agreed.row_bytes or agreed.width
    return Planes(_rows(data, row_bytes, agreed.height, agreed.width).copy(), None, None)


def _deep(data: Bytes, agreed: Agreed) -> Planes:
    row_bytes = agreed.row_bytes or 2 * agreed.width
    rows = _rows(data, row_bytes, agreed.height, 2 * agreed.width).copy()
    return Planes(rows.view("<u2").astype(np.uint16, copy=False), None, None)


def _packed(where: _Packed) -> Take:
    def take(data: Bytes, agreed: Agreed) -> Planes:
        width = agreed.width + agreed.width % 2
        rows = _rows(data, agreed.row_bytes or 2 * width, agreed.height, 2 * width)
        pairs, fours = (rows.reshape(agreed.height, -1, each) for each in (2, 4))
        luma = _channel(pairs, where.luma)[:, : agreed.width]
        return Planes(luma, _channel(fours, where.cb), _channel(fours, where.cr))

    return take


def _two_planes(cb: int) -> Take:
    def take(data: Bytes, agreed: Agreed) -> Planes:
        row_bytes = agreed.row_bytes or agreed.width
        luma = _rows(data, row_bytes, agreed.height, agreed.width).copy()
        width, height = (agreed.width + 1) // 2, (agreed.height + 1) // 2
        both = _rows(data, row_bytes, height, 2 * width, row_bytes * agreed.height).reshape(height, width, 2)
        return Planes(luma, _channel(both, cb), _channel(both, 1 - cb))

    return take


def _three_planes(*, cr_first: bool) -> Take:
    def take(data: Bytes, agreed: Agreed) -> Planes:
        row_bytes = agreed.row_bytes or agreed.width
        luma = _rows(data, row_bytes, agreed.height, agreed.width).copy()
        width, height = (agreed.width + 1) // 2, (agreed.height + 1) // 2
        half = (row_bytes + 1) // 2
        at = row_bytes * agreed.height
        first, second = (
            _rows(data, half, height, width, at + number * half * height).copy() for number in (0, 1)
        )
        return Planes(luma, second, first) if cr_first else Planes(luma, first, second)

    return take


def _channel(samples: Bytes, number: int) -> Bytes:
    return cast("Bytes", cv2.extractChannel(samples, number))


_END_OF_IMAGE: Final = b"\xff\xd9"


class MjpegDecoder:
    """Decodes JPEGs to their planes, Huffman tables left out or not; damaged ones are told apart."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("mjpeg", "r")
        self._codec.thread_count = 1  # several would hold frames back
        self._ended = False  # some cameras leave the marker out: then nothing can be told by it
        self._codec.options = {"err_detect": "explode"}

    def take(self, data: Bytes, agreed: Agreed) -> Planes:
        """Planes of the picture; as large as it is, whatever was agreed."""
        del agreed
        jpeg = data.tobytes().rstrip(b"\0")
        whole = jpeg.endswith(_END_OF_IMAGE)
        # A picture cut short and filled up with zeros decodes, too: to nonsense.
        if not jpeg or (self._ended and not whole):
            raise DamagedFrameError
        self._ended = whole
        try:
            frames = self._codec.decode(av.Packet(jpeg))
        except av.FFmpegError:
            raise DamagedFrameError from None
        for frame in frames:
            if isinstance(frame, av.VideoFrame) and not frame.is_corrupt:
                return planes_of(frame, layout_of(frame.format.name))
        raise DamagedFrameError


#: Compressed, each frame for itself.
MJPEG: Final = frozenset({"MJPG", "JPEG"})

#: The uncompressed formats we read; the first are asked for first where all else is equal. Colour comes
#: before grey: what is in colour may pass as it is.
PIXELS: Final[dict[str, Pixels]] = {
    "NV12": Pixels(_two_planes(cb=0)),
    "NV21": Pixels(_two_planes(cb=1)),
    "YU12": Pixels(_three_planes(cr_first=False)),
    "YV12": Pixels(_three_planes(cr_first=True)),
    "YUYV": Pixels(_packed(_Packed(0, 1, 3))),
    "YVYU": Pixels(_packed(_Packed(0, 3, 1))),
    "UYVY": Pixels(_packed(_Packed(1, 0, 2))),
    "VYUY": Pixels(_packed(_Packed(1, 2, 0))),
    "GREY": Pixels(_grey, grey=True),
    "Y10": Pixels(_deep, depth=10, grey=True),
    "Y12": Pixels(_deep, depth=12, grey=True),
    "Y16": Pixels(_deep, depth=16, grey=True),
}

#: All names, in the order in which they are preferred: compressed ones before those without colour.
PREFERRED: Final = (
    *(name for name, pixels in PIXELS.items() if not pixels.grey),
    *sorted(MJPEG, reverse=True),
    *(name for name, pixels in PIXELS.items() if pixels.grey),
)

# Codes of V4L2.
_JPEG_SPACE, _FULL, _LIMITED = 7, 1, 2
_BY_ENCODING = {1: Matrix.BT601, 2: Matrix.BT709, 3: Matrix.BT601, 4: Matrix.BT709, 6: Matrix.BT2020}
_BY_SPACE = {3: Matrix.BT709, 10: Matrix.BT2020, 12: Matrix.BT709}


def colour_space(agreed: Agreed) -> ColourSpace:
    """What the driver says of its colour; where it says nothing, what V4L2 says that means.

    JPEG is full range, and so are the codes of a grey sensor that says nothing of them.
    """
    if agreed.name in MJPEG:
        return JPEG_COLOUR
    matrix = _BY_ENCODING.get(agreed.encoding) or _BY_SPACE.get(agreed.colorspace, Matrix.BT601)
    grey = PIXELS[agreed.name].grey
    unsaid = agreed.quantization not in {_FULL, _LIMITED} and (agreed.colorspace == _JPEG_SPACE or grey)
    return ColourSpace(matrix, full_range=unsaid or agreed.quantization == _FULL)
