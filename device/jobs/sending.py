"""The sending half of a film that is published: its session, and the sink that delivers every frame."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from fractions import Fraction
from typing import TYPE_CHECKING

from device.engine import Stopped
from device.errors import from_os_error
from device.jobs.night_frames import CONNECT_S, PATIENCE_S, NightFrames
from device.media.detach import detach
from device.mqtt.delivery import Delivery
from device.mqtt.messages import PART_BYTES, Beside, Head, make_part
from device.mqtt.sender import NIGHT_FRAMES, connect
from device.sinks.mqtt import MqttFilm, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRandom

    from device.config import Config
    from device.engine import Stop
    from device.media.probe import FilmFacts
    from device.mqtt.session import Session


@contextlib.contextmanager
def film_sink(
    session: Session,
    facts: FilmFacts,
    config: Config,
    *,
    network: str,
    stop: Stop,
    say: Callable[[str], None],
    answer_s: float | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[MqttFilm]:
    """The sink of a film's frames on ``session``, with what lies beside its picture.

    Whoever runs it closes it, or aborts it. ``network``: its name, for the frames' facts. ``answer_s``: how
    long receivers may be silent, None: as ``config`` says. ``tick``: called while it waits for them.
    """

    def waiting(_reason: str) -> None:
        _leave_if(stop)
        tick()

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
            answer_s=answer_s or config.publish.acknowledge_seconds,
            fit=fit,
            tick=waiting,
        )
        yield MqttFilm(session, delivery, job=job, network=network, quality=config.mqtt.quality)


def night_sink(
    facts: FilmFacts, config: Config, *, network: str, stop: Stop, say: Callable[[str], None]
) -> NightFrames:
    """The sink of a film's frames for a night, which goes on where nobody takes them."""
    connect_s = min(config.mqtt.connect_seconds, CONNECT_S)
    patience_s = min(config.publish.acknowledge_seconds, PATIENCE_S)

    @contextlib.contextmanager
    def opened(tick: Callable[[], None]) -> Iterator[MqttFilm]:
        session = connect(config.mqtt, say, NIGHT_FRAMES, connect_s=connect_s, patience_s=patience_s)
        with (
            session,
            film_sink(
                session, facts, config, network=network, stop=stop, say=say, answer_s=patience_s, tick=tick
            ) as sink,
        ):
            yield sink

    return NightFrames(opened)


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
        frames=facts.frames or None,
        pixel_aspect=aspect,
        colour={"matrix": space.matrix.name.lower(), "range": "full" if space.full_range else "limited"},
        beside=beside,
    )


def _beside(facts: FilmFacts, file: BufferedRandom, say: Callable[[str], None]) -> Beside | None:
    """Write what lies beside the picture into ``file``; None where there is nothing."""
    notes: list[str] = []
    try:
        delay_ms = detach(facts, file, notes)
    except OSError as error:
        raise from_os_error(error, where=tempfile.gettempdir(), doing="can't copy its sound") from None
    for note in notes:
        say(f"{facts.path}: {note}")
    size = file.seek(0, os.SEEK_END)
    if delay_ms is None or not size:
        return None
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Beside(-(-size // PART_BYTES), size, sha256, delay_ms)


def _parts(file: BufferedRandom, beside: Beside) -> Iterator[bytes]:
    file.seek(0)
    for number in range(beside.parts):
        yield make_part(number, beside.parts, file.read(PART_BYTES))
