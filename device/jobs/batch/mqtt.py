"""A night over MQTT: how it goes, and what may be asked of it.

The broker may be away, slow, or come back: no night waits for it.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from device.engine import Kind, Switches, Thing, read_board
from device.errors import TintcastError
from device.jobs.batch.naming import job_level, shown
from device.mqtt import topics
from device.mqtt.commands import Commands
from device.mqtt.inbox import Down, Message, Up
from device.mqtt.publication import Publication
from device.mqtt.sender import night_session
from device.mqtt.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from device.config import MqttSettings
    from device.jobs.batch.records import Record
    from device.jobs.batch.status import Night, Status

_log = logging.getLogger(__name__)
_STEP_S: Final = 0.2
#: Numbers of the progress are told at most so often, what changes in state or file at once, in seconds.
_PROGRESS_S: Final = 5.0
_LOOK_S: Final = 1.0
_CLOSE_S: Final = 1.0
_BY: Final = "MQTT"
_THINGS: Final = (
    Thing("pause", Kind.SWITCH, "Pause"),
    Thing("resume", Kind.BUTTON, "Go on"),
    Thing("retry", Kind.BUTTON, "Try again what failed"),
)


class NightMqtt:
    """From entering to leaving: tells of ``night``, and hears what is asked of it, in a thread of its own.

    ``out``: the folder whose free space is told. ``say``: a line for people; every trouble with the broker
    is told there, and is no failure. Raises ConfigurationError where the settings can't be used.
    """

    def __init__(self, night: Night, mqtt: MqttSettings, out: Path, *, say: Callable[[str], None]) -> None:
        self._night, self._out, self._say = night, out, say
        self._session = night_session(mqtt, say)
        self._switches = Switches(_THINGS, {"pause": night.paused_by is not None}, None)
        self._switches.on_change(self._ask)
        self._commands = Commands(self._session, self._switches, say)
        self._telemetry = Telemetry()
        self._progress = _Told(_PROGRESS_S)
        self._job = _Told(_PROGRESS_S)
        self._file: str | None = None
        self._look_at = 0.0
        self._away = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt night", daemon=True)

    def __enter__(self) -> Self:
        self._session.begin()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(_CLOSE_S)
        self._session.close(_CLOSE_S)

    def _run(self) -> None:
        try:
            while not self._done.is_set():
                self._step()
            self._tell(self._night.status(), ended=True)
        except TintcastError as error:
            self._say(f"{error}; the night goes on without MQTT")
        except Exception as error:  # noqa: BLE001 - no mistake of ours here may cost a night
            _log.debug("mqtt failed", exc_info=True)
            self._say(f"a mistake of ours: {type(error).__name__}: {error}; the night goes on without MQTT")

    def _step(self) -> None:
        event = self._session.next(_STEP_S)
        if isinstance(event, Message):
            self._hear(event)
        elif isinstance(event, Up):
            self._telemetry.forget()
            if self._away:
                self._away = False
                self._say("the broker is back")
        elif isinstance(event, Down):
            self._away = True
            self._say(f"the broker is gone ({event.reason}); trying to get back")
        self._switches.set("pause", self._night.paused_by is not None, by="the night")
        self._tell(self._night.status())

    def _hear(self, message: Message) -> None:
        parsed = topics.parse(message.topic)
        if parsed is None or parsed.role != self._session.role:
            return
        if parsed.kind is topics.Kind.SET:
            self._commands.hear(message)
        elif message.retained and message.payload and parsed.job != self._job_name:
            # What an earlier night was at when its plug was pulled.
            self._session.hold(message.topic, b"")

    def _ask(self, name: str, value: object) -> None:
        """Something was set or pressed."""
        if name == "retry":
            self._night.retry(_BY)
        elif name == "resume":
            self._switches.set("pause", "off", by=_BY)
        elif value and self._night.paused_by is None:
            self._night.pause(_BY)
        elif not value and self._night.paused_by is not None:
            self._night.resume(_BY)

    @property
    def _job_name(self) -> str:
        return "" if self._file is None else job_level(self._file)

    def _tell(self, status: Status, *, ended: bool = False) -> None:
        now = time.monotonic()
        if ended and status.state != "finished":
            status = replace(status, state="stopped")
        # Pictures come and go faster than anybody reads: they are in the progress alone.
        film = status.file if status.progress is not None and not ended else None
        if self._file is not None and film != self._file:
            self._end_job(self._file, status)
        self._file = film
        if film is not None and self._job.due((film, *_head(status)), now):
            self._hold(self._session.role.job(self._job_name).state, _job_state(film, status))
        if self._progress.due((film, status.failed, *_head(status)), now):
            self._hold(self._session.role.progress, _progress(status))
        if now >= self._look_at:
            self._look_at = now + _LOOK_S
            self._tell_figures(status, now)

    def _tell_figures(self, status: Status, now: float) -> None:
        told = self._telemetry.worth_telling(_figures(status, self._out), now)
        if told is not None:
            payload = json.dumps(told).encode()
            self._session.show(
                Publication(self._session.role.telemetry, payload, qos=0, content_type="application/json")
            )

    def _end_job(self, file: str, status: Status) -> None:
        """Clear what is retained of it, then say what came of it to those who are there."""
        topic = self._session.role.job(job_level(file)).state
        self._session.hold(topic, b"")
        record = next((each for each in reversed(status.records) if each.relative == file), None)
        if record is not None:
            payload = json.dumps(_outcome(record)).encode()
            self._session.send(Publication(topic, payload, content_type="application/json"))
        self._job.forget()

    def _hold(self, topic: str, told: dict[str, Any]) -> None:
        self._session.hold(topic, json.dumps(told).encode())


class _Told:
    """When something is to be told again: at once where its ``head`` has changed, else now and then."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self.forget()

    def forget(self) -> None:
        self._head: object = None
        self._at = float("-inf")

    def due(self, head: object, now: float) -> bool:
        if head == self._head and now - self._at < self._every_s:
            return False
        self._head, self._at = head, now
        return True


