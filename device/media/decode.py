"""Frames out of a film, one after the other, with every damage told apart from the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from device.errors import UnreadableFilm
from device.media.probe import DECODER_THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet

#: A film that ends this much (share of its stated length, and seconds) too early is cut short.
_MISSING_SHARE = 0.05
_MISSING_SECONDS = 1.0


@dataclass(slots=True)
class Decoding:
    """The decoding of one stream, and what is known of it so far.

    ``damaged``: packets that could not be decoded and were passed over. ``end``: seconds at which the last
    packet of any stream ends.
    """

    container: InputContainer
    stream: av.VideoStream
    path: Path
    damaged: int = 0
    packets: int = 0
    end: Fraction = field(default_factory=Fraction)

    def frames(self) -> Iterator[av.VideoFrame]:
        """Every frame in order of presentation.

        A packet that can't be decoded is passed over and counted. Raises UnreadableFilm where nothing can be
        decoded, where reading fails, and at the end of a film that is cut short.
        """
        context = self.stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = DECODER_THREADS
        decoded = 0
        for packet in self._packets():
            for frame in self._decode(packet):
                decoded += 1
                yield frame
        self._check_end(decoded)

    def _packets(self) -> Iterator[Packet[Any]]:
        """Packets of the stream; those of the others only tell how far the film reaches."""
        try:
            for packet in self.container.demux():
                if packet.pts is not None and packet.time_base:
                    self.end = max(self.end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                if packet.stream is self.stream:  # a flush packet's stream_index is 0 whatever its stream
                    self.packets += packet.size > 0
                    yield packet
        except av.FFmpegError as error:
            raise UnreadableFilm(
                f"can't be read beyond {float(self.end):.1f} s: {error.strerror}", where=self.path
            ) from None

    def _decode(self, packet: Packet[Any]) -> Iterator[av.VideoFrame]:
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            self.damaged += 1
            return
        except av.FFmpegError as error:
            raise UnreadableFilm(
                f"can't be decoded at {float(self.end):.1f} s: {error.strerror}", where=self.path
            ) from None
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                yield frame

    def _check_end(self, decoded: int) -> None:
        if decoded == 0:
            raise UnreadableFilm("none of its frames can be decoded", where=self.path)
        if self._is_cut_short():
            raise UnreadableFilm(
                f"is cut short: it ends after {decoded} frames ({float(self.end):.1f} s)",
                where=self.path,
                hint="copy it again from where it came",
            )

    def _is_cut_short(self) -> bool:
        """Whether packets are missing: by the index of an mp4, else by the length that is stated."""
        if self.container.format.name.startswith("mov") and len(self.stream.index_entries):
            return self.packets < len(self.stream.index_entries)
        stated = (self.container.duration or 0) / av.time_base
        if self.container.format.name == "avi":  # FFmpeg estimates its duration from the size of the file
            stated = max(stated, float(self.stream.frames * (self.stream.time_base or 0)))
        missing = stated - (float(self.end) - (self.container.start_time or 0) / av.time_base)
        return missing > max(_MISSING_SECONDS, _MISSING_SHARE * stated)
