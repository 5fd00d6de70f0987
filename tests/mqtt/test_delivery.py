from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from brokers import Mosquitto, ReceiverProcess, folder_of, lost_and_doubled, make_head, make_jpegs

from device.engine import Stop
from device.errors import DeliveryTimeout, Interrupted
from device.jobs.receive import Received, ReceivePlan, Watch, receive
from device.mqtt import delivery as delivery_room
from device.mqtt.broker import EmbeddedBroker
from device.mqtt.delivery import Delivery, subscriptions
from device.mqtt.inbox import Message
from device.mqtt.messages import PART_BYTES, Ack, Beside, Progress, make_part
from device.mqtt.publication import Publication
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.sinks.mqtt import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.mqtt.address import Address


class Receiver:
    """``receive`` in a thread."""

    def __init__(self, address: Address, base: str, out: Path, name: str = "cellar", **settings: Any) -> None:
        self.stop = Stop()
        self.said: list[str] = []
        self.received: Received | None = None
        self.error: BaseException | None = None
        settings = {"once": True, "idle_s": 20} | settings
        self._plan = ReceivePlan(address=address, base=base, name=name, out=out, **settings)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.received = receive(self._plan, Watch(self.stop, self.said.append, lambda _frames, _of: None))
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def join(self) -> Received:
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.error is None, self.error
        assert self.received is not None
        return self.received

    def end(self) -> None:
        self.stop.request()
        self._thread.join(10)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    started: list[Receiver] = []

    def start(address: Address, base: str, out: Path = tmp_path / "out", **settings: Any) -> Receiver:
        started.append(Receiver(address, base, out, **settings))
        return started[-1]

    yield start
    for each in started:
        each.end()


@contextmanager
def delivering(address: Address, sender: Role, job: str = "film", **settings: Any) -> Iterator[Delivery]:
    with Session(address, sender, subscriptions=subscriptions(sender), say=print).start() as session:
        settings = {"answer_s": 10.0, "fit": no_fit, "tick": lambda _reason: None} | settings
        yield Delivery(session, job, settings.pop("head", make_head()), **settings)


def no_fit(_jpeg: bytes, _room: int) -> bytes:
    raise AssertionError("everything fits")


def retained(address: Address, base: str) -> dict[str, bytes]:
    """What a newcomer is told."""
    found = {}
    with Session(
        address, Role(base, "visitor", "test"), subscriptions=[f"{base}/#"], say=print
    ).start() as session:
        while isinstance(event := session.next(0.5), Message):
            found[event.topic] = event.payload
    return {topic: payload for topic, payload in found.items() if "visitor" not in topic}


