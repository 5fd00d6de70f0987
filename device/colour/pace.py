"""Which frames the network is asked about, where it is too slow for all of them."""

from __future__ import annotations


class Pace:
    """Asks about the first frame of every shot, and then about each ``every``-th. Used by one thread."""

    def __init__(self, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every {every} frames, but must be at least each one")
        self._every = every
        self._since = 0

    def due(self, *, anew: bool) -> bool:
        """Whether the network is asked about the next frame; ``anew``: nothing of before counts for it."""
        since = 0 if anew else self._since
        self._since = (since + 1) % self._every
        return since == 0

    def state(self) -> int:
        """What must be remembered to go on: frames since the network was last asked, this one included."""
        return self._since

    def restore(self, state: int) -> None:
        """Go on from ``state``."""
        self._since = state
