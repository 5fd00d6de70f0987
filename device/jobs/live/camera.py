"""The camera, kept alive: opened, watched, closed when nobody may see, and opened again for ever."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from device.engine import POLL_S
from device.errors import CameraWedged, InputError, SourceLost, Stuck

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.engine import Lease, Stop
    from device.frames import Frame
    from device.sources import LiveSource

_log = logging.getLogger(__name__)

#: Seconds to the next try, doubled each time up to the most; a source that lasted so long begins anew.
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0
_LASTED_S: Final = 10.0
#: A source that neither opens nor fails, gives no first frame, or does not close for so long hangs (seconds).
_OPENING_S: Final = 30.0
_FIRST_FRAME_S: Final = 12.0
_CLOSING_S: Final = 5.0
_ENDING_S: Final = 2.5
#: At rest a source gives two frames a second: so long without one is a stall at least, in seconds.
_REST_S: Final = 1.5
#: The source itself says what is wrong with it; only one that hangs is found out by us, so much later.
_LATER_S: Final = 0.3


@dataclass(eq=False)
class _Session:
    """A source from opening to closing; read by a thread of its own, because it may hang."""

    source: LiveSource | None = None
    lost: SourceLost | None = None
    error: BaseException | None = None
    opened: float | None = None
    came: float | None = None
    closing: bool = False
    began: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)


class Camera:
    """Reads what ``opener`` opens, and gives each frame to ``take``, which must not wait.

    ``stall_s``: a source without a frame for this long is gone. ``say``: told once that it is, and when it is
    back. ``ended``: set when the source itself has come to its end (a film).
    """

    def __init__(
        self,
        opener: Callable[[], LiveSource],
        take: Callable[[Frame], None],
        *,
        stop: Stop,
        stall_s: float,
        say: Callable[[str], None],
    ) -> None:
        self._opener, self._take = opener, take
        self._stop, self._stall_s, self._say = stop, stall_s, say
        self._wanted = True
        self._resting = False
        self._session: _Session | None = None
        self._changed = threading.Event()
        self._lost: str | None = None
        self._lost_since = 0.0
        self._ever = False
        self._pause_s = _FIRST_PAUSE_S
        self._before = (0, 0)
        self.ended = threading.Event()

    @property
    def state(self) -> str:
        """``live``, ``off``, ``opening``, or ``waiting for camera: `` and why."""
        if not self._wanted:
            return "off"
        if self._lost is not None:
            return f"waiting for camera: {self._lost}"
        session = self._session
        return "opening" if session is None or session.came is None else "live"

    @property
    def name(self) -> str | None:
        """What the source is, for people; None where there is none."""
        session = self._session
        return None if session is None or session.source is None else session.source.name

    @property
    def dropped(self) -> int:
        """Frames that were lost before they came to us, of all sources so far."""
        session = self._session
        return self._before[0] + (session.source.dropped if session and session.source else 0)

    @property
    def corrupt(self) -> int:
        """Frames that came damaged, of all sources so far."""
        session = self._session
        return self._before[1] + (session.source.corrupt if session and session.source else 0)

    def switch(self, *, on: bool) -> None:
        """Open the camera, or close it; returns at once."""
        self._wanted = on
        self._changed.set()

    def rest(self, *, resting: bool) -> None:
        """Tell the source whether nobody looks."""
        self._resting = resting
        session = self._session
        if session is not None and session.source is not None:
            session.source.rest(resting=resting)

    def run(self, lease: Lease) -> None:
        """Keep it alive until the source ends or the run stops. Raises what no new try would heal."""
        while not self._stop.is_set():
            self._changed.clear()
            if not self._wanted:
                self._lost = None
                lease.waiting("being switched on", POLL_S)
                self._changed.wait(POLL_S)
                continue
            error = self._read_one(lease)
            if self.ended.is_set():
                return
            if error is not None:
                self._note_loss(error)
                self._pause(lease)

    def _read_one(self, lease: Lease) -> InputError | None:
        """Open a source and read it to its end, or until it is to be closed; gives why it was lost.

        ``ended`` is set where neither was so: it came to its end by itself.
        """
        session = self._session = _Session()
        thread = threading.Thread(target=self._read, args=[session], name="camera", daemon=True)
        thread.start()
        found: InputError | None = None
        broken_off = False
        while found is None and not session.done.wait(POLL_S / 2):
            lease.beat()
            broken_off = self._stop.is_set() or not self._wanted
            if broken_off:
                break
            self._note_return(session)
            found = session.lost or self._hangs(session)
        self._note_return(session)
        if found is not None:  # closing it may take long: it is said before
            self._note_loss(found)
        self._close(session, lease)
        if session.source is not None:
            self._before = (
                self._before[0] + session.source.dropped,
                self._before[1] + session.source.corrupt,
            )
        self._session = None
        error = session.error if isinstance(session.error, CameraWedged) else found or session.error
        if error is None:
            if not broken_off:
                self.ended.set()
            return None
        if broken_off and isinstance(error, InputError):
            _log.info("while it was closed: %s", error)
            return None
        if isinstance(error, SourceLost) or (isinstance(error, InputError) and self._ever):
            return error
        raise error

    def _read(self, session: _Session) -> None:
        try:
            with self._opener() as source:
                session.opened = time.monotonic()
                session.source = source
                if session.closing:  # whoever wants that may have come before there was a source to close
                    return
                source.rest(resting=self._resting)
                try:
                    for frame in source.frames():
                        if session.closing:
                            break
                        session.came = time.monotonic()
                        self._take(frame)
                except SourceLost as error:
                    session.lost = error
                    raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, the supervising thread judges it
            session.error = error
        finally:
            session.done.set()

    def _hangs(self, session: _Session) -> InputError | None:
        now = time.monotonic()
        stall_s = max(self._stall_s, _REST_S) if self._resting else self._stall_s
        if session.came is not None and now - session.came > stall_s + _LATER_S:
            return SourceLost(f"no frame for {stall_s:g} s", where=self.name)
        if session.source is None and now - session.began > _OPENING_S:
            return SourceLost(f"did not open within {_OPENING_S:g} s")
        first_s = max(_FIRST_FRAME_S, 3 * self._stall_s)
        if session.opened is not None and session.came is None and now - session.opened > first_s:
            return SourceLost(f"no first frame within {first_s:g} s", where=self.name)
        return None

    def _close(self, session: _Session, lease: Lease) -> None:
        """Have the source let go. Raises CameraWedged where it does not, Stuck where the stop comes first.

        One that is still being opened has the time for it: there is nothing yet that could let go.
        """
        session.closing = True
        asked = time.monotonic()
        stopped: float | None = None
        if not session.done.is_set():
            threading.Thread(target=_ask_to_close, args=[session], name="camera's end", daemon=True).start()
        while not session.done.wait(POLL_S):
            lease.beat()
            now = time.monotonic()
            opening = session.source is None
            if self._stop.is_set():
                stopped = now if stopped is None else stopped
                deadline = stopped + _ENDING_S
            elif opening:
                deadline = session.began + _OPENING_S + _CLOSING_S
            else:
                deadline = max(asked, session.opened or asked) + _CLOSING_S
            if now <= deadline:
                continue
            if opening and stopped is not None:
                raise Stuck("it is still being opened", where="camera")
            raise CameraWedged(
                "it hangs and can't be closed", where=self.name, hint="the service manager starts anew"
            )

    def _note_return(self, session: _Session) -> None:
        """The first frame after a loss, or at all."""
        if session.came is None:
            return
        self._ever = True
        if session.came - session.began > _LASTED_S:
            self._pause_s = _FIRST_PAUSE_S
        if self._lost is not None:
            self._lost = None
            away = session.came - self._lost_since
            self._say(f"{session.source.name if session.source else 'camera'}: back after {away:.0f} s")

    def _note_loss(self, error: InputError) -> None:
        reason = str(error)
        if self._lost is None:
            self._lost_since = time.monotonic()
            self._say(f"waiting for camera: {reason}; it is tried again for as long as it takes")
        elif reason != self._lost:
            _log.info("waiting for camera: %s", reason)
        self._lost = reason

    def _pause(self, lease: Lease) -> None:
        """Wait before the next try, unless it is switched off and on meanwhile."""
        deadline = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        while not self._stop.is_set() and (left := deadline - time.monotonic()) > 0:
            lease.waiting("a camera", POLL_S)
            if self._changed.wait(min(left, POLL_S)):
                return


def _ask_to_close(session: _Session) -> None:
    if session.source is not None:
        with suppress(Exception):  # it is as good as gone; whether it lets go is seen by its thread's end
            session.source.close()
