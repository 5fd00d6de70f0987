"""What waits to be published, between those who leave it and the one thread that speaks to the broker."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from device.mqtt.publication import Publication


class Outbox:
    """Three kinds, taken in this order.

    **Held**: retained, QoS 1, told again on every connection; a newer one for its topic replaces an older
    one. **Sent**: once, forgotten with the connection. **Shown**: one slot for each topic, newest wins,
    taken only while nothing else waits for the socket, so that no queue can grow behind a slow link; at
    QoS 0, or at 1 where it asks who is subscribed.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[str, Publication] = {}
        self._untold: dict[str, Publication] = {}
        self._sent: deque[Publication] = deque()
        self._shown: dict[str, Publication] = {}
        self._in_flight = 0
        self._open = False
        self._hungry = False

    def hold(self, topic: str, payload: bytes) -> None:
        """Hold ``payload`` on ``topic``; empty: clear it once, then forget it."""
        publication = Publication(topic, payload, qos=1, retain=True)
        with self._changed:
            self._held[topic] = publication
            self._untold[topic] = publication
            self._shown.pop(topic, None)

    def send(self, publication: Publication) -> bool:
        """Send once on this connection; False where there is none."""
        with self._changed:
            if self._open:
                self._sent.append(publication)
            return self._open

    def show(self, publication: Publication) -> bool:
        """Lay down the newest; True when that dropped an older one, or this one as there is no connection.

        What the older one was to ask is asked by the newer.
        """
        with self._changed:
            if not self._open:
                return True
            self._hungry = False
            older = self._shown.get(publication.topic)
            if older is not None and older.asks:
                publication = replace(publication, qos=1, asks=True)
            self._shown[publication.topic] = publication
            return older is not None

    def take(self, *, backlogged: bool, room: bool) -> Publication | None:
        """Next to publish. ``backlogged``: bytes wait for the socket; ``room``: for one more at QoS 1."""
        with self._changed:
            if backlogged:
                return None
            publication = None
            if room and self._untold:
                publication = self._untold.pop(next(iter(self._untold)))
            elif room and self._sent:
                publication = self._sent.popleft()
            else:
                for topic, shown in self._shown.items():
                    if room or not shown.qos:
                        publication = self._shown.pop(topic)
                        break
            if publication is not None and publication.qos:
                self._in_flight += 1
            if publication is None and not self._shown:
                self._hungry = True
                self._changed.notify_all()
            return publication

    def wait_hungry(self, timeout_s: float) -> bool:
        """Wait until what is shown now would leave at once: nothing else waits, nor does the socket."""
        with self._changed:
            return self._changed.wait_for(lambda: self._hungry, timeout_s)

    def acknowledged(self, publication: Publication) -> None:
        """The broker has one at QoS 1, or it was not worth sending."""
        with self._changed:
            self._in_flight -= 1
            if not publication.payload and self._held.get(publication.topic) is publication:
                del self._held[publication.topic]
            self._changed.notify_all()

    def connected(self) -> None:
        """A new connection: everything held is to be told again, the rest starts empty."""
        with self._changed:
            self._open = True

    def lost(self) -> None:
        """The connection is gone, and what was for it alone."""
        with self._changed:
            self._open = self._hungry = False
            self._untold = dict(self._held)
            self._sent.clear()
            self._shown.clear()
            self._in_flight = 0

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until the broker has all that is held and sent; False if there was not time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._untold or self._sent or self._in_flight), timeout_s
            )

    def __len__(self) -> int:
        """How many wait, of every kind."""
        with self._changed:
            return len(self._untold) + len(self._sent) + len(self._shown)
