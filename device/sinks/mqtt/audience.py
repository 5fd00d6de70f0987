"""Whether anybody is subscribed to the live frames, as far as the broker tells."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: A frame asks so often, in seconds. Whoever subscribes is seen within 5 s: a camera that rests may take half
#: a second for that frame.
ASK_S = 4.0
#: A question that was not answered for so long is asked again, in seconds.
_LOST_S = 15.0


class Audience:
    """What the broker's answers mean. Safe from any thread.

    ``always``: whoever they are, there is somebody. MQTT 5 brokers may say "no matching subscribers" to a
    frame at QoS 1; where it does not (MQTT 3.1.1, or a broker that never says so) there is somebody, too.
    """

    def __init__(self, *, always: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._always = always
        self._clock = clock
        self._changed = threading.Condition()
        self._connected = self._told = self._there = False
        self._asked: float | None = None
        self._answered = True

    def connected(self, *, mqtt5: bool) -> None:
        """A new connection: nothing is known of who is there, unless the broker never tells."""
        with self._changed:
            self._connected = True
            self._told = mqtt5 and not self._always
            self._there = not self._told
            self._asked, self._answered = None, True
            self._changed.notify_all()

    def lost(self) -> None:
        """No connection: nobody is there."""
        with self._changed:
            self._connected = self._there = False
            self._changed.notify_all()

    def heard(self, *, matched: bool) -> None:
        """The broker has answered what a frame asked."""
        with self._changed:
            self._answered = True
            if self._connected and self._told:
                self._there = matched
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait, at most so long, for news."""
        with self._changed:
            self._changed.wait(seconds)

    @property
    def there(self) -> bool:
        """Whether somebody is, or may be."""
        return self._there

    @property
    def ask(self) -> bool:
        """Whether the next frame is to ask: at QoS 1. The caller then sends it."""
        with self._changed:
            return self._told and self._due_s() <= 0

    def asked(self) -> None:
        """A frame that asks is on its way."""
        with self._changed:
            self._asked, self._answered = self._clock(), False

    @property
    def due_s(self) -> float:
        """Seconds until a frame is to ask; infinite where that is of no use."""
        with self._changed:
            return self._due_s() if self._connected and self._told else float("inf")

    def _due_s(self) -> float:
        if self._asked is None:
            return 0.0
        return self._asked + (ASK_S if self._answered else _LOST_S) - self._clock()
