"""Frames out of a film, one after the other, with every damage told apart from the end."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from device.errors import UnreadableFilm
from device.media.probe import DECODER_THREADS, MISSING_TOLERATED
from device.media.pyav import packets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet

#: The share of a film's packets that may be damaged: what decoders make of them is coloured, and it is said.
DAMAGE_TOLERATED = 0.25
#: So many damaged packets, and half of all that came, and the rest is not waited for.
_HOPELESS = 200
#: A film without an index may end so many seconds before the length that it states without a word.
_ESTIMATED_S = 0.5


@dataclass(slots=True)
class Decoding:
    """The decoding of one stream, and what is known of it so far.

    ``at``: where to begin, in the stream's time base: at a place before that where decoding can begin, as the
    container says; None: at the start. ``damaged``: packets that could not be decoded and were passed over,
    and frames that came out damaged. ``missing``: seconds by which the film ended too early, once it has.
    ``end``: seconds at which the last packet of any stream ends.
    """

    container: InputContainer
    stream: av.VideoStream
    path: Path
    at: int | None = None
    damaged: int = 0
    packets: int = 0
    missing: float = 0.0
    end: Fraction = field(default_factory=Fraction)
    _first: int | None = None

    def frames(self) -> Iterator[av.VideoFrame]:
        """Every frame in order of presentation.

        A packet that can't be decoded is passed over and counted. Raises UnreadableFilm where nothing can be
        decoded, where more than a quarter of it is damaged or a tenth missing, and where reading fails.
        """
        context = self.stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = DECODER_THREADS
        if self.at is not None:
            with contextlib.suppress(av.FFmpegError):  # then it is read from its start
                self.container.seek(self.at, stream=self.stream)
        decoded = 0
        for packet in self._packets():
            if self.damaged > _HOPELESS and self.damaged > self.packets // 2:
                raise self._corrupt()
            for frame in self._decode(packet):
                decoded += 1
                yield frame
        self._check_end(decoded)

    def _packets(self) -> Iterator[Packet[Any]]:
        """Packets of the stream; those of the others only tell how far the film reaches."""
        try:
            for packet in packets(self.container):
                if packet.pts is not None and packet.time_base:
                    self.end = max(self.end, (packet.pts + (packet.duration or 0)) * packet.time_base)
                if packet.stream is self.stream:  # a flush packet's stream_index is 0 whatever its stream
                    if packet.size:
                        self._first = packet.pos if self.packets == 0 else self._first
                        self.packets += 1
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
                self.damaged += frame.is_corrupt
                yield frame

    def _check_end(self, decoded: int) -> None:
        if decoded == 0:
            raise UnreadableFilm("none of its frames can be decoded", where=self.path)
        share = self._missing_share()
        if share > MISSING_TOLERATED:
            raise UnreadableFilm(
                f"is cut short: it ends after {decoded} frames ({float(self.end):.1f} s)",
                where=self.path,
                hint="copy it again from where it came",
            )
        if self.damaged > DAMAGE_TOLERATED * self.packets:
            raise self._corrupt()

    def _corrupt(self) -> UnreadableFilm:
        return UnreadableFilm(
            f"is corrupt: {self.damaged} of its {self.packets} frames are damaged",
            where=self.path,
            hint="copy it again from where it came",
        )

    def _missing_share(self) -> float:
        """The share of the film that its container promised and that did not come; sets ``missing``."""
        stated = (self.container.duration or 0) / av.time_base
        if self.container.format.name.startswith("mov") and (promised := self._promised()):
            share = max(0.0, 1 - self.packets / promised)
            self.missing = share * promised / float(self.stream.average_rate or 25)
            return share
        if self.container.format.name == "avi":  # FFmpeg estimates its duration from the size of the file
            stated = max(stated, float(self.stream.frames * (self.stream.time_base or 0)))
        missing = stated - (float(self.end) - (self.container.start_time or 0) / av.time_base)
        self.missing = missing if missing > _ESTIMATED_S else 0.0
        return self.missing / stated if stated else 0.0

    def _promised(self) -> int:
        """How many packets the index of an mp4 has from the first that was read on; 0: it can't be known."""
        entries = self.stream.index_entries
        if self.at is None:
            return len(entries)
        began = next((n for n, entry in enumerate(entries) if entry.pos == self._first), None)
        return 0 if began is None else len(entries) - began
