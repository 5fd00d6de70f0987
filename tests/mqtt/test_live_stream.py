"""The MQTT side of a live picture against real brokers: who is there, and what they get."""

from __future__ import annotations

import json
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import pytest
from brokers import Mosquitto, SlowLink, wait_until
from desks import StandIn

from device.config import LiveSettings, MqttSettings
from device.engine import Leases, Stop, Workers
from device.media.facts import read_facts
from device.mqtt.broker import EmbeddedBroker
from device.mqtt.inbox import Message
from device.mqtt.publication import Publication
from device.mqtt.sender import live_session
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.sinks.mqtt import MqttLive, audience, live
from device.sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.mqtt.address import Address

ASK_S = 0.4


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask who is there more often than once in 5 s, and for figures than once in 1 s."""
    monkeypatch.setattr(audience, "ASK_S", ASK_S)
    monkeypatch.setattr(live, "_LOOK_S", 0.1)


@dataclass
class Live:
    """A running MQTT side."""

    role: Role
    sink: MqttLive
    session: Session
    said: list[str] = field(default_factory=list)


@contextmanager
def running(
    desk: StandIn, address: Address, base: str, *, telemetry_s: float = 60.0, **settings: object
) -> Iterator[Live]:
    mqtt = MqttSettings(
        host=address.host,
        port=address.port,
        base=base,
        device="board",
        protocol="auto" if address.mqtt5 else "3.1.1",
    )
    said: list[str] = []
    stop = Stop()
    workers = Workers(stop, Leases())
    session = live_session(mqtt, "live", said.append)
    values = {"mqtt_rate": 1000.0, "snapshot_seconds": 0} | settings
    sink = MqttLive(
        session,
        desk,
        LiveSettings.model_validate(values),
        stop=stop,
        say=said.append,
        telemetry_s=telemetry_s,
    )
    with session.begin():
        sink.start(workers)
        try:
            yield Live(session.role, sink, session, said)
        finally:
            sink.close()
            workers.join(10)


class Viewer:
    """Somebody who is subscribed for a block, and notes what comes and when."""

    def __init__(self, address: Address, base: str, *leaves: str) -> None:
        role = Role(base, "viewer", "test")
        topics = [f"{base}/board/live/{leaf}" for leaf in leaves]
        self.session = Session(address, role, subscriptions=topics, say=print)
        self.messages: list[Message] = []
        self.times: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self.session.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        self.session.close()

    def of(self, leaf: str) -> list[bytes]:
        return [each.payload for each in self.messages if each.topic.endswith(f"/{leaf}")]

    def _listen(self) -> None:
        while not self._ended.is_set():
            if isinstance(event := self.session.next(0.05), Message):
                self.messages.append(event)
                self.times.append(time.monotonic())


def connected(it: Live) -> bool:
    return it.session.connected


def test_frames_flow_while_somebody_is_subscribed(address: Address, base: str) -> None:
    with StandIn() as desk, running(desk, address, base) as it:
        wait_until(lambda: connected(it) and desk.resting)
        with Viewer(address, base, "frame") as viewer:
            wait_until(lambda: len(viewer.messages) > 30)
            assert "MQTT" in desk.interest.holders()
            sequences = [read_facts(payload).sequence for payload in viewer.of("frame")]
            assert sequences == sorted(set(sequences))
        wait_until(lambda: desk.resting)
        made = desk.made
        time.sleep(3 * ASK_S)
        assert 1 <= desk.made - made <= 5  # single frames that ask whether somebody came
        with Viewer(address, base, "frame") as viewer:
            wait_until(lambda: len(viewer.messages) > 30)


def test_while_nobody_is_subscribed_one_frame_in_a_while_asks(address: Address, base: str) -> None:
    with StandIn() as desk, running(desk, address, base) as it:
        wait_until(lambda: connected(it) and desk.resting)
        made, began = desk.made, time.monotonic()
        time.sleep(5 * ASK_S)
        assert 2 <= desk.made - made <= 2 + (time.monotonic() - began) / ASK_S
        assert desk.interest.holders() == ()


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_broker_that_never_tells_counts_as_a_viewer(address: Address, base: str, kind: str) -> None:
    """MQTT 3.1.1: somebody may be there all the time, and it is said once."""
    with EmbeddedBroker() as embedded:
        old = embedded.address if kind == "amqtt" else replace(address, mqtt5=False)
        with StandIn() as desk, running(desk, old, base) as it:
            wait_until(lambda: "MQTT" in desk.interest.holders())
            with Viewer(old, base, "frame") as viewer:
                wait_until(lambda: len(viewer.messages) > 20)
            time.sleep(2 * ASK_S)
            assert "MQTT" in desk.interest.holders()
            (line,) = it.said
            assert "frames count as a viewer" in line
            assert 'mqtt_frames = "never"' in line


def test_always_is_a_viewer_with_mqtt_5_too(address: Address, base: str) -> None:
    with StandIn() as desk, running(desk, address, base, mqtt_frames="always") as it:
        time.sleep(3 * ASK_S)
        assert "MQTT" in desk.interest.holders()
        assert it.said == []


@pytest.mark.parametrize("mqtt5", [True, False])
def test_never_sends_snapshots_only(address: Address, base: str, *, mqtt5: bool) -> None:
    its = replace(address, mqtt5=mqtt5)
    with (
        StandIn() as desk,
        Viewer(address, base, "frame", "snapshot", "telemetry") as viewer,
        running(desk, its, base, mqtt_frames="never") as it,
    ):
        wait_until(lambda: viewer.of("snapshot") and viewer.of("telemetry"))
        time.sleep(2 * ASK_S)
        assert viewer.of("frame") == []
        assert desk.interest.holders() == ()
        assert it.said == []


def test_equal_views_get_the_very_same_bytes(
    address: Address, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes over MQTT is the object that another viewer of the same view was handed."""
    with StandIn(rate=10) as desk, running(desk, address, base, mqtt_frames="always") as it:
        sent: list[bytes] = []
        show = it.session.show
        monkeypatch.setattr(
            it.session, "show", lambda publication: (sent.append(publication.payload), show(publication))[1]
        )
        with desk.views.watch(View(0, 85)) as page:
            pages = [page.take(2) for _ in range(8)]
        wait_until(lambda: len(sent) > 10)
        shared = {id(payload) for payload in sent} & {id(shown.jpeg) for shown in pages if shown}
        assert len(shared) >= 4