def _head(status: Status) -> tuple[object, ...]:
    return status.state, status.reason, None if status.progress is None else status.progress.stage


def _frames(status: Status) -> dict[str, Any]:
    film = status.progress
    return {
        "frames": None if film is None else film.done,
        "total": None if film is None else film.total,
        "fps": None if film is None else round(film.rate, 1),
        "seconds_left": _whole(status.film_seconds_left),
    }


def _progress(status: Status) -> dict[str, Any]:
    file = status.file
    return {
        "state": status.state,
        "reason": shown(status.reason) or None,
        "file": None if file is None else shown(file),
        "job": None if file is None else job_level(file),
        **_frames(status),
        "night_seconds_left": _whole(status.night_seconds_left),
        "done": status.done,
        "failed": status.failed,
        "skipped": status.skipped,
        "before": status.before,
        "left": status.left,
        "arriving": status.arriving,
    }


def _job_state(file: str, status: Status) -> dict[str, Any]:
    film = status.progress
    return {
        "file": shown(file),
        "state": status.state,
        "stage": None if film is None else film.stage,
        **_frames(status),
        "outcome": None,
        "reason": shown(status.reason) or None,
    }


def _outcome(record: Record) -> dict[str, Any]:
    return {
        "file": shown(record.relative),
        "state": "finished",
        "stage": None,
        "frames": record.frames,
        "total": record.frames,
        "fps": round(record.rate, 1),
        "seconds_left": 0,
        "outcome": record.outcome.value,
        "reason": shown(record.reason) or None,
    }


def _figures(status: Status, out: Path) -> dict[str, object]:
    board = read_board()
    film = status.progress if status.state == "working" else None
    return {
        "state": status.state,
        "reason": shown(status.reason) or None,
        "fps": 0 if film is None else film.rate,
        "network_ms": 0 if film is None else film.network_ms,
        "board": board.cpu,
        "temperature_c": board.temperature_c,
        "throttled": board.throttled,
        "free_gb": _free_gb(out),
    }


def _free_gb(out: Path) -> float | None:
    try:
        return shutil.disk_usage(out).free / 1e9
    except OSError:
        return None


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
