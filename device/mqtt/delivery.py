"""The sender's side of one film: every frame is kept until the receivers have it on their disks.

No thread of its own: ``frame`` and ``finish`` do all the work while they are called. Nothing is sent before a
receiver has acknowledged the head: until then nobody listens. What it has not acknowledged is sent again when
it comes back on a new connection, when it names it as missing, and when it has been silent for long.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from device.errors import DeliveryTimeout
from device.mqtt import messages, topics
from device.mqtt.inbox import Down, Message
from device.mqtt.publication import Publication
from device.mqtt.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from device.mqtt.messages import Ack, Head
    from device.mqtt.session import Session

_POLL_S = 0.2
#: First and longest silence after which everything is sent once more, in seconds.
_SILENCE_S = (3.0, 30.0)
_CLEAR_S = 5.0
#: Who brings no frame for longer than this rests: nobody listened, and that was no silence (seconds).
_REST_S = 2.0
_WINDOW_BYTES = 64 * 1024 * 1024
_PARTS = 32
_MOST_RECEIVERS = 64


def subscriptions(role: topics.Role) -> list[str]:
    """What its session must be subscribed to: acknowledgements, and heads that were left behind."""
    return [f"{role.prefix}/job/+/ack/+", f"{role.prefix}/job/+/head"]


class Delivery:
    """One film on its way over ``session`` (subscribed to ``subscriptions``, already started).

    ``parts``: the payloads of sound and subtitles, as ``messages.make_part`` makes them; as many as the head
    says. ``to``: names of the receivers that must have everything; none: the first that acknowledges.
    ``window``: frames kept at most. ``answer_s``: how long nothing may be acknowledged. ``fit(jpeg, room)``:
    makes a frame small enough for a broker's limit. ``tick(reason)``: called at least every 0.2 s of waiting;
    what it raises ends the wait.
    """

    def __init__(
        self,
        session: Session,
        job: str,
        head: Head,
        *,
        parts: Iterable[bytes] = (),
        to: Iterable[str] = (),
        window: int = 64,
        answer_s: float = 60.0,
        fit: Callable[[bytes, int], bytes],
        tick: Callable[[str], None],
    ) -> None:
        self._session = session
        self._topics = session.role.job(job)
        self._head = head
        self._job = job
        self._frames = Window(most=window, most_bytes=_WINDOW_BYTES)
        self._parts = Window(most=_PARTS, most_bytes=_WINDOW_BYTES)
        self._more_parts: Iterator[bytes] = iter(parts)
        self._to = set(to)
        self._acks: dict[str, Ack] = {}
        self._present: set[str] = set()
        self._answer_s = answer_s
        self._fit = fit
        self._tick = tick
        self._heard = time.monotonic()
        self._told = self._worked = self._heard
        self._silence_s = _SILENCE_S[0]
        self._load_parts()
        session.hold(self._topics.head, head.to_bytes())

    @property
    def acknowledged(self) -> int:
        """Frames that every receiver has."""
        return self._frames.count - len(self._frames)

    @property
    def resent(self) -> int:
        """Frames and parts that were sent more than once."""
        return self._frames.resent + self._parts.resent

    @property
    def receivers(self) -> list[str]:
        """Who must have everything; empty while nobody has answered and nobody was named."""
        return sorted(self._to)

    def frame(self, jpeg: bytes) -> None:
        """Take the next frame, whose facts number it; waits while the window is full.

        Raises DeliveryTimeout when no receiver answers, and the session's failure.
        """
        self._work(0)
        while self._frames.full:
            self._work(_POLL_S)
            self._tick("acknowledgements")
        if not self._frames and not self._parts:
            self._heard = time.monotonic()
        self._frames.add(jpeg)
        self._work(0)

    def finish(self) -> None:
        """After the last frame: wait until every receiver has everything, then clear what is retained.

        Raises as ``frame`` does.
        """
        self._session.hold(self._topics.head, replace(self._head, frames=self._frames.count).to_bytes())
        while self._frames or self._parts:
            self._work(_POLL_S)
            self._tick("acknowledgements")
        self._clear()
        self._session.settle(_CLEAR_S)

    def abort(self) -> None:
        """Give the film up: receivers see its head go. Never raises for a session that has failed."""
        if not self._session.failed:
            self._clear()

    def _clear(self) -> None:
        self._session.hold(self._topics.head, b"")
        for receiver in self._acks:
            self._session.hold(self._topics.ack(receiver), b"")

    def _work(self, wait_s: float) -> None:
        """Hear what there is to hear, then send what is due."""
        away = time.monotonic() - self._worked
        if away > _REST_S:
            self._heard += away
            self._told += away
        while (event := self._session.next(wait_s)) is not None:
            wait_s = 0
            if isinstance(event, Down):
                self._present.clear()
                self._forget_sent()
            elif isinstance(event, Message):
                self._hear(event)
        now = self._worked = time.monotonic()
        if not self._session.connected:
            self._heard = self._told = now
            return
        if self._present & (self._to or self._present):
            self._send(now)
        self._check(now)

    def _hear(self, message: Message) -> None:
        topic = topics.parse(message.topic)
        if topic is None or topic.role != self._session.role or not message.payload:
            return
        if topic.job != self._job:
            # A process of our name has died in the middle of that one.
            if message.retained:
                self._session.hold(message.topic, b"")
            return
        if topic.kind is topics.Kind.ACK:
            with contextlib.suppress(messages.BadMessage):
                self._take(topic.receiver, messages.read_ack(message.payload))

    def _take(self, receiver: str, ack: Ack) -> None:
        if not self._to:
            self._to = {receiver}
        if receiver not in self._to and len(self._acks) >= _MOST_RECEIVERS:
            return
        before = self._acks.get(receiver)
        self._acks[receiver] = ack
        self._present.add(receiver)
        if receiver not in self._to:
            return
        if before is not None and before.connection != ack.connection:
            self._forget_sent()
        progress = before is None or before.frames.through < ack.frames.through
        if self._acknowledge() or progress or (before and before.parts.through < ack.parts.through):
            self._heard = self._told = time.monotonic()
            self._silence_s = _SILENCE_S[0]

    def _acknowledge(self) -> bool:
        if not self._to <= self._acks.keys():
            return False
        acks = [self._acks[receiver] for receiver in self._to]
        frames = self._frames.acknowledge([ack.frames for ack in acks])
        parts = self._parts.acknowledge([ack.parts for ack in acks])
        self._load_parts()
        return frames or parts

    def _load_parts(self) -> None:
        while not self._parts.full and (part := next(self._more_parts, None)) is not None:
            self._parts.add(part)

    def _forget_sent(self) -> None:
        self._frames.forget_sent()
        self._parts.forget_sent()
        self._told = time.monotonic()

    def _send(self, now: float) -> None:
        acks = [self._acks[receiver] for receiver in self._to & self._acks.keys()]
        room = self._session.room(self._topics.frame)
        for number, part in self._parts.due((gap for ack in acks for gap in ack.parts.missing), now):
            self._publish(self._topics.beside, part, "video/x-matroska", number)
        for number, frame in self._frames.due((gap for ack in acks for gap in ack.frames.missing), now):
            jpeg = frame if room is None or len(frame) <= room else self._fit(frame, room)
            self._publish(self._topics.frame, jpeg, "image/jpeg", number)

    def _publish(self, topic: str, payload: bytes, content_type: str, number: int) -> None:
        user = (("job", self._job), ("sequence", str(number)))
        self._session.send(Publication(topic, payload, content_type=content_type, user=user))

    def _check(self, now: float) -> None:
        """Send again after a long silence; give up after a longer one."""
        if not (self._frames or self._parts):
            self._heard = self._told = now
            return
        if now - self._heard > self._answer_s:
            raise DeliveryTimeout(
                self._silence(),
                where=self._topics.head,
                hint="is `tintcast receive` running, with the same broker and --base?",
            )
        if now - self._told > self._silence_s and self._session.settle(0):
            self._forget_sent()
            self._silence_s = min(2 * self._silence_s, _SILENCE_S[1])

    def _silence(self) -> str:
        late = sorted(self._to - self._acks.keys())
        if late:
            return f"no answer from {', '.join(late)} within {self._answer_s:g} s"
        if not self._to:
            return f"no receiver answered within {self._answer_s:g} s"
        slow = min(self._to, key=lambda name: (self._acks[name].frames.through, name))
        through = self._acks[slow].frames.through
        return f"{slow} has acknowledged nothing for {self._answer_s:g} s (it has {through} frames)"
