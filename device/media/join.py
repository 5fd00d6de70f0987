"""Segments and what lies beside the picture into one finished film: packets are copied as they are."""

from __future__ import annotations

import heapq
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from device.errors import TintcastError
from device.media.beside import Beside, add_beside
from device.media.codecs import tag_stream
from device.media.crop import cropped_template
from device.media.probe import open_film
from device.media.pyav import KNOWN, files_own_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

    from device.media.encode import Picture
    from device.media.probe import FilmFacts
    from device.media.segments import Segment

    Pictures = Callable[[av.VideoStream], Iterator[Packet[Any]]]

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
    template: Path,
    pictures: Pictures,
    picture: Picture,
    source: FilmFacts | None,
    metadata: Mapping[str, str],
    tick: Callable[[], None],
) -> Joined:
    """Write a film of ``pictures``, and of what lies beside the picture in the source.

    ``form``: FFmpeg's name of the container; ``template``: a film with the picture's parameter sets;
    ``pictures``: makes all packets of the picture, for the track that it is given; ``picture``: as they were
    encoded; ``source``: None where there is no film behind it; ``metadata``: laid into the container, a
    comment behind the source's own; ``tick``: called for every packet, and what it raises ends the work.
    Raises OSError where ``file`` can't be written, UnreadableFilm for a damaged source.
    """
    joined = Joined()
    with files_own_error(), ExitStack() as stack:
        film = None if source is None else stack.enter_context(open_film(source.path))
        options = {"avoid_negative_ts": "disabled"}
        out = stack.enter_context(
            av.open(file, "w", format=form, container_options=options, buffer_size=1 << 18)
        )
        track = _add_picture(out, template, picture)
        packets = [_timed(pictures(track))]
        beside: Beside | None = None
        if source is None or film is None:
            out.metadata.update(metadata)
        else:
            _say_as(film, source, track)
            beside = add_beside(out, film, source, joined.notes)
            out.metadata.update(_timecode(film) | _metadata(film.metadata, metadata))
            out.set_chapters(film.chapters())
            packets.append(_timed(beside.packets()))
        sound = {} if beside is None else beside.sound
        try:
            for _, packet in heapq.merge(*packets, key=lambda timed: timed[0]):
                index, end = packet.stream_index, _end(packet)
                out.mux(packet)
                tick()
                if index in sound:
                    joined.sound[index] = max(end, joined.sound.get(index, end))
            if beside is not None and beside.lost:
                joined.notes.append(f"{beside.lost} packets beside its picture were out of order: left out")
            out.close()
        except av.FFmpegError as error:
            raise TintcastError(f"the segments can't be joined: {error.strerror}") from None
    return joined


def _add_picture(out: OutputContainer, template: Path, picture: Picture) -> av.VideoStream:
    with av.open(str(template)) as segment:
        stream = segment.streams.video[0]
        if picture.coded_size == (picture.width, picture.height):
            added = out.add_stream_from_template(stream, opaque=True)
        else:
            with cropped_template(stream.codec_context.extradata or b"", picture) as cropped:
                added = out.add_stream_from_template(cropped, opaque=True)
    context = added.codec_context
    tag_stream(out, picture.codec, added)
    context.framerate = picture.rate
    context.color_range, context.color_primaries, context.color_trc, context.colorspace = picture.tags
    if picture.pixel_aspect:
        context.sample_aspect_ratio = picture.pixel_aspect
    added.time_base = picture.time_base
    if picture.display_matrix:
        added.set_display_matrix(picture.display_matrix)
    return added


def _say_as(film: InputContainer, source: FilmFacts, track: av.VideoStream) -> None:
    """What the source says of its picture's track, and stays true, is said of ours."""
    said = film.streams[source.video]
    track.metadata.update({key: text for key, text in said.metadata.items() if key.lower() in _SAID})
    track.disposition = said.disposition


def of_segments(
    segments: Sequence[Segment], time_base: Fraction, end_pts: int, track: av.VideoStream
) -> Iterator[Packet[Any]]:
    """The packets of all segments in order, for ``track``, with their original time stamps.

    Without B-frames the n-th packet is the n-th frame. ``end_pts``: where the last of them ends.
    """
    following = [*[pts for segment in segments for pts in segment.pts][1:], end_pts]
    index = 0
    for segment in segments:
        with av.open(str(segment.path), options=KNOWN) as container:
            written = 0
            for packet in container.demux(video=0):
                if not packet.size:
                    continue
                written += 1
                if written > len(segment.pts):
                    break
                pts = segment.pts[written - 1]
                packet.time_base = time_base
                packet.pts = packet.dts = pts
                packet.duration = following[index] - pts
                packet.stream = track
                index += 1
                yield packet
        if written != len(segment.pts):
            amount = "more" if written > len(segment.pts) else "fewer"
            raise TintcastError(
                f"there are {amount} than the {len(segment.pts)} frames that were written", where=segment.path
            )


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


def _metadata(source: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """The source's metadata but for what its muxer wrote, and ours; our comment's lines behind its own."""
    brands = {"major_brand", "minor_version", "compatible_brands", "encoder", "comment"}
    kept = {key: value for key, value in source.items() if key.lower() not in brands}
    said = next((value for key, value in source.items() if key.lower() == "comment"), "")
    new = [line for line in ours.get("comment", "").splitlines() if line not in said.splitlines()]
    lines = [line for line in (said, *new) if line]
    return kept | dict(ours) | ({"comment": "\n".join(lines)} if lines else {})
