"""How large a packet the broker takes: as it says, or as it shows by hanging up."""

from __future__ import annotations

#: A packet this small is never the reason why a broker hung up, in bytes.
INNOCENT = 64 * 1024


class PacketLimit:
    """Learns the limit. MQTT 5 brokers name it in CONNACK; a 3.1.1 broker just hangs up.

    There a packet is suspected when the connection ended twice in a row right after one as large, with none
    as large acknowledged in between: it is not tried a third time, but half of its size is.
    """

    def __init__(self) -> None:
        self._named: int | None = None
        self._learned: int | None = None
        self._proven = INNOCENT
        self._suspected: int | None = None

    @property
    def bytes(self) -> int | None:
        """Largest packet, in bytes; None: no limit is known."""
        known = [limit for limit in (self._named, self._learned) if limit is not None]
        return min(known, default=None)

    def connected(self, named: int | None) -> None:
        """Take what the CONNACK names; None: nothing."""
        self._named = named

    def acknowledged(self, size: int) -> None:
        """A packet of ``size`` bytes went through."""
        self._proven = max(self._proven, size)
        if self._suspected is not None and self._suspected <= size:
            self._suspected = None

    def lost(self, suspect: int, *, too_large: bool) -> str | None:
        """The connection ended with a packet of ``suspect`` bytes just sent.

        Returns a line for people where it matters. ``too_large``: the broker gave that as its reason.
        """
        if suspect <= self._proven:
            return None
        if not too_large and self._suspected is None:
            self._suspected = suspect
            return None
        smallest = min(suspect, self._suspected or suspect)
        self._learned = max(smallest // 2, self._proven)
        self._suspected = None
        return f"the broker hangs up on packets of {smallest} bytes; from now on none is over {self._learned}"
