"""Wakes a thread that waits for a socket."""

from __future__ import annotations

import socket


class Bell:
    """Rung by any thread; ``socket`` becomes readable by that."""

    def __init__(self) -> None:
        self.socket, self._rope = socket.socketpair()
        self.socket.settimeout(0)
        self._rope.settimeout(0)

    def ring(self) -> None:
        """Wake whoever waits, now or when it next does."""
        try:
            self._rope.send(b"\0")
        except OSError:  # full: it rings already; closed: nobody is there to hear
            return

    def hear(self) -> None:
        """Silence it."""
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """End it; ringing does nothing from now on."""
        self.socket.close()
        self._rope.close()
