"""A live picture with all its ways out, as it is configured."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.errors import TintcastError
from device.jobs.live.job import LiveJob
from device.resources import state_folder
from device.sinks.views import View
from device.sources.choose import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import Config
    from device.engine import Stop
    from device.frames import TintedFrame
    from device.jobs.live.desk import LiveDesk
    from device.preview import PreviewServer

#: How long a broker may take to hear that we leave, in seconds; later it tells our last will by itself.
_LEAVING_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Ears:
    """Whom the job tells. ``say``: a line for people; ``ready``: all stands, with the page if there is one.

    ``tick``: called every second.
    """

    say: Callable[[str], None]
    ready: Callable[[PreviewServer | None], None]
    tick: Callable[[LiveDesk], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """A live picture that has ended: frames that went out, those that passed as they were, seconds.

    ``left_behind``: whether a thread did not end, and could keep the process from ending.
    """

    frames: int
    passed: int
    overtaken: int
    seconds: float
    network_ms: float
    left_behind: bool

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds if self.seconds else 0.0


def run_live(
    config: Config, ears: Ears, stop: Stop, *, on: bool | None = None, pipe: int | None = None
) -> Summary:
    """Show the camera in colour until ``stop`` or the end of the source.

    ``on``: switch the camera on or off, for now and later; None: as it was left. ``pipe``: a descriptor that
    JPEGs are written to, too, closed at the end; when its reader goes, we end.
    Raises ConfigurationError, NetworkFileError, InputError (a film that can't be read), CameraWedged.
    """
    folder = state_folder(config.live.name)
    with ExitStack() as stack:
        job = LiveJob(config, partial(open_source, config.camera), folder, say=ears.say)
        stack.callback(job.close)
        if on is not None:
            job.desk.switches.set("live", on, by="command line")
        if not job.desk.switches.value("live"):
            ears.say("the camera is switched off; the page, MQTT or --on switch it on")
        server = _serve(job, config, folder, stack) if config.preview.enabled else None
        if config.live.mqtt:
            _publish(job, config, ears.say, stack)
        if config.live.record is not None:
            _record(job, config.live.record, config, ears.say)
        if config.live.window:
            _show(job, config, ears.say, stop)
        if pipe is not None:
            _write(job, pipe, config, stop, stack)
        ears.ready(server)
        began = time.monotonic()
        job.run(stop, lambda: ears.tick(job.desk))
        return Summary(
            job.meter.frames,
            job.meter.passed,
            job.meter.overtaken,
            time.monotonic() - began,
            job.network_ms,
            job.left_behind,
        )


def _serve(job: LiveJob, config: Config, folder: Path, stack: ExitStack) -> PreviewServer:
    from device.preview import PreviewServer  # noqa: PLC0415 - a web library, only where there is a page

    server = PreviewServer(job.desk, config.preview, folder)
    lease = stack.enter_context(job.leases.lease("preview"))
    server.start(lease.beat, job.stop.fail)
    stack.callback(server.close)
    return server


def _publish(job: LiveJob, config: Config, say: Callable[[str], None], stack: ExitStack) -> None:
    from device.mqtt.sender import live_session  # noqa: PLC0415 - only where there is a broker
    from device.sinks.mqtt import MqttLive  # noqa: PLC0415 - as above

    session = live_session(config.mqtt, config.live.name, say)
    stack.callback(session.close, _LEAVING_S)
    mqtt = MqttLive(session.begin(), job.desk, config.live, stop=job.stop, say=say)
    stack.callback(mqtt.close)
    mqtt.start(job.workers)


def _record(job: LiveJob, out: Path, config: Config, say: Callable[[str], None]) -> None:
    from device.sinks.record import RecordSink  # noqa: PLC0415 - codecs, only where there is a film

    job.add("record", RecordSink(out, config.film, network=lambda: job.network_name, say=say))


def _show(job: LiveJob, config: Config, say: Callable[[str], None], stop: Stop) -> None:
    from device.jobs.live.stills import keep_still  # noqa: PLC0415 - as below
    from device.sinks.window import WindowSink  # noqa: PLC0415 - SDL2, only where there is a screen

    def keep(tinted: TintedFrame) -> None:
        quality = round(float(job.desk.switches.value("quality") or config.preview.quality))
        try:
            path = keep_still(
                tinted, Path.cwd(), network=job.network_name, device=config.mqtt.device, quality=quality
            )
        except TintcastError as error:
            say(f"no snapshot: {error}")
        else:
            say(f"snapshot: {path.name}")

    job.add("window", WindowSink(on_closed=stop.request, on_snapshot=keep))


def _write(job: LiveJob, pipe: int, config: Config, stop: Stop, stack: ExitStack) -> None:
    from device.sinks.pipe import MjpegPipe  # noqa: PLC0415 - as above

    def on_end(error: Exception | None) -> None:
        if error is None:
            stop.request()
        else:
            stop.fail(error)

    stack.callback(os.close, pipe)
    stack.enter_context(job.desk.interest.hold("stdout"))
    view = View(config.preview.width, config.preview.quality)
    stack.enter_context(MjpegPipe(job.desk.views, pipe, view, rate=config.preview.rate, on_end=on_end))