def test_width_quality_and_rate_are_its_own(address: Address, base: str) -> None:
    with (
        StandIn(rate=60, size=(320, 240)) as desk,
        Viewer(address, base, "frame") as viewer,
        running(desk, address, base, mqtt_width=160, mqtt_rate=5.0, mqtt_frames="always"),
    ):
        wait_until(lambda: viewer.messages)
        first = len(viewer.messages)
        time.sleep(2)
        assert 3 <= len(viewer.messages) - first <= 14
        facts = read_facts(viewer.of("frame")[-1])
        assert (facts.width, facts.height) == (160, 120)
        before = len(viewer.of("frame")[-1])
        desk.switches.set("quality", 20, by="test")
        wait_until(lambda: len(viewer.of("frame")[-1]) < 0.7 * before)


def test_behind_a_stalled_link_the_newest_wins(address: Address, base: str) -> None:
    """100 pictures of about 50 kB a second into a link for 20 of them, and nobody waits."""
    link = SlowLink(address, 1_000_000)
    try:
        with (
            StandIn(rate=100, size=(320, 240)) as desk,
            Viewer(address, base, "frame") as viewer,
            running(desk, link.address, base, mqtt_frames="always") as it,
        ):
            wait_until(lambda: len(viewer.messages) > 10)
            most = 0
            deadline = time.monotonic() + 2
            made = desk.made
            while time.monotonic() < deadline:
                most = max(most, it.session.queued)
                time.sleep(0.01)
            assert desk.made - made > 40  # more than the link takes: the camera is not slowed
            assert most <= 3
            now = time.time_ns()
            newest = read_facts(viewer.of("frame")[-1])
            assert newest.captured_ns is not None
            assert (now - newest.captured_ns) / 1e9 < 3
            numbers = [read_facts(frame).sequence for frame in viewer.of("frame")]
            assert numbers[-1] - numbers[0] + 1 - len(numbers) > 10, "what the link did not take was let go"
    finally:
        link.close()


