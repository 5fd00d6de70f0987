"""The live frames and the snapshot: the newest, at their own rate and size, while somebody wants them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from device.errors import BrokerRefused
from device.mqtt.publication import Publication
from device.sinks.mqtt.fit import fit
from device.sinks.mqtt.fitting import Fitting
from device.sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import LiveSettings
    from device.engine import Lease
    from device.mqtt.session import Session
    from device.sinks.desk import LivePicture
    from device.sinks.mqtt.audience import Audience
    from device.sinks.views import Shown, Watch

#: A live picture that could not be handed on for so long is not handed on, in seconds.
_EXPIRY_S = 2
_POLL_S = 0.25
#: How long a glimpse may take: a slow network, a camera that wakes. In seconds.
_GLIMPSE_S = 15.0
#: After a glimpse that brought nothing, in seconds.
_PAUSE_S = 2.0
#: As whom it is interested.
_NAME = "MQTT"


class Frames:
    """Sends what is wanted; ``run`` is a thread's. Other threads ask for snapshots.

    ``say``: a line for people.
    """

    def __init__(
        self,
        session: Session,
        desk: LivePicture,
        audience: Audience,
        settings: LiveSettings,
        say: Callable[[str], None],
    ) -> None:
        self._session = session
        self._desk = desk
        self._audience = audience
        self._settings = settings
        self._say = say
        self._fitting = Fitting(self._view())
        self._said_room: int | None = None
        self._snapshot_wanted = False
        self._lock = threading.Lock()
        self._closed = False
        self._sequence = -1
        #: When the last snapshot was sent, by the monotonic clock.
        self.snapshot_at = 0.0
        #: Frames that were sent, and those that newer ones replaced before that.
        self.sent = self.dropped = 0

    def want_snapshot(self) -> None:
        """Send a snapshot as soon as there is a picture."""
        self._snapshot_wanted = True

    def clear_snapshot(self) -> None:
        """Let the broker keep none any more."""
        with self._lock:
            self._snapshot_wanted = False
            self._session.hold(self._session.role.snapshot, b"")

    def close(self) -> None:
        """End ``run``, within seconds."""
        self._closed = True

    def run(self, lease: Lease, *, ended: Callable[[], bool]) -> None:
        """Until closed or ``ended``."""
        while not self._closed and not ended():
            lease.beat()
            if not self._on:
                time.sleep(_POLL_S)
            elif self._audience.there and self._sends_frames:
                self._stream(lease, ended)
            elif self._snapshot_wanted or (self._sends_frames and self._audience.due_s <= 0):
                self._glimpse(lease)
            else:
                self._audience.wait(min(_POLL_S, max(self._audience.due_s, 0.001)))

    @property
    def _on(self) -> bool:
        shows = self._session.connected and not self._desk.views.closed
        return shows and bool(self._desk.switches.value("live"))

    @property
    def _sends_frames(self) -> bool:
        return self._settings.mqtt_frames != "never"

    def _view(self) -> View:
        quality = self._settings.mqtt_quality or self._desk.switches.value("quality") or 0
        return View(self._settings.mqtt_width, round(float(quality)))

    def _stream(self, lease: Lease, ended: Callable[[], bool]) -> None:
        """Somebody is there: every picture, at the rate for MQTT, as long as that and the view stay."""
        self._fitting.want(self._view())
        with (
            self._desk.interest.hold(_NAME),
            self._desk.views.watch(self._fitting.view, self._settings.mqtt_rate) as watch,
        ):
            missed = 0
            while self._on and self._audience.there and not (self._closed or ended() or watch.ended):
                lease.beat()
                if not self._session.wait_hungry(_POLL_S):
                    continue
                shown = watch.take(_POLL_S)
                if shown is not None and shown.facts.sequence != self._sequence:
                    self._send(shown, frame=True)
                self.dropped += watch.dropped - missed
                missed = watch.dropped
                self._fitting.want(self._view())
                if self._fitting.view != watch.view:
                    break

    def _glimpse(self, lease: Lease) -> None:
        """Nobody is there, as far as we know: one picture, which asks whether that is still so."""
        self._fitting.want(self._view())
        lease.waiting("a picture", _GLIMPSE_S)
        with self._desk.views.watch(self._fitting.view) as watch:
            shown = self._fresh(watch)
        if shown is not None:
            self._send(shown, frame=self._sends_frames and self._audience.ask)
        else:
            time.sleep(_PAUSE_S)

    def _fresh(self, watch: Watch) -> Shown | None:
        """A picture of now: what the views still have may be of a second ago. None where none came."""
        now_ns, deadline = time.time_ns(), time.monotonic() + _GLIMPSE_S
        self._desk.glimpse()
        while self._on and not (self._closed or watch.ended) and time.monotonic() < deadline:
            shown = watch.take(_POLL_S)
            if shown is None:
                continue
            if (shown.facts.captured_ns or now_ns) >= now_ns:
                return shown
            self._desk.glimpse()
        return None

    def _send(self, shown: Shown, *, frame: bool) -> None:
        role = self._session.role
        jpeg = self._fitted(shown)
        if jpeg is None:
            return
        if frame:
            self._sequence = shown.facts.sequence
            asks = self._audience.ask
            if asks:
                self._audience.asked()
            replaced = self._session.show(
                Publication(
                    role.frame, jpeg, int(asks), content_type="image/jpeg", expiry_s=_EXPIRY_S, asks=asks
                )
            )
            self.sent += not replaced
            self.dropped += replaced
        with self._lock:
            if self._snapshot_wanted and self._on:  # off since it was made: it is to be nobody's any more
                self._snapshot_wanted = False
                self.snapshot_at = time.monotonic()
                self._session.show(
                    Publication(role.snapshot, jpeg, qos=0, retain=True, content_type="image/jpeg")
                )

    def _fitted(self, shown: Shown) -> bytes | None:
        """The picture as the broker takes it, and a line about that; None where none fits."""
        room = self._session.room(self._session.role.snapshot)
        if self._fitting.fits(shown, room) or room is None:
            return shown.jpeg
        view = self._fitting.view
        if room != self._said_room:
            self._said_room = room
            self._say(
                f"the broker takes at most {room} bytes at once, a picture has {len(shown.jpeg)}: "
                f"live pictures go with a quality of {view.quality}, or lower, or smaller"
            )
        try:
            return fit(shown.jpeg, room)
        except BrokerRefused:
            return None
