"""What lies beside the picture in a film: sound, subtitles, covers, attachments; copied packet by packet."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import av

from device.errors import UnreadableFilm
from device.media.pyav import packets
from device.media.sane import InOrder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

_ATTACHED_PICTURE = 1 << 10
_AAC_RATES = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}


class Whole(Protocol):
    """What must be known of the film: ``FilmFacts`` knows it."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def video(self) -> int:
        """Index of the picture's stream; -1 where there is none."""

    @property
    def origin(self) -> Fraction:
        """Seconds that every time stamp is moved back by."""


class _Track(Protocol):
    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Packets to write for one that was read; an empty one is the end."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """Packets go on as they are."""

    out: Stream

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        if packet.size:
            packet.stream = self.out
            yield packet


@dataclass(frozen=True, slots=True)
class _Encode:
    """Sound in a codec that the container does not hold becomes AAC."""

    source: av.AudioStream
    out: av.AudioStream
    resampler: av.AudioResampler

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        decoded: list[av.AudioFrame | None] = []
        with contextlib.suppress(av.error.InvalidDataError):
            decoded += self.source.decode(packet)
        if not packet.size:
            decoded.append(None)
        for frame in decoded:
            for ready in self.resampler.resample(frame):
                yield from self.out.encode(ready)
        if not packet.size:
            yield from self.out.encode(None)


@dataclass(slots=True)
class Beside:
    """The tracks beside the picture on their way from ``source``.

    ``sound``: index in the output of each sound track, and whether it is a copy.
    """

    source: InputContainer
    facts: Whole
    tracks: dict[int, _Track] = field(default_factory=dict)
    sound: dict[int, bool] = field(default_factory=dict)
    order: dict[int, InOrder] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Packets so far whose time stamps were out of order: they were left out."""
        return sum(order.lost for order in self.order.values())

    def packets(self) -> Iterator[Packet[Any]]:
        """Every packet to write, in the order of the source. Raises UnreadableFilm where reading fails."""
        for stream in self.source.streams:
            if stream.index not in self.tracks:
                stream.discard = av.stream.Discard.all
        chosen = [stream for stream in self.source.streams if stream.index in self.tracks]
        if not chosen:
            return
        try:
            for packet in packets(self.source, chosen):
                self._shift(packet)
                index = packet.stream.index
                track, order = self.tracks[index], self.order[index]
                for ready in order.take(packet) if packet.size else order.flush():
                    yield from track.take(ready)
                if not packet.size:
                    yield from track.take(packet)
        except av.FFmpegError as error:
            raise UnreadableFilm(
                f"what lies beside its picture can't be read: {error.strerror}", where=self.facts.path
            ) from None

    def _shift(self, packet: Packet[Any]) -> None:
        if not self.facts.origin or not packet.time_base:
            return
        origin = round(self.facts.origin / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - origin
        packet.dts = None if packet.dts is None else packet.dts - origin


def add_beside(out: OutputContainer, source: InputContainer, facts: Whole, notes: list[str]) -> Beside:
    """Add to ``out`` a stream for all beside the picture that it holds; ``notes`` gets what it does not."""
    beside = Beside(source, facts)
    for stream in source.streams:
        if stream.index == facts.video:
            continue
        track = _add_track(out, stream, notes)
        if track is not None:
            beside.tracks[stream.index] = track
            beside.order[stream.index] = InOrder(sound=stream.type == "audio")
            if stream.type == "audio":
                beside.sound[track.out.index] = isinstance(track, _Copy)
    return beside


def _add_track(out: OutputContainer, stream: Stream, notes: list[str]) -> _Copy | _Encode | None:
    name = stream.codec_context.name if stream.codec_context else (stream.name or "unknown")
    if stream.type == "data":
        # Time codes and chapter titles are kept as metadata and chapters.
        if name not in {"none", "unknown", "tmcd", "bin_data"}:
            notes.append(f"a data track ({name}) was left out")
        return None
    if stream.type == "video" and not stream.disposition & _ATTACHED_PICTURE:
        notes.append("a second picture track was left out")
        return None
    if _holds(out.format.name, stream):
        copy = out.add_stream_from_template(stream, opaque=True)
        _describe(copy, stream)
        return _Copy(copy)
    if isinstance(stream, av.AudioStream):
        notes.append(f"sound in {name} can't be copied into {out.format.name}: it was encoded again, as AAC")
        return _add_encoded(out, stream)
    kind = "cover" if stream.type == "video" else stream.type
    notes.append(f"a {kind} track ({name}) can't be held by {out.format.name}: it was left out")
    return None


def _holds(form: str, stream: Stream) -> bool:
    """Whether a container takes a copy of ``stream``: some say so only when their header is written."""
    if stream.type == "video" and form == "mov":
        return False  # FFmpeg drops covers there without a word
    try:
        with av.open(io.BytesIO(), "w", format=form) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _add_encoded(out: OutputContainer, stream: av.AudioStream) -> _Encode:
    context = stream.codec_context
    rate = context.sample_rate if context.sample_rate in _AAC_RATES else 48000
    layout = "mono" if context.layout.nb_channels == 1 else "stereo"
    added = out.add_stream("aac", rate)
    added.codec_context.layout = layout
    added.codec_context.bit_rate = 96_000 * (1 if layout == "mono" else 2)
    _describe(added, stream)
    return _Encode(stream, added, av.AudioResampler(format="fltp", layout=layout, rate=rate))


def _describe(copy: Stream, stream: Stream) -> None:
    """Language, title and role."""
    copy.metadata.update(
        {k: v for k, v in stream.metadata.items() if k.lower() not in {"encoder", "duration"}}
    )
    copy.disposition = stream.disposition
