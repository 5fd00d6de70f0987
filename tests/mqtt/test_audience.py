"""What a broker's answers to the live frames mean."""

from __future__ import annotations

import math

import pytest

from device.sinks.mqtt.audience import ASK_S, Audience


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nobody_is_there_until_the_broker_says_so(clock: Clock) -> None:
    audience = Audience(always=False, clock=clock)
    assert not audience.there
    assert audience.due_s == math.inf
    audience.connected(mqtt5=True)
    assert not audience.there
    assert audience.ask
    audience.asked()
    assert not audience.ask
    audience.heard(matched=True)
    assert audience.there
    assert audience.due_s == pytest.approx(ASK_S)
    clock.now += ASK_S
    assert audience.ask
    audience.asked()
    audience.heard(matched=False)
    assert not audience.there


def test_who_subscribes_is_seen_within_five_seconds() -> None:
    assert ASK_S < 5


def test_a_question_without_an_answer_is_asked_again_later(clock: Clock) -> None:
    audience = Audience(always=False, clock=clock)
    audience.connected(mqtt5=True)
    audience.asked()
    clock.now += 2 * ASK_S
    assert not audience.ask
    clock.now += 2 * ASK_S
    assert audience.ask


@pytest.mark.parametrize(("always", "mqtt5"), [(True, True), (False, False), (True, False)])
def test_where_nobody_tells_somebody_is_there(clock: Clock, *, always: bool, mqtt5: bool) -> None:
    audience = Audience(always=always, clock=clock)
    audience.connected(mqtt5=mqtt5)
    assert audience.there
    assert not audience.ask
    assert audience.due_s == math.inf
    audience.heard(matched=False)
    assert audience.there


def test_without_a_connection_nobody_is_there(clock: Clock) -> None:
    audience = Audience(always=True, clock=clock)
    audience.connected(mqtt5=True)
    audience.lost()
    assert not audience.there
    audience = Audience(always=False, clock=clock)
    audience.connected(mqtt5=True)
    audience.asked()
    audience.lost()
    audience.heard(matched=True)  # an answer from before
    assert not audience.there
    audience.connected(mqtt5=True)
    assert audience.ask
