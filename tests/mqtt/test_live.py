from __future__ import annotations

import itertools
import json
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from brokers import Mosquitto, SlowLink, make_jpegs, wait_until

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
from device.sinks.mqtt.plain import PlainLive

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_a_slow_subscriber_does_not_slow_the_sender(address: Address, base: str, sender: Role) -> None:
    with (
        Session(
            address, Role(base, "viewer", "test"), subscriptions=[sender.frame], say=print
        ).start() as viewer,
        Session(address, sender, say=print).start() as session,
        PlainLive(session, network="compact", quality=85) as sink,
    ):
        began = time.monotonic()
        for index in range(100):
            sink.write(tinted(index))
            time.sleep(0.002)
        assert time.monotonic() - began < 10
        time.sleep(0.3)
        arrived = [read_facts(message.payload).sequence for message in messages(viewer, 0.3)]
        assert arrived == sorted(set(arrived))
        assert arrived[-1] == 99
        assert len(arrived) + sink.dropped == 100


def test_a_live_picture_says_what_it_is(address: Address, base: str, sender: Role) -> None:
    with (
        Session(
            address, Role(base, "viewer", "test"), subscriptions=[sender.frame], say=print
        ).start() as viewer,
        Session(address, sender, say=print).start() as session,
        PlainLive(session, network="compact", quality=85) as sink,
    ):
        sink.write(tinted(7, rotation=90, age_ns=40_000_000))
        (message,) = messages(viewer, 0.3)
        facts = read_facts(message.payload)
        assert (facts.width, facts.height, facts.sequence, facts.job) == (48, 64, 0, None)
        assert (facts.network, facts.device, facts.chroma_age_ns) == ("compact", "board", 40_000_000)


def test_without_a_broker_live_pictures_are_dropped_not_kept(
    start_mosquitto: Callable[..., Mosquitto], sender: Role
) -> None:
    broker = start_mosquitto()
    with (
        Session(broker.address, sender, say=print).start() as session,
        PlainLive(session, network="compact", quality=85) as sink,
    ):
        broker.kill()
        wait_until(lambda: not session.connected)
        for index in range(50):
            sink.write(tinted(index))
        assert sink.dropped == 50
        assert len(session._outbox) <= 1  # what is held
        broker.start()
        wait_until(lambda: session.connected)
        viewer = Role(sender.base, "viewer", "test")
        with Session(
            broker.address, viewer, subscriptions=[sender.frame], say=print
        ).start() as session_of_viewer:
            sink.write(tinted(99))
            (message,) = messages(session_of_viewer, 0.4)
            assert read_facts(message.payload).sequence == 50


def test_telemetry_is_told_on_change_and_not_too_often(address: Address, base: str, sender: Role) -> None:
    with (
        Session(
            address, Role(base, "viewer", "test"), subscriptions=[sender.telemetry], say=print
        ).start() as viewer,
        Session(address, sender, say=print).start() as session,
        PlainLive(
            session, network="compact", quality=85, telemetry_s=0.5, more=lambda: {"network_ms": 12.34}
        ) as sink,
    ):
        for index in range(120):
            sink.write(tinted(index, age_ns=33_400_000))
            time.sleep(0.01)
        told = [json.loads(message.payload) for message in messages(viewer, 0.3)]
    assert 1 <= len(told) <= 3
    assert told[0].keys() == {"fps", "chroma_age_ms", "drops", "source", "network_ms"}
    assert told[0]["network_ms"] == 12
    assert told[0]["source"] == "grey"
    assert told[0]["chroma_age_ms"] == 33
    assert 5 < told[0]["fps"] < 101
    assert all(a != b for a, b in itertools.pairwise(told))


def test_live_pictures_are_made_to_fit(
    start_mosquitto: Callable[..., Mosquitto], base: str, sender: Role
) -> None:
    broker = start_mosquitto("max_packet_size 20000")
    viewer = Role(base, "viewer", "test")
    with (
        Session(broker.address, viewer, subscriptions=[sender.frame], say=print).start() as listening,
        Session(broker.address, sender, say=print).start() as session,
        PlainLive(session, network="compact", quality=95) as sink,
    ):
        sink.write(tinted(0, width=320, height=240))
        (message,) = messages(listening, 0.5)
        assert 5_000 < len(message.payload) < 20_000
        assert session.connected


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