def test_a_film_arrives_whole_and_leaves_nothing_at_the_broker(
    address: Address, base: str, sender: Role, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    frames = make_jpegs("film", 150)
    cellar = receiver(address, base)
    with delivering(address, sender) as delivery:
        for frame in frames:
            delivery.frame(frame)
        delivery.finish()
        assert delivery.acknowledged == 150
        assert delivery.receivers == ["cellar"]
    received = cellar.join()
    assert (received.frames, received.refused) == (150, 0)
    assert lost_and_doubled(folder_of(tmp_path / "out", "film"), frames) == (0, 0)
    assert retained(address, base) == {
        f"{base}/board/publish/availability": b"offline",
        f"{base}/cellar/receive/availability": b"offline",
    }


def test_the_same_with_a_broker_of_mqtt_3(
    base: str, sender: Role, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    frames = make_jpegs("film", 100)
    with EmbeddedBroker() as broker:
        cellar = receiver(broker.address, base)
        with delivering(broker.address, sender) as delivery:
            for frame in frames:
                delivery.frame(frame)
            delivery.finish()
        assert cellar.join().frames == 100
    assert lost_and_doubled(folder_of(tmp_path / "out", "film"), frames) == (0, 0)


def test_sound_travels_in_parts(
    address: Address, base: str, sender: Role, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    sound = bytes(range(256)) * 20_000 + b"end"
    count = -(-len(sound) // PART_BYTES)
    parts = [make_part(n, count, sound[n * PART_BYTES : (n + 1) * PART_BYTES]) for n in range(count)]
    head = make_head(beside=Beside(count, len(sound), hashlib.sha256(sound).hexdigest()))
    cellar = receiver(address, base)
    with delivering(address, sender, head=head, parts=iter(parts)) as delivery:
        for frame in make_jpegs("film", 5):
            delivery.frame(frame)
        delivery.finish()
    cellar.join()
    folder = folder_of(tmp_path / "out", "film")
    assert (folder / "beside.mka").read_bytes() == sound
    assert sorted(path.name for path in folder.iterdir() if "frame" not in path.name) == [
        "beside.mka",
        "job.json",
    ]


def test_the_broker_may_be_killed_in_the_middle(
    start_mosquitto: Callable[..., Mosquitto],
    base: str,
    sender: Role,
    receiver: Callable[..., Receiver],
    tmp_path: Path,
) -> None:
    broker = start_mosquitto()
    frames = make_jpegs("film", 300)
    cellar = receiver(broker.address, base)
    with delivering(broker.address, sender) as delivery:
        for number, frame in enumerate(frames):
            delivery.frame(frame)
            if number in {100, 200}:
                broker.kill()
                broker.start()
        delivery.finish()
    cellar.join()
    assert lost_and_doubled(folder_of(tmp_path / "out", "film"), frames) == (0, 0)


def test_the_receiver_may_be_killed_in_the_middle(
    address: Address, base: str, sender: Role, tmp_path: Path
) -> None:
    frames = make_jpegs("film", 300)
    process = ReceiverProcess(address.port, base, "cellar", tmp_path / "out")
    process.start()
    with delivering(address, sender) as delivery:
        for number, frame in enumerate(frames):
            delivery.frame(frame)
            if number in {100, 200}:
                process.kill()
                process.start()
        delivery.finish()
    assert process.wait() == 0
    assert lost_and_doubled(folder_of(tmp_path / "out", "film"), frames) == (0, 0)


def test_every_named_receiver_gets_everything(
    address: Address, base: str, sender: Role, receiver: Callable[..., Receiver], tmp_path: Path
) -> None:
    frames = make_jpegs("film", 80)
    first = receiver(address, base, out=tmp_path / "first", name="first")
    with delivering(address, sender, to=["first", "second"], window=20) as delivery:
        for frame in frames[:20]:
            delivery.frame(frame)
        assert delivery.acknowledged == 0
        second = receiver(address, base, out=tmp_path / "second", name="second")
        for frame in frames[20:]:
            delivery.frame(frame)
        delivery.finish()
    for each, name in ((first, "first"), (second, "second")):
        each.join()
        assert lost_and_doubled(folder_of(tmp_path / name, "film"), frames) == (0, 0)


def test_nobody_there_is_said_in_time(address: Address, base: str, sender: Role) -> None:
    with delivering(address, sender, answer_s=0.6, window=2) as delivery:
        frames = make_jpegs("film", 3)
        delivery.frame(frames[0])
        delivery.frame(frames[1])
        with pytest.raises(DeliveryTimeout) as caught:
            delivery.frame(frames[2])
        delivery.abort()
    assert "no receiver answered within 0.6 s (is `tintcast receive` running" in str(caught.value)
    assert caught.value.exit_code == 5
    assert retained(address, base) == {f"{base}/board/publish/availability": b"offline"}


def test_a_rest_between_frames_is_nobodys_silence(
    address: Address, sender: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film that is held brings no frames; what was not acknowledged before has its full time after."""
    monkeypatch.setattr(delivery_room, "_REST_S", 0.3)
    with delivering(address, sender, answer_s=0.8, window=3) as delivery:
        frames = make_jpegs("film", 3)
        delivery.frame(frames[0])
        time.sleep(1.2)
        delivery.frame(frames[1])
        began = time.monotonic()
        with pytest.raises(DeliveryTimeout):
            delivery.finish()
        assert time.monotonic() - began > 0.5


def test_a_named_receiver_that_is_not_there_is_named(address: Address, sender: Role) -> None:
    with delivering(address, sender, answer_s=0.4, to=["attic"]) as delivery:
        delivery.frame(make_jpegs("film", 1)[0])
        with pytest.raises(DeliveryTimeout, match=r"no answer from attic within 0\.4 s"):
            delivery.finish()


def test_a_full_window_waits_and_can_be_left(address: Address, sender: Role) -> None:
    reasons: list[str] = []

    def tick(reason: str) -> None:
        reasons.append(reason)
        if len(reasons) == 3:
            raise Interrupted

    frames = make_jpegs("film", 4)
    with delivering(address, sender, window=3, tick=tick) as delivery:
        for frame in frames[:3]:
            delivery.frame(frame)
        with pytest.raises(Interrupted):
            delivery.frame(frames[3])
    assert reasons == ["acknowledgements"] * 3


class Pretender:
    """A receiver by hand: hears what is sent, acknowledges what the test says."""

    def __init__(self, address: Address, sender: Role) -> None:
        self._ack = sender.job("film").ack("pretender")
        self._session = Session(
            address,
            Role(sender.base, "pretender", "receive"),
            subscriptions=[sender.job("film").frame],
            say=print,
        ).start()

    def acknowledge(self, connection: str, through: int, *missing: int) -> None:
        self._session.hold(self._ack, Ack(connection, Progress(through, missing)).to_bytes())

    def say(self, payload: bytes) -> None:
        self._session.send(Publication(self._ack, payload))
        assert self._session.settle(5)

    def heard(self, work: Callable[[], None], seconds: float = 0.6) -> list[bytes]:
        """Frames that come while ``work`` goes on."""
        frames = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            work()
            if isinstance(event := self._session.next(0.02), Message):
                frames.append(event.payload)
        return frames

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def pretender(address: Address, sender: Role) -> Iterator[Pretender]:
    made = Pretender(address, sender)
    yield made
    made.close()


def test_what_is_missing_is_sent_again_and_nothing_else(
    address: Address, sender: Role, pretender: Pretender
) -> None:
    frames = make_jpegs("film", 6)
    with delivering(address, sender) as delivery:

        def work() -> None:
            delivery._work(0)

        for frame in frames:
            delivery.frame(frame)
        assert pretender.heard(work, 0.3) == []
        pretender.acknowledge("a", 0)
        assert pretender.heard(work) == frames
        pretender.acknowledge("a", 2, 3)
        assert pretender.heard(work, 0.7) == [frames[3]]
        pretender.acknowledge("b", 4)
        assert pretender.heard(work, 0.5) == frames[4:]
        pretender.acknowledge("b", 6)
        delivery.finish()
        assert delivery.resent == 3


def test_a_silent_receiver_is_told_again(
    address: Address, sender: Role, pretender: Pretender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.mqtt.delivery._SILENCE_S", (0.4, 0.8))
    frames = make_jpegs("film", 2)
    with delivering(address, sender) as delivery:
        for frame in frames:
            delivery.frame(frame)
        pretender.acknowledge("a", 0)
        assert pretender.heard(lambda: delivery._work(0), 0.7) == [*frames, *frames]


def test_hostile_acknowledgements_change_nothing(
    address: Address, sender: Role, pretender: Pretender
) -> None:
    frames = make_jpegs("film", 3)
    with delivering(address, sender, answer_s=0.8) as delivery:
        for frame in frames:
            delivery.frame(frame)
        for payload in (b"", b"{", b"[]", b'{"version":1}', b"\xff" * 1000, b"x" * 100_000):
            pretender.say(payload)
        with pytest.raises(DeliveryTimeout, match="no receiver answered"):
            delivery.finish()


def test_heads_that_a_killed_sender_left_are_cleared(address: Address, base: str, sender: Role) -> None:
    with Session(address, sender, say=print).start() as session:
        session.hold(sender.job("old").head, make_head().to_bytes())
        session.hold(sender.job("old").ack("cellar"), Ack("a").to_bytes())
        session.hold(Role(base, "board", "night").job("other").head, b"not ours")
        assert session.settle(5)
    with delivering(address, sender) as delivery:
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            delivery._work(0.1)
        delivery.abort()
    assert retained(address, base) == {
        f"{base}/board/publish/availability": b"offline",
        f"{base}/board/night/job/other/head": b"not ours",
    }


def test_a_frame_larger_than_the_broker_takes_is_made_to_fit(
    start_mosquitto: Callable[..., Mosquitto], base: str, sender: Role, receiver: Callable[..., Receiver]
) -> None:
    broker = start_mosquitto("max_packet_size 4000")
    small, large = make_jpegs("film", 1), make_jpegs("film", 1, width=128, height=96)
    assert len(small[0]) < 3500 < len(large[0])
    rooms: list[int] = []

    def fit(jpeg: bytes, room: int) -> bytes:
        assert jpeg == large[0]
        rooms.append(room)
        return small[0]

    cellar = receiver(broker.address, base)
    with delivering(broker.address, sender, head=make_head(width=128, height=96), fit=fit) as delivery:
        delivery.frame(large[0])
        delivery.finish()
    assert cellar.join().frames == 1
    assert len(rooms) == 1


def test_a_broker_of_mqtt_3_that_hangs_up_on_large_frames_gets_smaller_ones(
    start_mosquitto: Callable[..., Mosquitto],
    base: str,
    sender: Role,
    receiver: Callable[..., Receiver],
    tmp_path: Path,
) -> None:
    broker = start_mosquitto("max_packet_size 100000")
    frames = make_jpegs("film", 3, width=640, height=480)
    assert len(frames[0]) > 200_000
    cellar = receiver(broker.address, base)
    at = replace(broker.address, mqtt5=False)
    said: list[str] = []
    with Session(at, sender, subscriptions=subscriptions(sender), say=said.append).start() as session:
        head = make_head(width=640, height=480)
        delivery = Delivery(session, "film", head, answer_s=10, fit=fit, tick=lambda _reason: None)
        for frame in frames:
            delivery.frame(frame)
        delivery.finish()
    assert cellar.join().frames == 3
    sizes = [path.stat().st_size for path in folder_of(tmp_path / "out", "film").glob("*.jpg")]
    assert all(40_000 < size < 100_000 for size in sizes)
    assert 1 <= len(said) <= 2
