"""Tinted frames as JPEGs for everyone who looks: one encoding for all whose view is the same."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Self

from device.media.view import Shown, View, ViewedFrame

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from device.frames import TintedFrame

__all__ = ["Shown", "View", "Views", "Watch"]

#: A picture that nobody took for so long is stale, and no newer one is made until somebody asks (seconds).
_PATIENCE_S = 1.0
#: A frame may come earlier than its watch's rate has it by this share of its interval: cameras jitter.
_SLACK = 0.25
#: Who takes less than every other picture is made none for this share of its own pace.
_HEAD_START = 0.75
#: How long ``close`` waits for an encoding that is under way, in seconds.
_ENDING_S = 5.0

_log = logging.getLogger(__name__)


class Watch:
    """Somebody who looks through a view; made by ``Views.watch``, a context manager.

    The newest picture waits here until it is taken; a newer one takes its place. Who does not come for it
    costs nothing: after a second without, no more are made for this watch until it asks again.
    """

    def __init__(
        self, views: Views, room: _Room, view: View, rate: float, on_new: Callable[[], None] | None
    ) -> None:
        self.view = view
        #: Pictures that a newer one replaced before they were taken.
        self.dropped = 0
        self._views = views
        self._room = room
        self._interval = 1 / rate if rate else 0.0
        self._on_new = on_new
        self._came = threading.Condition(views.lock)
        self._closed = False
        self._seen = -1
        self._due = 0.0
        self._not_before = 0.0
        self._held: Shown | None = None
        self._held_at = self._waits_since = 0.0
        self._replaced = 0
        self._taken_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more: the watch or all of them are closed."""
        return self._closed or self._views.closed

    def take(self, timeout: float) -> Shown | None:
        """Take the newest picture that was not taken yet, waiting at most ``timeout`` seconds for one.

        None where none came, and at once when the watch has ended.
        """
        with self._views.lock:
            now = self._views.clock()
            if self._held is not None and now - self._held_at > _PATIENCE_S:
                self._held = None
                self.dropped += 1
            if self._held is None:
                self._not_before = now
                self._room.wake.notify()
                self._came.wait_for(lambda: self._held is not None or self.ended, timeout)
            held, self._held = self._held, None
            if held is not None:
                self._note_pace(self._views.clock())
            return held

    def close(self) -> None:
        """Look away. Nothing is encoded for this watch any more."""
        with self._views.lock:
            self._closed = True
            self._held = None
            self._room.watches.discard(self)
            self._room.wake.notify()
            self._came.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wants(self, frame: _Newest, now: float) -> bool:
        """Whether ``frame`` is due here. Under the views' lock, as all that follows."""
        if frame.viewed.sequence <= self._seen or now < self._not_before:
            return False
        if self._held is not None and now - self._waits_since > _PATIENCE_S:
            return False
        return frame.came >= self._due - _SLACK * self._interval

    def hand(self, shown: Shown, frame: _Newest, now: float) -> Callable[[], None] | None:
        """Lay a picture down; gives the callback to call where it is the first that waits."""
        first = self._held is None
        if first:
            self._waits_since = now
        else:
            self.dropped += 1
            self._replaced += 1
        self._held, self._held_at, self._seen = shown, now, frame.viewed.sequence
        # Kept to its rate on the average; time that was lost is not made up for.
        late = self._due + self._interval <= frame.came
        self._due = (frame.came if late else self._due) + self._interval
        self._came.notify_all()
        return self._on_new if first else None

    def end(self) -> Callable[[], None] | None:
        """No picture will come any more."""
        self._came.notify_all()
        return self._on_new

    def _note_pace(self, now: float) -> None:
        """After a picture was taken: one who is slow is not made pictures that it can't take."""
        if self._replaced > 1 and self._taken_at is not None:
            self._not_before = now + _HEAD_START * (now - self._taken_at)
        self._taken_at, self._replaced = now, 0


class _Newest:
    """The newest frame, and when it came."""

    __slots__ = ("came", "viewed")

    def __init__(self, viewed: ViewedFrame, came: float) -> None:
        self.viewed = viewed
        self.came = came


