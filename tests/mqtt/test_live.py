from __future__ import annotations

import json
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from brokers import SlowLink, make_jpegs, wait_until

from device.errors import BrokerRefused
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.media.facts import read_facts
from device.mqtt.delivery import Delivery, subscriptions
from device.mqtt.inbox import Message
from device.mqtt.messages import Ack, Head
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.sinks.mqtt import MqttFilm, fit

if TYPE_CHECKING:
    from device.mqtt.address import Address


def tinted(
    index: int, *, width: int = 64, height: int = 48, rotation: int = 0, age_ns: int = 0
) -> TintedFrame:
    luma = np.random.default_rng(index).integers(0, 256, (height, width), dtype=np.uint8)
    frame = Frame(luma, JPEG_COLOUR, index, index * 2, Fraction(1, 25), rotation=rotation)
    ab = np.full((14, 14, 2), 20, np.float32)
    return TintedFrame(frame, luma[::4, ::4], ab, chroma_age_ns=age_ns)


def messages(session: Session, seconds: float) -> list[Message]:
    found = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if isinstance(event := session.next(left), Message):
            found.append(event)
    return found


def test_behind_a_slow_link_the_newest_wins_and_nothing_grows(
    address: Address, base: str, sender: Role
) -> None:
    """100 pictures of 50 kB a second into a link for 20 of them."""
    link = SlowLink(address, 1_000_000)
    try:
        with (
            Session(
                address, Role(base, "viewer", "test"), subscriptions=[sender.frame], say=print
            ).start() as viewer,
            Session(link.address, sender, say=print).start() as session,
        ):
            dropped = shown = 0
            ages: list[float] = []
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                payload = json.dumps(time.monotonic()).encode().ljust(50_000)
                dropped += session.show(Publication(sender.frame, payload, qos=0))
                shown += 1
                ages += [time.monotonic() - json.loads(message.payload) for message in messages(viewer, 0.01)]
                assert len(session._outbox) <= 1
            rest = messages(viewer, 1.0)
            assert 10 <= len(ages) + len(rest) <= 110
            assert shown - dropped == pytest.approx(len(ages) + len(rest), abs=2)
            assert json.loads(rest[-1].payload) == json.loads(payload)
            assert max(ages) < 1.5
    finally:
        link.close()


def test_a_film_of_tinted_frames(address: Address, base: str, sender: Role) -> None:
    film = sender.job("film")
    role = Role(base, "viewer", "receive")
    head = Head("film", 64, 48, Fraction(1, 25))
    with (
        Session(address, role, subscriptions=[film.frame, film.head], say=print).start() as viewer,
        Session(address, sender, subscriptions=subscriptions(sender), say=print).start() as session,
    ):
        viewer.hold(film.ack("viewer"), Ack("a").to_bytes())
        viewer.settle(5)
        delivery = Delivery(session, "film", head, fit=fit, tick=_no_tick)
        sink = MqttFilm(session, delivery, job="film", network="compact", quality=85)
        for index in range(3):
            sink.write(tinted(index))
        arrived: list[Message] = []
        wait_until(lambda: delivery._present or delivery._work(0.05))
        arrived += [message for message in messages(viewer, 0.5) if message.topic == film.frame]
        assert len(arrived) == 2  # the last is held back until it is known to be the last
        with pytest.raises(TimeoutError):
            _close_impatiently(sink, delivery)
        arrived += [message for message in messages(viewer, 0.5) if message.topic == film.frame]
        sink.abort()
        facts = [read_facts(message.payload) for message in arrived[:3]]
        assert [each.sequence for each in facts] == [0, 1, 2]
        assert [each.pts for each in facts] == [0, 2, 4]
        assert [each.last for each in facts] == [False, False, True]
        assert {each.job for each in facts} == {"film"}


def _no_tick(_reason: str) -> None:
    return


def _close_impatiently(sink: MqttFilm, delivery: Delivery) -> None:
    def leave(_reason: str) -> None:
        raise TimeoutError

    delivery._tick = leave
    sink.close()


def test_fit_keeps_facts_and_picture(said: list[str]) -> None:
    (jpeg,) = make_jpegs("film", 1, width=160, height=120)
    smaller = fit(jpeg, len(jpeg) // 2)
    assert len(smaller) <= len(jpeg) // 2
    before, after = read_facts(jpeg), read_facts(smaller)
    assert (after.job, after.sequence, after.pts, after.last) == (before.job, 0, 0, True)
    with pytest.raises(BrokerRefused, match="takes at most 300 bytes"):
        fit(jpeg, 300)
    assert said == []


def test_a_film_without_frames_is_given_up(sender: Role) -> None:
    given_up: list[bool] = []

    class Nothing:
        def abort(self) -> None:
            given_up.append(True)

    class Line:
        role = sender

    stand_in: Any = Nothing()
    line: Any = Line()
    MqttFilm(line, stand_in, job="film", network="compact", quality=85).close()
    assert given_up == [True]
