"""The MQTT side of a live picture: frames, snapshots, telemetry, and the switches."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from device.mqtt.commands import Commands
from device.mqtt.inbox import Down, Message, Taken, Up
from device.mqtt.publication import Publication
from device.mqtt.telemetry import Telemetry
from device.sinks.mqtt.audience import Audience
from device.sinks.mqtt.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import LiveSettings
    from device.engine import Lease, Stop, Workers
    from device.mqtt.session import Session
    from device.sinks.desk import LivePicture

_STEP_S = 0.2
#: Figures are asked for so often, in seconds.
_LOOK_S = 1.0
#: Figures that say nothing while no frames flow.
_OF_FRAMES = ("fps", "chroma_age_ms", "chroma_age_p95_ms")
#: A command may end in a network being loaded.
_LEASE_S = 60.0


class MqttLive:
    """Two threads, from ``start`` to ``close`` or the stop: one sends pictures, one does the rest.

    ``session``: ``mqtt.sender.live_session``, started or begun. ``telemetry_s``: numbers are told at most so
    often. ``say``: a line for people.
    """

    def __init__(
        self,
        session: Session,
        desk: LivePicture,
        settings: LiveSettings,
        *,
        stop: Stop,
        say: Callable[[str], None],
        telemetry_s: float = 60.0,
    ) -> None:
        self._session = session
        self._desk = desk
        self._settings = settings
        self._stop = stop
        self._say = say
        self._audience = Audience(always=settings.mqtt_frames == "always")
        self._frames = Frames(session, desk, self._audience, settings, say)
        self._telemetry = Telemetry(telemetry_s)
        self._commands = Commands(session, desk.switches, say)
        self._grey: object = None
        self._away = False
        self._closed = False
        desk.switches.on_change(self._changed)
        if not desk.switches.value("live"):
            self._frames.clear_snapshot()

    @property
    def sent(self) -> int:
        """Frames that were sent."""
        return self._frames.sent

    def start(self, workers: Workers) -> Self:
        """Start both threads."""
        workers.start("mqtt frames", lambda lease: self._frames.run(lease, ended=self._stop.is_set))
        workers.start("mqtt", self._run, lease_s=_LEASE_S)
        return self

    def close(self) -> None:
        """End both threads, within seconds; the session stays."""
        self._closed = True
        self._frames.close()

    def _changed(self, name: str, value: object) -> None:
        """A switch was set, by whomever, in their thread."""
        if self._session.failed:
            return
        if name == "snapshot" or (name == "live" and value):
            self._frames.want_snapshot()
        elif name == "live":
            self._frames.clear_snapshot()

    def _run(self, lease: Lease) -> None:
        look_at = 0.0
        if self._session.first is not None:
            self._up(self._session.first)
        while not self._closed and not self._stop.is_set():
            lease.beat()
            event = self._session.next(_STEP_S)
            if isinstance(event, Message):
                self._commands.hear(event)
            elif isinstance(event, Taken):
                self._audience.heard(matched=event.matched)
            elif isinstance(event, Up):
                self._up(event)
            elif isinstance(event, Down):
                self._audience.lost()
                self._away = True
                self._say(f"the broker is gone ({event.reason}); trying to get back")
            if (now := time.monotonic()) >= look_at:
                look_at = now + _LOOK_S
                self._look(now)

    def _up(self, event: Up) -> None:
        if self._away:
            self._away = False
            self._say("the broker is back")
        elif not event.mqtt5 and self._settings.mqtt_frames == "wanted":
            self._say(
                "over MQTT 3.1.1 no broker tells whether somebody is subscribed: frames count as a viewer "
                '(live.mqtt_frames = "never" sends snapshots only, and lets the network rest)'
            )
        self._audience.connected(mqtt5=event.mqtt5)
        self._telemetry.forget()
        self._frames.want_snapshot()

    def _figures(self) -> dict[str, object]:
        """The desk's, and our own: who looks as a number, and nothing of single frames made at rest."""
        figures = dict(self._desk.figures())
        looking = figures.pop("holders", ())
        figures |= {
            "viewers": len(looking) if isinstance(looking, tuple) else None,
            "queue": self._session.queued,
            "mqtt_drops": self._frames.dropped,
            "free_gb": _free_gb(self._settings.record),
        }
        return figures if figures.get("state") == "live" else figures | dict.fromkeys(_OF_FRAMES, 0)

    def _look(self, now: float) -> None:
        figures = self._figures()
        every_s = self._settings.snapshot_seconds
        if every_s and now - self._frames.snapshot_at >= every_s:
            self._frames.want_snapshot()
        grey = figures.get("own_colour")
        if grey is not None and self._grey is not None and grey != self._grey:
            self._frames.want_snapshot()
        self._grey = grey if grey is not None else self._grey
        if self._session.connected and (told := self._telemetry.worth_telling(figures, now)) is not None:
            payload = json.dumps(told).encode()
            self._session.show(
                Publication(self._session.role.telemetry, payload, qos=0, content_type="application/json")
            )


def _free_gb(record: Path | None) -> float | None:
    """Free space where the film is recorded, else on the system's own disk."""
    try:
        return shutil.disk_usage(record.absolute().parent if record else Path("/")).free / 1e9
    except OSError:
        return None
