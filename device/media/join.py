"""Segments and what lies beside the picture into one finished film: packets are copied as they are."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from device.errors import TintcastError
from device.media.beside import add_beside
from device.media.codecs import tag_stream
from device.media.crop import cropped_template
from device.media.encode import Picture
from device.media.probe import open_film

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

    from device.media.probe import FilmFacts
    from device.media.segments import Segment


#: What is said of the picture's track and stays true of another encoding of it.
_SAID = ("language", "title", "handler_name")


@dataclass(slots=True)
class Joined:
    """What went into a joined film: where each sound track ends (seconds), and what had to be left out."""

    sound: dict[int, Fraction] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def join(
    file: BinaryIO,
    *,
    form: str,
    segments: Sequence[Segment],
    facts: FilmFacts,
    codec: str,
    end_pts: int,
    comment: str | None,
    tick: Callable[[], None],
) -> Joined:
    """Write ``segments`` with their original time stamps, and what lies beside the picture in the source.

    ``form``: FFmpeg's name of the container; ``codec``: of the segments; ``end_pts``: where the last frame
    ends; ``comment``: laid into the container's metadata, None: nothing is; ``tick``: called for every
    packet, and what it raises ends the work. Raises OSError where ``file`` can't be written, UnreadableFilm
    for a damaged source.
    """
    joined = Joined()
    with (
        open_film(facts.path) as source,
        av.open(
            file, "w", format=form, container_options={"avoid_negative_ts": "disabled"}, buffer_size=1 << 18
        ) as out,
    ):
        picture = _add_picture(out, segments[0], facts, codec)
        said = source.streams[facts.video]
        picture.metadata.update({key: said.metadata[key] for key in _SAID if key in said.metadata})
        picture.disposition = said.disposition
        beside = add_beside(out, source, facts, joined.notes)
        out.metadata.update(_timecode(source) | _metadata(source.metadata, comment))
        out.set_chapters(source.chapters())
        video = _timed(_picture_packets(segments, picture, facts, end_pts))
        try:
            for _, packet in heapq.merge(video, _timed(beside.packets()), key=lambda timed: timed[0]):
                index, end = packet.stream_index, _end(packet)
                out.mux(packet)
                tick()
                if index in beside.sound:
                    joined.sound[index] = max(end, joined.sound.get(index, end))
        except av.FFmpegError as error:
            raise TintcastError(f"the segments can't be joined: {error.strerror}") from None
    return joined


def _add_picture(out: OutputContainer, first: Segment, facts: FilmFacts, codec: str) -> av.VideoStream:
    picture = Picture.of(facts, codec)
    with av.open(str(first.path)) as segment:
        stream = segment.streams.video[0]
        if picture.coded_size == (facts.width, facts.height):
            added = out.add_stream_from_template(stream, opaque=True)
        else:
            with cropped_template(stream.codec_context.extradata or b"", picture) as template:
                added = out.add_stream_from_template(template, opaque=True)
    context = added.codec_context
    tag_stream(out, picture.codec, added)
    context.framerate = facts.rate
    context.color_range, context.color_primaries, context.color_trc, context.colorspace = facts.tags
    if facts.pixel_aspect:
        context.sample_aspect_ratio = facts.pixel_aspect
    added.time_base = facts.time_base
    if facts.display_matrix:
        added.set_display_matrix(facts.display_matrix)
    return added


def _picture_packets(
    segments: Sequence[Segment], stream: av.VideoStream, facts: FilmFacts, end_pts: int
) -> Iterator[Packet[Any]]:
    """The packets of all segments in order. Without B-frames the n-th packet is the n-th frame."""
    following = [*[pts for segment in segments for pts in segment.pts][1:], end_pts]
    index = 0
    for segment in segments:
        with av.open(str(segment.path)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
            if len(packets) != len(segment.pts):
                raise TintcastError(
                    f"{len(packets)} frames where {len(segment.pts)} were written", where=segment.path
                )
            for packet, pts in zip(packets, segment.pts, strict=True):
                packet.time_base = facts.time_base
                packet.pts = packet.dts = pts
                packet.duration = following[index] - pts
                packet.stream = stream
                index += 1
                yield packet


def _timed(packets: Iterator[Packet[Any]]) -> Iterator[tuple[Fraction, Packet[Any]]]:
    for packet in packets:
        stamp = packet.dts if packet.dts is not None else packet.pts
        yield (stamp or 0) * (packet.time_base or Fraction(1)), packet


def _end(packet: Packet[Any]) -> Fraction:
    return ((packet.pts or 0) + (packet.duration or 0)) * (packet.time_base or Fraction(1))


def _timecode(source: InputContainer) -> dict[str, str]:
    """The time code of the first frame, which containers keep with one of their tracks."""
    found = (stream.metadata["timecode"] for stream in source.streams if "timecode" in stream.metadata)
    return {"timecode": code} if (code := next(found, None)) else {}


def _metadata(source: dict[str, str], comment: str | None) -> dict[str, str]:
    """The source's metadata but for what its muxer wrote, and our comment behind its own."""
    brands = {"major_brand", "minor_version", "compatible_brands", "encoder", "comment"}
    kept = {key: value for key, value in source.items() if key.lower() not in brands}
    said = next((value for key, value in source.items() if key.lower() == "comment"), "")
    lines = [line for line in (said, comment) if line]
    return kept | ({"comment": "\n".join(lines)} if lines else {})
