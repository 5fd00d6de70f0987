"""A window over a numbered stream: what was made and is not yet on every receiver's disk."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from device.mqtt.messages import Progress

#: A gap that a receiver names may be on its way: first and longest time to leave it alone, in seconds.
_GAP_S = (0.5, 30.0)


@dataclass(slots=True)
class _Item:
    """``sent_at``: monotonic seconds, None while it is not on its way."""

    payload: bytes
    sent_at: float | None = None
    sent_once: bool = False
    patience_s: float = _GAP_S[0]


class Window:
    """Payloads numbered from 0, in order, from the first that someone lacks to the newest."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._items: OrderedDict[int, _Item] = OrderedDict()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        #: Number of the next payload: how many there have been.
        self.count = 0
        #: How often a payload was sent once more.
        self.resent = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether nothing more should be added; a single payload always fits."""
        return len(self._items) >= self._most or self._bytes >= self._most_bytes

    def add(self, payload: bytes) -> None:
        """Number and keep one more."""
        self._items[self.count] = _Item(payload)
        self.count += 1
        self._bytes += len(payload)

    def acknowledge(self, receivers: Sequence[Progress]) -> bool:
        """Forget what all ``receivers`` have; True if that was anything."""
        through = min((progress.through for progress in receivers), default=0)
        before = len(self._items)
        while self._items and next(iter(self._items)) < through:
            _, item = self._items.popitem(last=False)
            self._bytes -= len(item.payload)
        return len(self._items) < before

    def forget_sent(self) -> None:
        """Nothing is on its way any longer: a connection is gone, or all of it has taken too long."""
        for item in self._items.values():
            item.sent_at = None
            item.patience_s = _GAP_S[0]

    def due(self, missing: Iterable[int], now: float) -> Iterator[tuple[int, bytes]]:
        """Number and payload of what is to be sent now, in order; they count as sent from here on."""
        gaps = set(missing)
        for number, item in self._items.items():
            if item.sent_at is not None:
                if number not in gaps or now - item.sent_at <= item.patience_s:
                    continue
                item.patience_s = min(2 * item.patience_s, _GAP_S[1])
            self.resent += item.sent_once
            item.sent_at, item.sent_once = now, True
            yield number, item.payload
