"""The ways out of a live picture: each sink has a slot and a thread of its own, and slows nobody."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from device.engine import POLL_S, Slot, Stopped
from device.errors import TintcastError

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Interest, Lease, Stop
    from device.frames import TintedFrame
    from device.sinks import Sink

_log = logging.getLogger(__name__)

#: A sink that has had a frame for so long does not answer, in seconds.
_SILENT_S: Final = 5.0


class Outlet:
    """One sink. What goes wrong with it ends it alone; ``say`` is told once, ``trouble`` says it on.

    ``name``: for people. While it works, it is somebody who looks.
    """

    def __init__(
        self, name: str, sink: Sink, *, interest: Interest, stop: Stop, say: Callable[[str], None]
    ) -> None:
        self.name = name
        self._sink, self._interest, self._stop, self._say = sink, interest, stop, say
        self._closing = False
        self._slot = Slot["TintedFrame"]()
        self._since: float | None = None
        self._error: str | None = None
        #: Frames that were written, and those that newer ones replaced before that.
        self.written = self.dropped = 0

    @property
    def trouble(self) -> str | None:
        """What is wrong with it now, for people."""
        if self._error is not None:
            return f"{self.name}: {self._error}"
        since = self._since
        if since is not None and (silent := time.monotonic() - since) > _SILENT_S:
            return f"{self.name}: has not answered for {silent:.0f} s"
        return None

    @property
    def closing(self) -> bool:
        """Whether it finishes what it has, which may take its time."""
        return self._closing

    def put(self, tinted: TintedFrame) -> None:
        """Lay a frame down; never waits."""
        if self._error is None:
            self.dropped += self._slot.put(tinted)

    def run(self, lease: Lease) -> None:
        """Write frames until the stop, then close the sink; where it fails, abort it and be done."""
        del lease  # a sink that hangs holds up nobody, and is no reason to end
        try:
            with self._interest.hold(self.name), self._sink:
                while not self._stop.is_set():
                    tinted = self._slot.take(POLL_S)
                    if tinted is not None:
                        self._since = time.monotonic()
                        self._sink.write(tinted)
                        self._since = None
                        self.written += 1
                self._closing = True
        except Stopped:
            raise
        except TintcastError as error:
            self._lose(error)
        except Exception as error:  # noqa: BLE001 - a mistake in one way out ends that one alone
            _log.debug("%s failed", self.name, exc_info=True)
            self._lose(TintcastError(f"a mistake of ours: {type(error).__name__}: {error}"))
        if self.dropped:
            of = self.written + self.dropped
            self._say(
                f"{self.name}: {self.dropped} of {of} frames were left out, it is slower than they come"
            )

    def _lose(self, error: TintcastError) -> None:
        self._error = str(error)
        self._say(f"{self.name}: {error}" + ("" if self._closing else "; the rest goes on without it"))