def test_a_broker_that_hangs_costs_nothing_and_gets_the_newest_when_it_is_back(
    start_mosquitto: Callable[..., Mosquitto], base: str
) -> None:
    broker = start_mosquitto()
    assert broker.process is not None
    with (
        StandIn(rate=100, size=(320, 240)) as desk,
        Viewer(broker.address, base, "frame") as viewer,
        running(desk, broker.address, base) as it,
    ):
        wait_until(lambda: len(viewer.messages) > 10)
        broker.process.send_signal(signal.SIGSTOP)
        made, most = desk.made, 0
        while desk.made < made + 150:
            most = max(most, it.session.queued)
            time.sleep(0.01)
        before = len(viewer.messages)
        broker.process.send_signal(signal.SIGCONT)
        assert most <= 3
        newest = desk.made
        wait_until(lambda: read_facts(viewer.of("frame")[-1]).sequence >= newest)
        late = [read_facts(payload).sequence for payload in viewer.of("frame")[before:]]
        assert len([sequence for sequence in late if sequence < newest]) < 100  # not all that was made


def test_a_broker_that_goes_and_comes_back(start_mosquitto: Callable[..., Mosquitto], base: str) -> None:
    broker = start_mosquitto()
    with StandIn() as desk, running(desk, broker.address, base) as it:
        with Viewer(broker.address, base, "frame") as viewer:
            wait_until(lambda: len(viewer.messages) > 10)
            broker.kill()
            wait_until(lambda: not connected(it))
            wait_until(lambda: desk.resting)
            desk.switches.set("saturation", 2, by="page")
            broker.start()
            wait_until(lambda: connected(it))
        with Viewer(broker.address, base, "frame", "snapshot", "state/saturation", "availability") as viewer:
            wait_until(lambda: len(viewer.of("frame")) > 10)
            wait_until(lambda: viewer.of("snapshot"))
            assert viewer.of("saturation") == [b"2"]
            assert viewer.of("availability") == [b"online"]
        wait_until(lambda: "the broker is back" in it.said)
        assert sum("the broker is gone" in line for line in it.said) == 1


def test_a_broker_that_comes_later_is_waited_for(tmp_path_factory: pytest.TempPathFactory, base: str) -> None:
    broker = Mosquitto(tmp_path_factory.mktemp("late"))
    with StandIn() as desk, running(desk, broker.address, base) as it:
        wait_until(lambda: it.said)
        broker.start()
        try:
            with Viewer(broker.address, base, "frame") as viewer:
                wait_until(lambda: len(viewer.messages) > 10, 15)
            (line,) = it.said
            assert "refused; " not in line
            assert line.endswith("trying again")
        finally:
            it.sink.close()
            broker.stop()


def test_a_wrong_password_costs_the_picture_nothing(
    start_mosquitto: Callable[..., Mosquitto], base: str
) -> None:
    broker = start_mosquitto("allow_anonymous false")
    with StandIn() as desk, running(desk, broker.address, base) as it:
        wait_until(lambda: it.said)
        with desk.interest.hold("page"), desk.views.watch(View(0, 85)) as page:
            assert page.take(5) is not None
        (line,) = it.said
        assert "user or password is wrong" in line or "not allowed in" in line


def test_pictures_are_made_to_fit_and_it_is_said_once(
    start_mosquitto: Callable[..., Mosquitto], base: str
) -> None:
    broker = start_mosquitto("max_packet_size 20000")
    with (
        StandIn(rate=20, size=(320, 240)) as desk,
        Viewer(broker.address, base, "frame", "snapshot") as viewer,
        running(desk, broker.address, base) as it,
    ):
        wait_until(lambda: len(viewer.of("frame")) > 15)
        wait_until(lambda: viewer.of("snapshot"))
        assert all(8_000 < len(payload) < 20_000 for payload in viewer.of("frame")[5:])
        assert read_facts(viewer.of("frame")[-1]).width < 320
        (line,) = it.said
        assert "takes at most" in line
        assert connected(it)


