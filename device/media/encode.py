"""Planes into a codec, one closed segment at a time, made so that segments can be joined by packet copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import av
import numpy as np
from av.codec.context import Flags
from av.video.frame import PictureType

from device.errors import ConfigurationError, TintcastError
from device.media.annexb import parameter_sets, shows_picture
from device.media.codecs import CODECS, add_encoder, codec_of, depth_of, sampling_of
from device.media.encoders import check_encoder
from device.media.planes import FULL, at_depth, plane_memory
from device.media.scheduling import as_before

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType
    from typing import IO

    from av.packet import Packet

    from device.config import FilmSettings
    from device.frames import Luma
    from device.media.codecs import Codec
    from device.media.probe import FilmFacts
    from device.media.tags import ColourTags

#: Finest frame rate that is told to the encoder; time stamps are exact whatever it is told.
_RATE_DENOMINATOR = 100_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What encoder and container are told of the pictures.

    ``width``, ``height``: of the picture itself; ``pixel_format``: what goes out, as ``codec`` offers it;
    ``depth``: bits of the planes that come in; ``display_matrix``: how it is turned upright, as films store
    that.
    """

    width: int
    height: int
    codec: Codec
    pixel_format: str
    depth: int
    tags: ColourTags
    time_base: Fraction
    rate: Fraction
    pixel_aspect: Fraction | None = None
    display_matrix: tuple[int, ...] | None = None

    @classmethod
    def of(cls, facts: FilmFacts, settings: FilmSettings) -> Self:
        """The picture of a tinted film: as its source's, but for what ``settings`` ask for, or don't have.

        Raises ConfigurationError where their codec can't hold the film at all, or can't be had here.
        """
        chosen, layout = codec_of(settings), facts.layout
        _check_range(chosen, facts.tags, facts.path)
        check_encoder(chosen, facts.width, facts.height, facts.rate)
        return cls(
            width=facts.width,
            height=facts.height,
            codec=chosen,
            pixel_format=chosen.pixel_format(layout.subsampling, settings.depth or layout.depth),
            depth=layout.depth,
            tags=facts.tags,
            time_base=facts.time_base,
            rate=facts.rate,
            pixel_aspect=facts.pixel_aspect,
            display_matrix=facts.display_matrix,
        )

    @classmethod
    def live(
        cls,
        width: int,
        height: int,
        codec: str,
        *,
        depth: int,
        tags: ColourTags,
        time_base: Fraction,
        rate: Fraction,
        pixel_aspect: Fraction | None = None,
        display_matrix: tuple[int, ...] | None = None,
    ) -> Self:
        """The picture of a recording: 4:2:0, or the least that ``codec`` has beyond. Errors as ``of``."""
        chosen = CODECS[codec]
        _check_range(chosen, tags, None)
        check_encoder(chosen, width, height, rate)
        return cls(
            width=width,
            height=height,
            codec=chosen,
            pixel_format=chosen.pixel_format((2, 2), depth),
            depth=depth,
            tags=tags,
            time_base=time_base,
            rate=rate,
            pixel_aspect=pixel_aspect,
            display_matrix=display_matrix,
        )

    @property
    def coded_size(self) -> tuple[int, int]:
        """(width, height) in the encoder: padded to whole chroma samples, which most codecs ask for."""
        across, down = sampling_of(self.pixel_format)
        return -(-self.width // across) * across, -(-self.height // down) * down

    @property
    def chroma_depth(self) -> int:
        """Bits of the chroma planes that ``Encoder.write`` takes: those that go out, or came, if more."""
        return max(self.depth, depth_of(self.pixel_format))

    @property
    def chroma_size(self) -> tuple[int, int]:
        """(rows, columns) of the chroma planes that ``Encoder.write`` takes."""
        (width, height), (across, down) = self.coded_size, sampling_of(self.pixel_format)
        return height // down, width // across


def _check_range(codec: Codec, tags: ColourTags, path: Path | None) -> None:
    if tags.range == FULL and not codec.full_range:
        others = ", ".join(other.name for other in CODECS.values() if other.full_range)
        raise ConfigurationError(
            f"its luma is of full range, which {codec.title} has no word for",
            where=path,
            hint=f"use one of the codecs {others}",
        )


class Encoder:
    """Encodes one segment with a fresh encoder into Matroska, written to ``file``.

    Constant quality (``settings.crf``; 0 is lossless at any depth), fixed threads, headers that don't depend
    on the content: two segments of one ``Picture`` and settings have the same parameter sets, and the n-th
    packet is the n-th frame.
    """

    def __init__(self, file: IO[bytes], picture: Picture, settings: FilmSettings) -> None:
        self._picture = picture
        width, height = picture.coded_size
        self._container = av.open(file, "w", format="matroska", buffer_size=1 << 18)
        self._options = picture.codec.options(
            crf=settings.crf,
            preset=settings.preset,
            threads=settings.encoder_threads,
            pixel_format=picture.pixel_format,
        )
        self._rate = picture.rate.limit_denominator(_RATE_DENOMINATOR)
        self._threads = settings.encoder_threads
        self._stream = add_encoder(self._container, picture.codec, self._rate, self._options)
        self._context = self._stream.codec_context
        self._set(self._context)
        self._since_key = 0  # frames since the last of them, itself included; none before the first
        self._ahead = b""
        # FFmpeg copies what is in here before encode() returns, so that one frame serves all.
        self._frame = av.VideoFrame(width, height, picture.pixel_format)
        self._frame.time_base = picture.time_base
        self._frame.color_range, self._frame.color_primaries = picture.tags.range, picture.tags.primaries
        self._frame.color_trc, self._frame.colorspace = picture.tags.transfer, picture.tags.matrix
        self._depth = depth_of(picture.pixel_format)
        kind = np.dtype(np.uint8) if self._depth == 8 else np.dtype("<u2")
        self._memory = tuple(plane_memory(plane, kind) for plane in self._frame.planes)

    def write(self, luma: Luma, cb: Luma, cr: Luma, pts: int, *, key: bool = False) -> None:
        """Encode one frame. ``cb``, ``cr``: of the picture's ``chroma_size`` and ``chroma_depth``.

        ``pts`` must increase.

        ``key``: whoever decodes may begin with this frame; all after it refer to nothing before.

        Raises OSError where the file can't be written.
        """
        before, after = self._picture.depth, self._depth
        full = self._picture.tags.range == FULL
        _place(self._memory[0], at_depth(luma, before, after, full_luma=full), self._picture.coded_size)
        for memory, plane in zip(self._memory[1:], (cb, cr), strict=True):
            if plane.shape != self._picture.chroma_size:
                raise ValueError(f"chroma is {plane.shape}, not {self._picture.chroma_size}")
            memory[:, : plane.shape[1]] = at_depth(plane, self._picture.chroma_depth, after)
        codec = self._picture.codec
        key = key or self._since_key == codec.every
        if key and 0 < self._since_key < codec.apart:
            self._begin_anew()
        self._since_key = 1 if key else self._since_key + 1
        self._frame.pts = pts
        self._frame.pict_type = PictureType.I if key else PictureType.NONE
        self._mux(self._encoded())

    def finish(self) -> None:
        """Encode what the encoder still holds, and end the file (which stays open)."""
        self._mux(self._context.encode(None))
        self._container.close()

    def _encoded(self) -> list[Packet[Any]]:
        """What the encoder gives for the frame; with its first, it starts its threads."""
        if self._context.is_open:
            return self._context.encode(self._frame)
        with as_before():
            return self._context.encode(self._frame)

    def _set(self, context: av.VideoCodecContext) -> None:
        """Tell an encoder what it encodes."""
        picture, (width, height) = self._picture, self._picture.coded_size
        context.width, context.height, context.pix_fmt = width, height, picture.pixel_format
        context.thread_count = self._threads
        if rate_kept := picture.codec.bit_rate(width, height, self._rate):
            context.bit_rate = rate_kept
        context.time_base = picture.time_base
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = picture.tags
        if picture.pixel_aspect:
            context.sample_aspect_ratio = picture.pixel_aspect

    def _begin_anew(self) -> None:
        """Encode what the encoder still holds, and have another one go on: it refers to nothing before."""
        self._mux(self._context.encode(None))
        self._context = cast("av.VideoCodecContext", av.CodecContext.create(self._picture.codec.encoder, "w"))
        self._context.options = self._options
        self._context.framerate = self._rate
        self._context.flags |= Flags.global_header
        self._set(self._context)

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            packet.stream = self._stream
        if self._picture.codec.bits is not None:
            packets = list(self._of_frames(packets))
        try:
            self._container.mux(packets)
        except av.FFmpegError as error:
            raise TintcastError(f"the encoder's output can't be written: {error.strerror}") from None

    def _of_frames(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        """A packet for each frame: a board's encoder may give parameter sets as one, and has no header."""
        context = self._stream.codec_context
        for packet in packets:
            data, self._ahead = self._ahead + bytes(packet), b""
            if not shows_picture(data):
                self._ahead = data
                continue
            if not context.extradata:
                context.extradata = parameter_sets(data)
            yield packet if len(data) == packet.size else _holding(data, packet)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()


def _holding(data: bytes, packet: Packet[Any]) -> Packet[Any]:
    """A packet of ``data``, in all else as ``packet``."""
    longer: Packet[Any] = av.Packet(data)
    longer.stream, longer.time_base = packet.stream, packet.time_base
    longer.pts, longer.dts, longer.duration = packet.pts, packet.dts, packet.duration
    longer.is_keyframe = packet.is_keyframe
    return longer


def _place(memory: Luma, luma: Luma, coded_size: tuple[int, int]) -> None:
    """Copy luma into the encoder's frame; where that is larger, the last column and row are repeated."""
    rows, columns = luma.shape
    width, height = coded_size
    memory[:rows, :columns] = luma
    if width > columns:
        memory[:rows, columns:width] = luma[:, -1:]
    if height > rows:
        memory[rows:height] = memory[rows - 1]
