"""Packets of a track in order of their time stamps: those that damage threw out of order are left out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.packet import Packet

#: A step ahead of so many seconds is believed once the packet behind it is later still.
_LEAP_S = 2


@dataclass(slots=True)
class InOrder:
    """The packets of one track that a muxer takes: none earlier than the last, none shown before it comes.

    ``sound``: packets follow each other closely, and no two come at the same time. ``lost``: packets so far
    that were left out.
    """

    sound: bool
    lost: int = 0
    _last: int | None = None
    _held: Packet[Any] | None = None

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Take the next packet; give those that are known to be in order now. To be exhausted."""
        if packet.dts is None:
            packet.dts = packet.pts
        if packet.dts is None and not self.sound:  # a cover has no time
            yield packet
            return
        if packet.dts is None or self._is_behind(packet, self._last):
            self.lost += 1
            return
        held, self._held = self._held, None
        if held is not None:
            if self._is_behind(packet, held.dts):
                self.lost += 1  # it alone was far ahead
            else:
                yield self._given(held)
        if self._leaps(packet):
            self._held = packet
        else:
            yield self._given(packet)

    def flush(self) -> Iterator[Packet[Any]]:
        """Give what is held back: no more comes."""
        held, self._held = self._held, None
        if held is not None:
            yield self._given(held)

    def _given(self, packet: Packet[Any]) -> Packet[Any]:
        self._last = packet.dts
        if packet.dts is not None and (packet.pts is None or packet.pts < packet.dts):
            packet.pts = packet.dts
        return packet

    def _is_behind(self, packet: Packet[Any], last: int | None) -> bool:
        if last is None or packet.dts is None:
            return False
        return packet.dts < last or (self.sound and packet.dts == last)

    def _leaps(self, packet: Packet[Any]) -> bool:
        if not self.sound or self._last is None or packet.dts is None:
            return False
        return (packet.dts - self._last) * (packet.time_base or Fraction(1)) > _LEAP_S