class _Room:
    """All watches of one view."""

    def __init__(self, view: View, lock: threading.Lock) -> None:
        self.view = view
        self.watches: set[Watch] = set()
        self.wake = threading.Condition(lock)
        self.thread: threading.Thread | None = None

    def wants(self, frame: _Newest, now: float) -> bool:
        """Whether somebody is due for ``frame``, and it is not old."""
        return now - frame.came <= _PATIENCE_S and any(watch.wants(frame, now) for watch in self.watches)


class Views:
    """The newest tinted frame for everyone who looks. Nobody waits for anybody.

    ``network``: asked for its name; ``device``: the board's name; ``clock``: monotonic seconds. Each view
    that is looked through has a thread of its own, which encodes the newest frame when one of its watches
    is due. ``lock`` and ``closed`` are for watches.
    """

    def __init__(
        self, network: Callable[[], str], device: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lock = threading.Lock()
        self.clock = clock
        self.closed = False
        self._network = network
        self._device = device
        self._rooms: dict[View, _Room] = {}
        self._newest: _Newest | None = None
        self._sequence = 0
        self._error: BaseException | None = None

    @property
    def watched(self) -> int:
        """How many watches there are."""
        with self.lock:
            return sum(len(room.watches) for room in self._rooms.values())

    def write(self, tinted: TintedFrame) -> None:
        """Show one frame; never waits. Raises what went wrong with encoding an earlier one."""
        if self._error is not None:
            raise self._error
        viewed = ViewedFrame(tinted, sequence=self._sequence, network=self._network(), device=self._device)
        self._sequence += 1
        with self.lock:
            self._newest = _Newest(viewed, self.clock())
            for room in self._rooms.values():
                room.wake.notify()

    def watch(self, view: View, rate: float = 0.0, on_new: Callable[[], None] | None = None) -> Watch:
        """Look through ``view``, at most ``rate`` times a second (0: at every frame).

        ``on_new``: called when there is a picture to take where there was none, and at the end, from a thread
        of ours: it must return at once.
        """
        with self.lock:
            room = self._rooms.get(view)
            if room is None or room.thread is None:
                room = self._rooms[view] = _Room(view, self.lock)
                name = f"view {view.width or 'full'} q{view.quality}"
                room.thread = threading.Thread(target=self._serve, args=[room], name=name, daemon=True)
                room.thread.start()
            watch = Watch(self, room, view, rate, on_new)
            room.watches.add(watch)
            room.wake.notify()
        return watch

    def close(self) -> None:
        """End: whoever waits for a picture gets none."""
        with self.lock:
            self.closed = True
            self._newest = None
            rooms = list(self._rooms.values())
            calls = [watch.end() for room in rooms for watch in room.watches]
            for room in rooms:
                room.wake.notify_all()
        _call(calls)
        deadline = time.monotonic() + _ENDING_S
        for room in rooms:
            if room.thread is not None and room.thread is not threading.current_thread():
                room.thread.join(max(deadline - time.monotonic(), 0))

    def abort(self) -> None:
        """As ``close``: there is nothing half-done."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, room: _Room) -> None:
        try:
            while (frame := self._due(room)) is not None:
                shown = frame.viewed.shown(room.view)
                with self.lock:
                    now = self.clock()
                    due = [watch for watch in room.watches if watch.wants(frame, now)]
                    calls = [watch.hand(shown, frame, now) for watch in due]
                _call(calls)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the next write raises it
            self._error = error

    def _due(self, room: _Room) -> _Newest | None:
        """The newest frame, once somebody in ``room`` is due for it; None when nobody looks any more."""
        with self.lock:
            while room.watches and not self.closed:
                newest, now = self._newest, self.clock()
                if newest is not None and room.wants(newest, now):
                    return newest
                room.wake.wait()
            room.thread = None
            if self._rooms.get(room.view) is room:
                del self._rooms[room.view]
        return None


def _call(calls: list[Callable[[], None] | None]) -> None:
    for call in calls:
        if call is not None:
            try:
                call()
            except Exception:  # noqa: BLE001 - a viewer that fails ends nobody else
                _log.exception("a viewer's callback failed")
