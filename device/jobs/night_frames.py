"""A film's frames over MQTT for as long as that costs a night little: a sink that never fails."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from device.errors import DeliveryTimeout, Interrupted, TintcastError
from device.sinks import ClosedOrAborted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from device.frames import TintedFrame
    from device.sinks.mqtt import MqttFilm

#: How long a broker may take to connect, a lost one stay away, and receivers be silent, at most, in seconds.
CONNECT_S: Final = 5.0
PATIENCE_S: Final = 10.0
#: So many seconds of waiting are nothing; beyond them, a film may take this much longer for its frames.
_GRACE_S: Final = 15.0
_SHARE: Final = 0.5


class NightFrames(ClosedOrAborted):
    """Sends every frame by the sink that ``opened(tick)`` makes with the first of them.

    ``tick`` is called while that waits. Where the broker or a receiver is not there, goes away, or is too
    slow, the rest of the frames is left out: ``note`` says why. ``clock``: monotonic seconds.
    """

    def __init__(
        self,
        opened: Callable[[Callable[[], None]], AbstractContextManager[MqttFilm]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._stack = ExitStack()
        self._sink: MqttFilm | None = None
        self._began = clock()
        self._waiting_since = self._began
        self._waited = 0.0
        #: Why frames were left out; None: none was.
        self.note: str | None = None

    @property
    def sink(self) -> MqttFilm | None:
        """Of what was sent; None: of nothing, not even begun."""
        return self._sink

    def write(self, tinted: TintedFrame) -> None:
        """Take one frame; waits a while where receivers are slow."""
        self._try(lambda sink: sink.write(tinted))

    def close(self) -> None:
        """Send the last frame, and wait a while until all are there."""
        if self._sink is not None:
            self._try(lambda sink: sink.close())
        self._stack.close()

    def abort(self) -> None:
        """Give up: the receivers are told."""
        if self._sink is not None:
            self._sink.abort()
        self._stack.close()

    def _try(self, act: Callable[[MqttFilm], None]) -> None:
        if self.note is not None:
            return
        self._waiting_since = self._clock()
        try:
            if self._sink is None:
                self._sink = self._stack.enter_context(self._opened(self._tick))
            act(self._sink)
        except Interrupted:
            raise
        except TintcastError as error:
            self.note = f"its frames went no further over MQTT ({error}); `tintcast publish` sends them later"
            self.abort()
        finally:
            self._waited += self._clock() - self._waiting_since

    def _tick(self) -> None:
        now = self._clock()
        waited = self._waited + now - self._waiting_since
        if waited > _GRACE_S + _SHARE * (now - self._began - waited):
            raise DeliveryTimeout("receivers take longer than the film itself may be held up")
