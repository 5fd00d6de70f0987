"""``tintcast publish``: a film's frames over MQTT, each delivered once; or the test pattern, newest wins."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from device.engine import Stopped
from device.errors import from_os_error
from device.jobs.colorizer import Colorizer
from device.jobs.pipeline import run_pipeline
from device.media.detach import detach
from device.media.probe import probe
from device.mqtt.address import Address
from device.mqtt.delivery import Delivery, subscriptions
from device.mqtt.messages import PART_BYTES, Beside, Head, make_part
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.network import Network
from device.sinks.mqtt import MqttFilm, MqttLive, fit
from device.sources.film import FilmSource
from device.sources.pattern import PatternSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRandom
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop
    from device.media.probe import FilmFacts

#: Last part of our topics' prefix.
ROLE = "publish"
#: How long a lost broker may stay away.
_PATIENCE_S = 300.0
#: A film that is sent may wait for its receiver at every frame, and at its end for a whole window of them.
_CLOSING_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Published:
    """What was sent. ``delivered``: frames that every receiver has on its disk; None for a live picture."""

    frames: int
    seconds: float
    network_ms: float
    delivered: int | None = None
    resent: int = 0
    receivers: tuple[str, ...] = ()
    dropped: int = 0


def publish_film(
    path: Path,
    config: Config,
    *,
    stop: Stop,
    say: Callable[[str], None],
    progress: Callable[[int, int | None], None],
) -> Published:
    """Colorize the film at ``path`` and deliver every frame. Raises what the rooms raise, each one line.

    ``say``: one line for people; ``progress(frames, of)``: frames coloured, of how many where that is known.
    """
    facts = probe(path)
    with (
        Network.load(config.network.name, config.network.threads, config.network.runtime) as network,
        connect(config, say) as session,
        FilmSource(path, facts) as source,
        film_sink(session, facts, config, network=network.manifest.name, stop=stop, say=say) as sink,
    ):
        summary = run_pipeline(
            source,
            Colorizer(network, config.colour),
            [sink],
            stop,
            lambda frames: progress(frames, facts.frames),
            patience_s=_PATIENCE_S + config.publish.acknowledge_seconds,
            closing_s=_CLOSING_S,
        )
        delivery = sink.delivery
        return Published(
            summary.frames,
            summary.seconds,
            summary.network_ms,
            delivered=delivery.acknowledged,
            resent=delivery.resent,
            receivers=tuple(delivery.receivers),
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
    """Colorize the test pattern and show the newest frame until the stop, or for ``count`` frames.

    Raises as ``publish_film``; Interrupted at the stop.
    """
    with (
        Network.load(config.network.name, config.network.threads, config.network.runtime) as network,
        connect(config, say) as session,
        PatternSource(size, rate, count=count) as source,
        MqttLive(session, network=network.manifest.name, quality=config.mqtt.quality) as sink,
    ):
        summary = run_pipeline(
            source,
            Colorizer(network, config.colour),
            [sink],
            stop,
            lambda frames: progress(frames, count),
        )
        return Published(summary.frames, summary.seconds, summary.network_ms, dropped=sink.dropped)


def connect(config: Config, say: Callable[[str], None]) -> Session:
    """A started session for a sender. Raises BrokerUnreachable or BrokerRefused."""
    role = Role(config.mqtt.base, config.mqtt.device, ROLE)
    session = Session(
        Address.from_settings(config.mqtt),
        role,
        subscriptions=subscriptions(role),
        patience_s=_PATIENCE_S,
        say=say,
    )
    return session.start(config.mqtt.connect_seconds)


@contextlib.contextmanager
def film_sink(
    session: Session,
    facts: FilmFacts,
    config: Config,
    *,
    network: str,
    stop: Stop,
    say: Callable[[str], None],
) -> Iterator[MqttFilm]:
    """The sink of a film's frames on ``session``, with what lies beside its picture.

    Whoever runs it closes it, or aborts it. ``network``: its name, for the frames' facts.
    """
    job = job_name(facts.path.stem)
    with tempfile.TemporaryFile(prefix="tintcast-") as file:
        beside = _beside(facts, file, say)
        delivery = Delivery(
            session,
            job,
            _head(facts, beside),
            parts=_parts(file, beside) if beside else (),
            to=config.publish.to,
            window=config.publish.window,
            answer_s=config.publish.acknowledge_seconds,
            fit=fit,
            tick=lambda _reason: _leave_if(stop),
        )
        yield MqttFilm(session, delivery, job=job, network=network, quality=config.mqtt.quality)


def job_name(stem: str) -> str:
    """A name for this delivery of a film: readable, and used by no other."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:40].strip("-") or "film"
    return f"{readable}-{secrets.token_hex(4)}"


def _leave_if(stop: Stop) -> None:
    if stop.is_set():
        raise Stopped


def _head(facts: FilmFacts, beside: Beside | None) -> Head:
    width, height, aspect = facts.width, facts.height, facts.pixel_aspect or Fraction(1)
    if facts.rotation in {90, 270}:
        width, height, aspect = height, width, 1 / aspect
    space = facts.colour_space
    return Head(
        name=facts.path.stem[:200],
        width=width,
        height=height,
        time_base=facts.time_base,
        frames=facts.frames,
        pixel_aspect=aspect,
        colour={"matrix": space.matrix.name.lower(), "range": "full" if space.full_range else "limited"},
        beside=beside,
    )


def _beside(facts: FilmFacts, file: BufferedRandom, say: Callable[[str], None]) -> Beside | None:
    """Write what lies beside the picture into ``file``; None where there is nothing."""
    notes: list[str] = []
    try:
        found = detach(facts, file, notes)
    except OSError as error:
        raise from_os_error(error, where=tempfile.gettempdir(), doing="can't copy its sound") from None
    for note in notes:
        say(f"{facts.path}: {note}")
    size = file.seek(0, os.SEEK_END)
    if not found or not size:
        return None
    file.seek(0)
    return Beside(-(-size // PART_BYTES), size, hashlib.file_digest(file, "sha256").hexdigest())


def _parts(file: BufferedRandom, beside: Beside) -> Iterator[bytes]:
    file.seek(0)
    for number in range(beside.parts):
        yield make_part(number, beside.parts, file.read(PART_BYTES))
