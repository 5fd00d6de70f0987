"""What waits to be published: which goes first, and what newer ones do to older ones."""

from __future__ import annotations

from device.mqtt.outbox import Outbox
from device.mqtt.publication import Publication


def frame(number: int, *, asks: bool = False) -> Publication:
    return Publication("frame", str(number).encode(), int(asks), asks=asks)


def opened() -> Outbox:
    outbox = Outbox()
    outbox.connected()
    return outbox


def take(outbox: Outbox, *, room: bool = True) -> Publication | None:
    return outbox.take(backlogged=False, room=room)


def test_what_is_held_goes_first_then_what_is_sent_then_what_is_shown() -> None:
    outbox = opened()
    outbox.show(frame(1))
    outbox.send(Publication("a", b"", qos=1))
    outbox.hold("state", b"on")
    taken = [take(outbox) for _ in range(4)]
    assert [each and each.topic for each in taken] == ["state", "a", "frame", None]


def test_a_frame_that_was_to_ask_hands_that_on_to_the_newer_one() -> None:
    outbox = opened()
    assert not outbox.show(frame(1, asks=True))
    assert outbox.show(frame(2))
    assert outbox.show(frame(3))
    newest = take(outbox)
    assert newest is not None
    assert (newest.payload, newest.qos, newest.asks) == (b"3", 1, True)
    assert not outbox.show(frame(4))
    later = take(outbox)
    assert later is not None
    assert (later.qos, later.asks) == (0, False)


def test_what_asks_waits_for_room_and_lets_others_pass() -> None:
    outbox = opened()
    outbox.show(frame(1, asks=True))
    outbox.show(Publication("telemetry", b"{}", qos=0))
    first = take(outbox, room=False)
    assert first is not None
    assert first.topic == "telemetry"
    assert take(outbox, room=False) is None
    assert take(outbox) is not None


def test_a_topic_that_is_cleared_shows_nothing_older_afterwards() -> None:
    outbox = opened()
    outbox.show(Publication("snapshot", b"jpeg", qos=0, retain=True))
    outbox.hold("snapshot", b"")
    cleared = take(outbox)
    assert cleared is not None
    assert (cleared.payload, cleared.retain, cleared.qos) == (b"", True, 1)
    assert take(outbox) is None


def test_an_answer_at_qos_0_is_not_waited_for() -> None:
    outbox = opened()
    outbox.send(Publication("answer", b"{}", qos=0))
    assert not outbox.wait_idle(0)
    assert take(outbox) is not None
    assert outbox.wait_idle(0)