def test_snapshots_on_request_by_themselves_and_at_a_turn(address: Address, base: str) -> None:
    with (
        StandIn() as desk,
        Viewer(address, base, "snapshot") as viewer,
        running(desk, address, base, snapshot_seconds=0) as it,
    ):
        wait_until(lambda: len(viewer.messages) == 1)  # the first
        wait_until(lambda: desk.resting)
        viewer.session.send(Publication(it.role.set("snapshot"), b"PRESS"))
        wait_until(lambda: len(viewer.messages) == 2)
        desk.own_colour = True
        wait_until(lambda: len(viewer.messages) == 3)
        assert read_facts(viewer.messages[-1].payload).own_colour
        time.sleep(0.5)
        assert len(viewer.messages) == 3
        assert desk.resting


def test_snapshots_come_by_the_clock_and_one_frame_is_made_for_each(address: Address, base: str) -> None:
    with (
        StandIn() as desk,
        Viewer(address, base, "snapshot") as viewer,
        running(desk, address, base, snapshot_seconds=0.5, mqtt_frames="never"),
    ):
        wait_until(lambda: len(viewer.messages) >= 3)
        made = desk.made
        wait_until(lambda: len(viewer.messages) >= 5)
        assert desk.made - made <= 3
        assert desk.interest.holders() == ()


def test_a_snapshot_is_kept_by_the_broker_and_cleared_when_live_goes_off(address: Address, base: str) -> None:
    with StandIn() as desk, running(desk, address, base) as it:
        with Viewer(address, base, "snapshot") as first:
            wait_until(lambda: first.messages)
        with Viewer(address, base, "snapshot") as later:
            wait_until(lambda: later.messages)
            assert later.messages[0].retained
            desk.switches.set("live", "off", by="page")
            wait_until(lambda: later.messages[-1].payload == b"")
            desk.switches.set("snapshot", None, by="page")
            time.sleep(1.0)
            assert later.messages[-1].payload == b""
        with Viewer(address, base, "snapshot", "state/live") as after:
            wait_until(lambda: after.of("live") == [b"off"])
            assert after.of("snapshot") == []
            desk.switches.set("live", "on", by="page")
            wait_until(lambda: after.of("snapshot"))
        assert connected(it)


def test_a_picture_that_was_off_before_leaves_no_snapshot(address: Address, base: str) -> None:
    with StandIn() as desk, running(desk, address, base), Viewer(address, base, "snapshot") as viewer:
        wait_until(lambda: viewer.messages)
    with StandIn() as desk:
        desk.switches.set("live", "off", by="page")
        with running(desk, address, base) as it:
            wait_until(lambda: connected(it))
            it.session.settle(5)
            with Viewer(address, base, "snapshot") as viewer:
                time.sleep(0.5)
                assert viewer.messages == []


def test_telemetry_is_told_at_once_when_the_camera_goes(address: Address, base: str) -> None:
    with (
        StandIn() as desk,
        Viewer(address, base, "telemetry") as viewer,
        running(desk, address, base),
    ):
        wait_until(lambda: viewer.messages)
        desk.trouble = "waiting for camera: no frame for 2 s"
        wait_until(lambda: json.loads(viewer.messages[-1].payload)["state"] == desk.trouble)
        told = json.loads(viewer.messages[-1].payload)
        assert told.keys() == {
            *("state", "fps", "own_colour", "viewers", "queue", "mqtt_drops", "free_gb"),
            *("chroma_age_ms", "chroma_age_p95_ms"),
        }
        assert told["fps"] == 0
        assert told["free_gb"] > 0
        count = len(viewer.messages)
        time.sleep(0.5)
        assert len(viewer.messages) == count


def test_the_end_is_told(address: Address, base: str) -> None:
    with Viewer(address, base, "availability") as viewer:
        with StandIn() as desk, running(desk, address, base) as it:
            wait_until(lambda: connected(it))
            wait_until(lambda: viewer.of("availability") == [b"online"])
        wait_until(lambda: viewer.of("availability") == [b"online", b"offline"])
