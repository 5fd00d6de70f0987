"""Luma at the camera's pace: every frame leaves soon, with its own colour or the newest carried along."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.lightness import lightness
from device.colour.temporal import NO_COLOUR
from device.colour.tint import shrink
from device.engine import POLL_S
from device.frames import TintedFrame
from device.jobs import deciding
from device.jobs.live.colouring import Seen
from device.jobs.live.following import Following
from device.jobs.looking import Looker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.colour.taste import Taste
    from device.engine import Lease, Slot, Stop
    from device.frames import Frame
    from device.jobs.live.colouring import Colour, Colouring

#: Share of a frame interval that a frame waits for its own colour; and the longest it does, in seconds.
_WAIT: Final = 0.5
_LONGEST_WAIT_S: Final = 0.5
#: A network that lately took so many times as long is not waited for.
_HOPELESS: Final = 1.5
#: How long one frame that is made although all rests waits for its own colour, in seconds.
_GLIMPSE_S: Final = 20.0
#: Share of what a new interval between two frames says about the next.
_NEWS: Final = 0.1
#: After a gap of so many seconds, and of so many times the interval, colour starts anew: who knows what has
#: happened. A source that is as slow as that has no gaps.
_PAUSE_S: Final = 2.0
_PAUSE: Final = 3.0
#: A frame may come earlier than the rate allows by this share of its interval: cameras jitter.
_SLACK: Final = 0.25


class Outgoing:
    """Takes the newest of ``frames``, gives it colour and hands it to all ``takers``, which don't wait.

    ``looked_at``: asked whether anybody looks; where nobody does, frames are let go, but for one at each
    ``glimpse``; ``rest``: told that it is so, or no longer. ``ended``: set when no more frames come.
    ``taste`` and ``rate`` (frames a second at most; 0: as they come) may be set from any thread, and act with
    the next frame. ``steadiness``: of ``Steady``; ``when``: see ``decide``.
    """

    def __init__(
        self,
        frames: Slot[Frame],
        colouring: Colouring,
        takers: Sequence[Callable[[TintedFrame], None]],
        *,
        taste: Taste,
        steadiness: float,
        when: str,
        looked_at: Callable[[], bool],
        rest: Callable[[bool], None],
        ended: threading.Event,
        stop: Stop,
    ) -> None:
        self._frames, self._colouring, self._takers = frames, colouring, takers
        self._looked_at, self._rest, self._ended, self._stop = looked_at, rest, ended, stop
        self.taste = taste
        self.rate = 0.0
        self._when = self._decided_when = when
        self._decider = _decider(when)
        #: Set when the last frame of a source that ended is out.
        self.done = threading.Event()
        self._looker = Looker()
        self._following = Following(steadiness)
        self._glimpse = threading.Event()
        self._resting = False
        self._number = self._shot = 0
        self._last: Frame | None = None
        self._last_own: bool | None = None
        self._interval_s = 0.0
        self._due_s = 0.0

    @property
    def resting(self) -> bool:
        """Whether nobody looks."""
        return self._resting

    def decide(self, when: str) -> None:
        """Tint from now on what is grey (auto), everything (always) or nothing (never)."""
        self._when = when

    def glimpse(self) -> None:
        """Make one frame although nobody looks, and wait for its own colour."""
        self._glimpse.set()

    def run(self, lease: Lease) -> None:
        """Hand frames on until the stop, or until the source has ended and its last is out."""
        while not self._stop.is_set():
            ended = self._ended.is_set()
            self._note_rest()
            frame = self._frames.take(POLL_S)
            lease.waiting("frames", POLL_S)
            if frame is None:
                if ended:
                    self.done.set()
                    return
                continue
            wanted = self._glimpse.is_set()
            if self._resting and not wanted:
                continue
            if not wanted and self._too_early(frame):
                continue
            self._glimpse.clear()
            lease.waiting("colour", _GLIMPSE_S)
            tinted = self._tinted(frame, alone=self._resting)
            for take in self._takers:
                take(tinted)

    def _note_rest(self) -> None:
        resting = not self._looked_at()
        if resting != self._resting:
            self._resting = resting
            self._last = None
            self._rest(resting)

    def _tinted(self, frame: Frame, *, alone: bool) -> TintedFrame:
        """The frame in colour; ``alone``: none comes soon after it, it has time."""
        known = not self._note_interval(frame) and self._looker.knows(frame)
        look = self._looker.step(frame, self._colouring.size)
        own = self._own_colour(deciding.Seen(frame, look.small, look.window, look.cut))
        if look.cut or not known or own != self._last_own:
            self._shot += 1
        self._last_own = own
        self._number += 1
        if own:
            return TintedFrame(frame, look.small, NO_COLOUR, look.window, cut=look.cut, own_colour=True)
        seen = Seen(frame, look, self._number, self._shot)
        self._colouring.want(seen)
        colour = self._colouring.newest(seen, _GLIMPSE_S if alone else self._worth_waiting_s())
        if colour is None:
            grey = np.zeros((*look.small.shape, 2), np.float32)
            return TintedFrame(frame, look.small, grey, look.window, cut=look.cut)
        return self._coloured(seen, colour, cut=look.cut)

    def _worth_waiting_s(self) -> float:
        """How long a frame waits for its own colour: not at all where that won't be there in time."""
        wait_s = min(_WAIT * self._interval_s, _LONGEST_WAIT_S)
        return wait_s if self._colouring.network_ms < _HOPELESS * 1000 * wait_s else 0.0

    def _coloured(self, seen: Seen, colour: Colour, *, cut: bool) -> TintedFrame:
        frame, small, window = seen.frame, seen.look.small, colour.seen.look.window
        if window != seen.look.window:
            small = shrink(frame.luma, window, small.shape)
        ab = self._following.step(seen, small, colour)
        light = lightness(small, frame.colour_space, frame.depth)
        return TintedFrame(
            frame,
            small,
            self.taste.apply(ab, light),
            window,
            chroma_age_ns=seen.captured_ns - colour.seen.captured_ns,
            cut=cut,
        )

    def _own_colour(self, seen: deciding.Seen) -> bool:
        """Whether the frame goes out in its own colour."""
        if self._when != self._decided_when:
            self._decided_when = self._when
            self._decider = _decider(self._decided_when)
        ((_, own_colour),) = self._decider.step(seen)
        return own_colour

    def _note_interval(self, frame: Frame) -> bool:
        """Learn the time between two frames of the source, gaps taken off; whether this is a long one."""
        last, self._last = self._last, frame
        if last is None or last.captured_ns is None or frame.captured_ns is None:
            return last is None
        steps, passed_s = frame.index - last.index, (frame.captured_ns - last.captured_ns) / 1e9
        if steps >= 1 and passed_s > 0:
            now = passed_s / steps
            self._interval_s += (now - self._interval_s) * (_NEWS if self._interval_s else 1.0)
        return not 0 <= passed_s <= max(_PAUSE_S, _PAUSE * self._interval_s)

    def _too_early(self, frame: Frame) -> bool:
        """Whether the rate has no place for this frame."""
        if not self.rate:
            return False
        interval = 1 / self.rate
        now = time.monotonic() if frame.captured_ns is None else frame.captured_ns / 1e9
        if _SLACK * interval < self._due_s - now < 2 * interval:
            return True
        self._due_s = max(self._due_s, now - interval) + interval
        return False


def _decider(when: str) -> deciding.Decider:
    return deciding.Live() if when == "auto" else deciding.Always(own_colour=when == "never")
