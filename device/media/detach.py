"""Sound and subtitles of a film as a Matroska file of their own, to travel beside its frames."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import av

from device.errors import TintcastError
from device.media.beside import add_beside
from device.media.probe import open_film

if TYPE_CHECKING:
    from av.packet import Packet

    from device.media.probe import FilmFacts

#: The earliest time stamp is among so many packets of a film's beginning.
_BEGINNING = 200


def detach(facts: FilmFacts, file: BinaryIO, notes: list[str]) -> int | None:
    """Copy what lies beside the picture into ``file``, packet by packet; None where there is nothing.

    Returns how many milliseconds later than the film's the time stamps are: Matroska has none before zero,
    where many encoders begin. ``notes`` gets a line for everything that had to be left out or changed.
    Raises UnreadableFilm for a damaged film, OSError where ``file`` can't be written.
    """
    if not any(track.kind in {"sound", "subtitle"} for track in facts.tracks):
        return None
    with open_film(facts.path) as source, av.open(file, "w", format="matroska", buffer_size=1 << 18) as out:
        beside = add_beside(out, source, facts, notes)
        if not beside.tracks:
            return None
        packets = beside.packets()
        beginning = list(itertools.islice(packets, _BEGINNING))
        delay_ms = max(0, -math.floor(min(map(_begins_ms, beginning), default=0)))
        try:
            for packet in itertools.chain(beginning, packets):
                _delay(packet, delay_ms)
                out.mux(packet)
        except av.FFmpegError as error:
            raise TintcastError(f"its sound can't be copied: {error.strerror}", where=facts.path) from None
    return delay_ms


def _begins_ms(packet: Packet[Any]) -> Fraction:
    stamps = [stamp for stamp in (packet.pts, packet.dts) if stamp is not None]
    return 1000 * min(stamps, default=0) * (packet.time_base or Fraction(1))


def _delay(packet: Packet[Any], milliseconds: int) -> None:
    if packet.time_base:
        units = round(Fraction(milliseconds, 1000) / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + units
        packet.dts = None if packet.dts is None else packet.dts + units
