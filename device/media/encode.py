"""Planes into H.264, one closed segment at a time, made so that segments can be joined by packet copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import av
import numpy as np

from device.errors import TintcastError
from device.media.planes import plane_memory

if TYPE_CHECKING:
    from fractions import Fraction
    from types import TracebackType
    from typing import IO

    from av.packet import Packet

    from device.config import FilmSettings
    from device.frames import Luma
    from device.media.probe import FilmFacts
    from device.media.tags import ColourTags

#: Finest frame rate that is told to the encoder; time stamps are exact whatever it is told.
_RATE_DENOMINATOR = 100_000

#: Headers that don't depend on the content. No macroblock tree, the one part of x264 that now and then makes
#: other bits of the same frames (it costs about 15 % in size at equal crf), and so no look-ahead, its use.
_X264 = "stitchable=1:mbtree=0:rc-lookahead=0"


@dataclass(frozen=True, slots=True)
class Picture:
    """What the encoder is told of the pictures.

    ``width``, ``height``: of the picture itself; ``pixel_format``: what goes out (yuv420p, yuv422p, yuv444p,
    or the same with 10 bits).
    """

    width: int
    height: int
    pixel_format: str
    tags: ColourTags
    time_base: Fraction
    rate: Fraction
    pixel_aspect: Fraction | None = None

    @classmethod
    def of(cls, facts: FilmFacts) -> Self:
        """The picture of a tinted film: as its source's, but for formats that H.264 does not have."""
        return cls(
            width=facts.width,
            height=facts.height,
            pixel_format=facts.layout.outgoing,
            tags=facts.tags,
            time_base=facts.time_base,
            rate=facts.rate,
            pixel_aspect=facts.pixel_aspect,
        )

    @property
    def coded_size(self) -> tuple[int, int]:
        """(width, height) in the encoder: padded to whole chroma samples, which H.264 asks for."""
        across, down = self._subsampling
        return self.width + self.width % across, self.height + self.height % down

    @property
    def chroma_size(self) -> tuple[int, int]:
        """(rows, columns) of the chroma planes that ``Encoder.write`` takes."""
        (width, height), (across, down) = self.coded_size, self._subsampling
        return height // down, width // across

    @property
    def _subsampling(self) -> tuple[int, int]:
        return {"420": (2, 2), "422": (2, 1), "444": (1, 1)}[self.pixel_format[3:6]]


class Encoder:
    """Encodes one segment with a fresh libx264 into Matroska, written to ``file``.

    Constant quality (``settings.crf``; 0 is lossless at any depth), no B-frames, fixed threads, headers that
    don't depend on the content: two segments of one ``Picture`` and settings have the same parameter sets.
    """

    def __init__(self, file: IO[bytes], picture: Picture, settings: FilmSettings) -> None:
        self._picture = picture
        width, height = picture.coded_size
        self._container = av.open(file, "w", format="matroska", buffer_size=1 << 18)
        quality = {"crf": str(settings.crf)} if settings.crf else {"qp": "0"}
        rate = picture.rate.limit_denominator(_RATE_DENOMINATOR)
        stream = self._container.add_stream("libx264", rate, options=quality | {"preset": settings.preset})
        context = stream.codec_context
        context.options |= {"bf": "0", "x264-params": _X264}
        context.width, context.height, context.pix_fmt = width, height, picture.pixel_format
        context.thread_count = settings.encoder_threads
        context.time_base = picture.time_base
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = picture.tags
        if picture.pixel_aspect:
            context.sample_aspect_ratio = picture.pixel_aspect
        self._stream = stream
        # FFmpeg copies what is in here before encode() returns, so that one frame serves all.
        self._frame = av.VideoFrame(width, height, picture.pixel_format)
        self._frame.time_base = picture.time_base
        self._frame.color_range = picture.tags.range
        self._frame.colorspace = picture.tags.matrix
        kind = np.dtype(np.uint8) if picture.pixel_format.endswith("p") else np.dtype("<u2")
        self._memory = tuple(plane_memory(plane, kind) for plane in self._frame.planes)

    def write(self, luma: Luma, cb: Luma, cr: Luma, pts: int) -> None:
        """Encode one frame. ``cb``, ``cr``: of ``Picture.chroma_size``; ``pts`` must increase.

        Raises OSError where the file can't be written.
        """
        _place(self._memory[0], luma, self._picture.coded_size)
        for memory, plane in zip(self._memory[1:], (cb, cr), strict=True):
            if plane.shape != self._picture.chroma_size:
                raise ValueError(f"chroma is {plane.shape}, not {self._picture.chroma_size}")
            memory[:, : plane.shape[1]] = plane
        self._frame.pts = pts
        self._mux(self._stream.encode(self._frame))

    def finish(self) -> None:
        """Encode what the encoder still holds, and end the file (which stays open)."""
        self._mux(self._stream.encode(None))
        self._container.close()

    def _mux(self, packets: list[Packet[Any]]) -> None:
        try:
            self._container.mux(packets)
        except av.FFmpegError as error:
            raise TintcastError(f"the encoder's output can't be written: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()


def _place(memory: Luma, luma: Luma, coded_size: tuple[int, int]) -> None:
    """Copy luma into the encoder's frame; where that is one larger, the last column and row are repeated."""
    rows, columns = luma.shape
    width, height = coded_size
    memory[:rows, :columns] = luma
    if width > columns:
        memory[:rows, columns:width] = luma[:, -1:]
    if height > rows:
        memory[rows:height] = memory[rows - 1]
