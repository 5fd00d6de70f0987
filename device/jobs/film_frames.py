"""A film's frames over MQTT, where they are asked for, and what is to be known of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.jobs.film import Said
from device.jobs.night_frames import NightFrames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack

    from device.engine import Stop
    from device.jobs.film import FilmResult, FilmTask
    from device.media.probe import FilmFacts
    from device.sinks.mqtt import MqttFilm

    Sending = MqttFilm | NightFrames | None


def sending_sink(
    stack: ExitStack,
    task: FilmTask,
    *,
    facts: FilmFacts,
    network: str,
    start: int,
    send: Callable[[Said], None],
    stop: Stop,
) -> Sending:
    """The sink that sends every frame; None where none is asked for, or not all of them are made in this run.

    ``network``: its name; ``start``: the first frame that is made. Raises BrokerError, unless ``task`` goes
    without.
    """
    if not task.publish or start:
        return None
    from device.jobs.sending import film_sink, night_sink  # noqa: PLC0415 - MQTT only where it is used
    from device.mqtt.sender import connect  # noqa: PLC0415

    def say(text: str) -> None:
        send(Said(text))

    if task.go_without:
        return night_sink(facts, task.config, network=network, stop=stop, say=say)
    session = stack.enter_context(connect(task.config.mqtt, say))
    return stack.enter_context(film_sink(session, facts, task.config, network=network, stop=stop, say=say))


def notes_on_sending(task: FilmTask, start: int, sent: Sending) -> Iterator[str]:
    """What a person should know of the frames that were to be sent."""
    if task.publish and start:
        yield "its frames were not sent over MQTT: an earlier run had begun it"
    elif isinstance(sent, NightFrames) and sent.note:
        yield sent.note


def with_delivery(result: FilmResult, sent: Sending) -> FilmResult:
    """The result, and what became of the frames that were sent."""
    film = sent.sink if isinstance(sent, NightFrames) else sent
    if film is None:
        return result
    delivery = film.delivery
    return replace(
        result,
        delivered=delivery.acknowledged,
        resent=delivery.resent,
        receivers=tuple(delivery.receivers),
    )
