"""Which frames were lost on the way: by the library's own count, and by the sensor's clock."""

from __future__ import annotations


class Gaps:
    """Counts, from one frame to the next, the frames lost in between.

    picamera2 numbers what it has completed: a gap is what nobody took. What the sensor's link lost was never
    completed: it shows in the time between two frames, where their own duration is told.
    """

    def __init__(self) -> None:
        self._sequence: int | None = None
        self._stamp_ns: int | None = None
        self._duration_ns = 0

    def lost(self, sequence: int, stamp_ns: int | None, duration_us: int | None) -> int:
        """Frames lost since the last call; ``duration_us``: how long this frame takes, where that is told."""
        unseen = 0 if self._sequence is None else sequence - self._sequence - 1
        duration_ns = 1000 * (duration_us or 0)
        # Where the rate has just changed, the longer of the two: rather one too few.
        longest = max(duration_ns, self._duration_ns)
        late = 0
        if stamp_ns is not None and self._stamp_ns is not None and duration_ns and self._duration_ns:
            late = round((stamp_ns - self._stamp_ns) / longest) - 1
        self._sequence, self._stamp_ns, self._duration_ns = sequence, stamp_ns, duration_ns
        return max(0, unseen, late)
