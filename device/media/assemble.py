"""A received film put together: its JPEGs with their own time stamps, and the sound that came beside them.

Needs FFmpeg's libraries only: it runs where there is no numpy.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace

from device.errors import TintcastError, UnreadableJpeg
from device.media.beside import add_beside
from device.media.codecs import CODECS, add_encoder
from device.media.containers import container_for
from device.media.durable import PartFile, writable
from device.media.facts import read_facts
from device.media.pyav import ALONE
from device.media.scheduling import as_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet

    from device.media.codecs import Codec as EncodingCodec

    _TimedPacket = tuple[Fraction, Packet[Any]]

#: Those that films are written in, and the JPEGs as they are.
Codec = Literal["h264", "h265", "av1", "ffv1", "prores", "mjpeg"]

_THREADS = 2
_HD_LINES = 720
#: ISO/IEC 23091-2: 1 is BT.709, 6 is BT.601; range 1 is limited, 2 full.
_BT709, _BT601 = 1, 6
_LIMITED, _FULL = 1, 2


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a film is put together from.

    ``frames``: its JPEGs in order; ``width``, ``height``: of the film, in samples; ``pixel_aspect``: width of
    a sample over its height; ``beside``: a file with its sound and subtitles, whose
    time stamps are ``delay_ms`` too late; None where it has none.
    """

    frames: Sequence[Path]
    width: int
    height: int
    time_base: Fraction
    pixel_aspect: Fraction = Fraction(1)
    beside: Path | None = None
    delay_ms: int = 0


def assemble(
    pieces: Pieces,
    out: Path,
    *,
    codec: Codec = "h264",
    crf: int | None = None,
    progress: Callable[[int], None],
) -> list[str]:
    """Write the film as ``out``, which appears only when it is whole.

    ``codec``: ``mjpeg`` copies the JPEGs as they are, the others encode anew (limited range; BT.709 from 720
    lines up, else BT.601), with constant quality ``crf``. ``progress(frames)`` is called after each frame.
    Returns a line for everything that the container can't hold. Raises UnreadableJpeg for a broken frame,
    SpaceError on a full disk.
    """
    form = container_for(out, codec)
    part = PartFile(out)
    notes: list[str] = []
    try:
        with writable(out), av.open(part.file, "w", format=form, buffer_size=1 << 18) as container:
            picture = (
                _copied(container, pieces, progress)
                if codec == "mjpeg"
                else _encoded(container, pieces, CODECS[codec], crf, progress)
            )
            _mux(container, picture, pieces, notes)
        part.commit()
    except av.FFmpegError as error:
        raise TintcastError(f"the film can't be put together: {error.strerror}", where=out) from None
    finally:
        part.discard()
    return notes


def _mux(out: OutputContainer, picture: Iterator[_TimedPacket], pieces: Pieces, notes: list[str]) -> None:
    if pieces.beside is None:
        for _, packet in picture:
            out.mux(packet)
        return
    whole = _Tracks(pieces.beside, Fraction(pieces.delay_ms, 1000))
    with av.open(str(pieces.beside), format="matroska") as tracks:
        beside = _timed(add_beside(out, tracks, whole, notes).packets())
        for _, packet in heapq.merge(picture, beside, key=lambda timed: timed[0]):
            out.mux(packet)


def _pictures(pieces: Pieces, progress: Callable[[int], None]) -> Iterator[tuple[Path, int, bytes]]:
    """(path, pts, JPEG) of each frame; a broken one raises UnreadableJpeg with its name."""
    last: int | None = None
    for done, path in enumerate(pieces.frames, 1):
        jpeg = path.read_bytes()
        try:
            facts = read_facts(jpeg)
        except UnreadableJpeg as error:
            raise UnreadableJpeg(error.what, where=path) from None
        pts = facts.pts if last is None or facts.pts > last else last + 1
        last = pts
        yield path, pts, jpeg
        progress(done)


def _encoded(
    out: OutputContainer,
    pieces: Pieces,
    codec: EncodingCodec,
    crf: int | None,
    progress: Callable[[int], None],
) -> Iterator[_TimedPacket]:
    width, height = pieces.width + pieces.width % 2, pieces.height + pieces.height % 2
    hd = height >= _HD_LINES
    pixel_format = codec.pixel_format((2, 2), 8)
    options = codec.options(crf=crf, preset="veryfast", threads=_THREADS, pixel_format=pixel_format)
    stream = add_encoder(out, codec, None, options)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = width, height, pixel_format
    context.thread_count = _THREADS
    context.time_base = stream.time_base = pieces.time_base
    context.colorspace, context.color_range = (_BT709 if hd else _BT601), _LIMITED
    context.sample_aspect_ratio = pieces.pixel_aspect
    with as_before():
        context.open(strict=False)
    decoder = av.CodecContext.create("mjpeg", "r")

    def packets() -> Iterator[_TimedPacket]:
        for number, (path, pts, jpeg) in enumerate(_pictures(pieces, progress)):
            limited = _decode(decoder, path, jpeg).reformat(
                width,
                height,
                pixel_format,
                src_colorspace=Colorspace.ITU601,
                dst_colorspace=Colorspace.ITU709 if hd else Colorspace.ITU601,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                **ALONE,
            )
            limited.pts, limited.time_base = pts, pieces.time_base
            key = codec.every is not None and number % codec.every == 0
            limited.pict_type = PictureType.I if key else PictureType.NONE
            yield from _timed(stream.encode(limited))
        yield from _timed(stream.encode(None))

    return packets()


def _decode(decoder: av.VideoCodecContext, path: Path, jpeg: bytes) -> av.VideoFrame:
    try:
        frames = decoder.decode(av.Packet(jpeg))
    except av.FFmpegError as error:
        raise UnreadableJpeg(f"can't be decoded: {error.strerror}", where=path) from None
    if len(frames) != 1:
        raise UnreadableJpeg("holds no picture", where=path)
    return frames[0]


def _copied(out: OutputContainer, pieces: Pieces, progress: Callable[[int], None]) -> Iterator[_TimedPacket]:
    stream = out.add_stream("mjpeg")
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = pieces.width, pieces.height, "yuvj420p"
    context.time_base = stream.time_base = pieces.time_base
    context.color_range = _FULL
    context.sample_aspect_ratio = pieces.pixel_aspect

    def packets() -> Iterator[_TimedPacket]:
        for _path, pts, jpeg in _pictures(pieces, progress):
            packet = av.Packet(jpeg)
            packet.pts = packet.dts = pts
            packet.time_base = pieces.time_base
            packet.is_keyframe = True
            packet.stream = stream
            yield from _timed([packet])

    return packets()


@dataclass(frozen=True, slots=True)
class _Tracks:
    """A film of which only the tracks beside the picture are there."""

    path: Path
    origin: Fraction
    video: int = -1


def _timed(packets: Iterable[Packet[Any]]) -> Iterator[_TimedPacket]:
    for packet in packets:
        yield (packet.dts or 0) * (packet.time_base or Fraction(1)), packet
