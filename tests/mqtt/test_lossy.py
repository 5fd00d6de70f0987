"""Delivery and reception over a line that loses, doubles and breaks, with a clock of its own."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brokers import lost_and_doubled, make_head, make_jpegs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.mqtt import delivery as sending
from device.mqtt.delivery import Delivery
from device.mqtt.inbox import Down, Event, Message, Up
from device.mqtt.messages import PART_BYTES, Beside, make_part
from device.mqtt.reception import Reception
from device.mqtt.topics import Role

if TYPE_CHECKING:
    import pytest

    from device.mqtt.publication import Publication

FRAMES = make_jpegs("film", 25)
SOUND = bytes(range(256)) * 1000
SENDER = Role("base", "board", "publish")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class End:
    """One end of the line, standing where a session stands."""

    def __init__(self, role: Role, clock: Clock) -> None:
        self.role = role
        self.events: deque[Event] = deque()
        self.held: dict[str, bytes] = {}
        self.sent: deque[tuple[str, bytes]] = deque()
        self.connected = True
        self.failed = False
        self._clock = clock

    def next(self, timeout_s: float) -> Event | None:
        if self.events:
            return self.events.popleft()
        self._clock.now += timeout_s
        return None

    def hold(self, topic: str, payload: bytes) -> None:
        self.held[topic] = payload
        self.sent.append((topic, payload))

    def send(self, publication: Publication) -> bool:
        self.sent.append((publication.topic, publication.payload))
        return self.connected

    def room(self, _topic: str) -> int | None:
        return None

    def settle(self, _deadline_s: float) -> bool:
        return not self.sent


class World:
    """A broker that forgets what it likes, and a receiver that dies now and then."""

    def __init__(self, seed: int, loss: float, folder: Path) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same every time
        self.loss = loss
        self.clock = Clock()
        self.board = End(SENDER, self.clock)
        self.cellar = End(Role("base", "cellar", "receive"), self.clock)
        self._folder = folder
        self.born()

    def born(self) -> None:
        """A new receiver over the old folder: the broker tells it what is retained."""
        line: Any = self.cellar
        self.cellar.events.clear()
        self.reception = Reception(line, self._folder, "cellar", largest=10**6, keep=1, say=lambda _: None)
        for topic, payload in self.board.held.items():
            self.cellar.events.append(Message(topic, payload, retained=True))

    def tick(self, _reason: str = "") -> None:
        """Carry messages, or not; let things break."""
        for source, target in ((self.board, self.cellar), (self.cellar, self.board)):
            while source.sent:
                topic, payload = source.sent.popleft()
                kept = topic in source.held
                if kept or self.chance.random() >= self.loss:
                    target.events.append(Message(topic, payload, retained=False))
                if self.chance.random() < self.loss / 3:
                    target.events.append(Message(topic, payload, retained=False))
        if self.chance.random() < self.loss / 10:
            self.born()
        if self.chance.random() < self.loss / 10:
            for end, other in ((self.board, self.cellar), (self.cellar, self.board)):
                end.events.clear()
                end.events += [Down("broken"), Up(mqtt5=True)]
                end.events += [
                    Message(topic, payload, retained=True) for topic, payload in other.held.items()
                ]
        while self.cellar.events:
            self.reception.hear(self.cellar.events.popleft())
            if self.chance.random() < 0.2:
                self.reception.commit()
        self.reception.commit()
        assert self.clock.now < 3600, "an hour of their time was not enough"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), loss=st.sampled_from([0.0, 0.05, 0.3, 0.7]), window=st.integers(1, 30))
def test_everything_arrives_once_whatever_the_line_does(
    seed: int, loss: float, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as name, monkeypatch.context() as patch:
        world = World(seed, loss, Path(name))
        patch.setattr(sending, "time", world.clock)
        count = -(-len(SOUND) // PART_BYTES)
        beside = Beside(count, len(SOUND), hashlib.sha256(SOUND).hexdigest())
        parts = [make_part(n, count, SOUND[n * PART_BYTES : (n + 1) * PART_BYTES]) for n in range(count)]
        line: Any = world.board
        delivery = Delivery(
            line,
            "film",
            make_head(beside=beside),
            parts=parts,
            window=window,
            answer_s=3600,
            fit=lambda jpeg, _room: jpeg,
            tick=world.tick,
        )
        for frame in FRAMES:
            delivery.frame(frame)
            world.tick()
        delivery.finish()
        (folder,) = Path(name).iterdir()
        assert lost_and_doubled(folder, FRAMES) == (0, 0)
        assert (folder / "beside.mka").read_bytes() == SOUND
