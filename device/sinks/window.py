"""Tinted frames on the board's own screen."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import numpy as np

from device.engine import Slot
from device.errors import Stuck
from device.media.jpeg import upright_planes
from device.sinks.screen import Screen, Wish

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from device.frames import TintedFrame
    from device.media.jpeg import Plane

#: Keys are looked at this often while no picture comes, in seconds.
_LOOK_S = 0.05
#: How long the screen may take to open, and to be given back, in seconds.
_PATIENCE_S = 10.0


class WindowSink:
    """Shows the newest frame in a window, from a thread of its own, where all of SDL happens.

    Q, Esc or the close button end it: ``on_closed`` is called, once, from that thread, and later frames are
    let go. S calls ``on_snapshot`` with the frame that is shown; B shows it as it came, grey, and in colour
    again.
    Raises ConfigurationError where SDL2 is not installed, or there is no screen that we may use.
    """

    def __init__(
        self,
        title: str = "tintcast",
        *,
        on_closed: Callable[[], None] = lambda: None,
        on_snapshot: Callable[[TintedFrame], None] = lambda _: None,
    ) -> None:
        self._title = title
        self._on_closed = on_closed
        self._on_snapshot = on_snapshot
        self._frames: Slot[TintedFrame] = Slot()
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._grey = False
        self._thread = threading.Thread(target=self._run, name="window", daemon=True)
        self._thread.start()
        if not self._ready.wait(_PATIENCE_S):
            raise Stuck(f"the screen did not open within {_PATIENCE_S:g} s", where="window")
        self._raise_error()

    def write(self, tinted: TintedFrame) -> None:
        """Show one frame; the newest wins. Raises TintcastError where the screen is lost."""
        self._raise_error()
        self._frames.put(tinted)

    def close(self) -> None:
        """Close the window."""
        self._ending.set()
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            raise Stuck(f"the window did not close within {_PATIENCE_S:g} s", where="window")

    def abort(self) -> None:
        """Close the window."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with Screen(self._title) as screen:
                self._ready.set()
                closed = self._show(screen)
            if closed:
                self._on_closed()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the next write raises it
            self._error = error
            self._ready.set()

    def _show(self, screen: Screen) -> bool:
        """Until the end; whether it was somebody at the screen who closed it."""
        last: TintedFrame | None = None
        while not self._ending.is_set():
            tinted = self._frames.take(_LOOK_S)
            before = self._grey
            for wish in screen.wishes():
                if wish is Wish.CLOSE:
                    return True
                if wish is Wish.BEFORE_AFTER:
                    self._grey = not self._grey
                elif last is not None:
                    self._on_snapshot(last)
            if tinted is None and self._grey != before:
                tinted = last
            if tinted is not None:
                last = tinted
                self._draw(screen, tinted)
        return False

    def _draw(self, screen: Screen, tinted: TintedFrame) -> None:
        y, cb, cr = upright_planes(tinted)
        if self._grey:
            cb = cr = _neutral(cb)
        aspect = tinted.frame.pixel_aspect
        screen.show((y, cb, cr), 1 / aspect if tinted.frame.rotation % 180 else aspect)


def _neutral(plane: Plane) -> Plane:
    return np.full(plane.shape, 128, np.uint8)
