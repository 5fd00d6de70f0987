"""``tintcast publish``: a film's frames over MQTT, each delivered once; or the test pattern, newest wins."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from device.errors import Interrupted
from device.jobs.film import Progress, colorize_film
from device.jobs.live.job import LiveJob
from device.mqtt.sender import ROLE, live_session
from device.sinks.mqtt import MqttLive
from device.sources.pattern import PatternSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop


@dataclass(frozen=True, slots=True)
class Published:
    """What was sent.

    ``passed``: frames that passed as they were, in colour already or to be left alone. ``delivered``: frames
    that every one of ``receivers`` has on its disk, None for a live picture;
    ``resent``: messages sent more than once; ``dropped``: live frames that newer ones overtook; ``notes``:
    what else the user should know.
    """

    frames: int
    rate: float
    network_ms: float
    passed: int = 0
    delivered: int | None = None
    resent: int = 0
    receivers: tuple[str, ...] = ()
    dropped: int = 0
    notes: tuple[str, ...] = ()


def publish_film(
    path: Path,
    config: Config,
    *,
    stop: Stop,
    say: Callable[[str], None],
    progress: Callable[[int, int | None], None],
) -> Published:
    """Colorize the film at ``path`` in a process of its own, and deliver every frame.

    ``say``: one line for people; ``progress(frames, of)``: frames coloured, of how many where that is known.
    Raises as ``colorize_film``.
    """

    def show(now: Progress) -> None:
        progress(now.done, now.total)

    film = colorize_film(path, None, config, publish=True, progress=show, say=say, stop=stop)
    return Published(
        film.frames,
        film.rate,
        film.network_ms,
        passed=film.passed,
        delivered=film.delivered,
        resent=film.resent,
        receivers=film.receivers,
        notes=film.notes,
    )


def publish_pattern(
    config: Config,
    *,
    size: tuple[int, int] = (1280, 720),
    rate: Fraction | int = 10,
    count: int | None = None,
    stop: Stop,
    say: Callable[[str], None],
    progress: Callable[[int, int | None], None],
) -> Published:
    """Colorize the test pattern live and send the newest frame, until the stop or for ``count`` frames.

    ``progress`` is called every second. Raises BrokerUnreachable, BrokerRefused, NetworkFileError, and
    Interrupted at the stop.
    """
    settings = config.live.model_copy(
        update={"mqtt_frames": "always", "mqtt_rate": 1000.0, "mqtt_quality": config.mqtt.quality}
    )
    began = time.monotonic()
    job = LiveJob(config, partial(PatternSource, size, rate, count=count), None, say=say)
    with live_session(config.mqtt, ROLE, say).start(config.mqtt.connect_seconds) as session:
        mqtt = MqttLive(session, job.desk, settings, stop=job.stop, say=say).start(job.workers)
        job.run(stop, lambda: progress(job.meter.frames, count))
        mqtt.close()
    if stop.is_set():
        raise Interrupted
    frames = job.meter.frames
    return Published(
        frames,
        frames / (time.monotonic() - began),
        job.network_ms,
        passed=job.meter.passed,
        dropped=frames - mqtt.sent,
    )
