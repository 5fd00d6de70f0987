"""The receiver's side: films frame by frame onto the disk, acknowledged after that; live, the newest picture.

Every topic and payload may have been written by anyone: what does not fit is counted and dropped.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from device.errors import UnreadableJpeg, from_os_error
from device.media.facts import read_facts
from device.mqtt import topics
from device.mqtt.inbox import Message, Up
from device.mqtt.messages import Ack, BadMessage, read_head
from device.mqtt.store import JobStore, folder_name, write_file
from device.mqtt.topics import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.mqtt.inbox import Event
    from device.mqtt.session import Session
    from device.mqtt.topics import Parsed

#: Films and live streams at once; more are dropped.
_MOST_JOBS = 64
_MOST_STREAMS = 64


def subscriptions(
    base: str, *, sender: str | None = None, job: str | None = None, live: bool = True
) -> list[str]:
    """What its session must be subscribed to.

    ``sender``, ``job``: only this device, only this film; ``live``: also live pictures.
    """
    role = f"{base}/{sender or '+'}/+"
    films = [f"{role}/job/{job or '+'}/{leaf}" for leaf in ("head", "frame", "beside")]
    return [*films, f"{role}/frame"] if live else films


class Reception:
    """What arrives on ``session`` (subscribed to ``subscriptions``), in folders below ``root``.

    ``hear`` each event, then ``commit``: what that acknowledges is safe on the disk. ``name``: ours.
    ``largest``: bytes of a frame at most. ``keep``: how many pictures of a live stream stay.
    """

    def __init__(
        self, session: Session, root: Path, name: str, *, largest: int, keep: int, say: Callable[[str], None]
    ) -> None:
        self._session = session
        self._root = root
        self._name = name
        self._largest = largest
        self._say = say
        self._connection = secrets.token_hex(4)
        self._dirty: dict[str, JobStore] = {}
        self._live = LivePictures(root, keep)
        self.jobs: dict[str, JobStore] = {}
        self.frames = 0
        #: Frames and parts that were here already.
        self.duplicates = 0
        self.refused = 0
        #: Messages of ours that were taken in, of whatever kind.
        self.heard = 0

    @property
    def live(self) -> int:
        """Live pictures written."""
        return self._live.written

    def hear(self, event: Event) -> None:
        """Take in one event. Raises a TintcastError for what fails on our own disk."""
        if isinstance(event, Up):
            # Our word under a new name tells the senders: what you sent meanwhile did not arrive.
            self._connection = secrets.token_hex(4)
            self._dirty.update(self.jobs)
        elif isinstance(event, Message):
            try:
                self._take(topics.parse(event.topic), event.payload)
                self.heard += 1
            except (BadMessage, UnreadableJpeg):
                self.refused += 1

    def commit(self) -> list[JobStore]:
        """Make what was heard durable and acknowledge it; returns the films that are complete with it."""
        self._live.write()
        complete = []
        for owner, store in self._dirty.items():
            frames, parts = store.progress()
            ack = Ack(self._connection, frames, parts, complete=store.complete)
            self._session.hold(f"{owner}/ack/{self._name}", ack.to_bytes())
            if store.complete:
                complete.append(store)
        self._dirty.clear()
        return complete

    def _take(self, topic: Parsed | None, payload: bytes) -> None:
        if topic is None or topic.role.base != self._session.role.base or len(payload) > self._largest:
            raise BadMessage("topic or size")
        if topic.kind is Kind.FRAME:
            read_facts(payload)
            self._live.lay(topic.role, payload)
            return
        owner = f"{topic.role.prefix}/job/{topic.job}"
        if topic.kind is Kind.HEAD:
            self._take_head(topic, owner, payload)
            return
        store = self.jobs.get(owner)
        if store is None:
            return
        if topic.kind is Kind.JOB_FRAME:
            facts = read_facts(payload)
            if facts.job != topic.job:
                raise BadMessage("another job's frame")
            added = store.add_frame(facts, payload)
            self.frames += added
            self.duplicates += not added
        elif topic.kind is Kind.BESIDE:
            self.duplicates += not store.add_part(payload)
        self._dirty[owner] = store

    def _take_head(self, topic: Parsed, owner: str, payload: bytes) -> None:
        store = self.jobs.get(owner)
        if not payload:
            self._end(owner)
            return
        head = read_head(payload)
        if store is not None:
            if head != store.head:
                store.update(head)
        elif len(self.jobs) < _MOST_JOBS:
            store = JobStore.open(self._root, topic, head)
            self.jobs[owner] = store
            there = f", {store.frames.through} frames are here already" if store.frames.through else ""
            self._say(f"{topic.job}: a film from {topic.role.device}{there}")
        else:
            raise BadMessage("too many films at once")
        self._dirty[owner] = store

    def _end(self, owner: str) -> None:
        """The sender has cleared its head: it is done, or has given up."""
        store = self.jobs.pop(owner, None)
        self._dirty.pop(owner, None)
        if store is None:
            return
        self._session.hold(f"{owner}/ack/{self._name}", b"")
        if not store.complete:
            self._say(f"{store.folder.name}: given up by its sender after {store.frames.through} frames")


class LivePictures:
    """The newest pictures of each live stream: a folder each, numbered files, the oldest go."""

    def __init__(self, root: Path, keep: int) -> None:
        self._root = root
        self._keep = keep
        self._newest: dict[str, bytes] = {}
        self._next: dict[str, int] = {}
        self.written = 0

    def lay(self, role: topics.Role, jpeg: bytes) -> None:
        """Lay the newest down; one that was not written yet goes. Raises BadMessage for a stream too many."""
        folder = "live-" + folder_name(f"{role.device}-{role.role}", role.prefix)
        if folder not in self._newest and len(self._newest) + len(self._next) >= 2 * _MOST_STREAMS:
            raise BadMessage("too many streams")
        self._newest[folder] = jpeg

    def write(self) -> None:
        """Write what was laid down. Raises a TintcastError for what fails on the disk."""
        for name, jpeg in self._newest.items():
            folder = self._root / name
            try:
                number = self._next.get(name)
                if number is None:
                    number = _next_number(folder)
                write_file(folder / f"frame-{number:09d}.jpg", jpeg)
                (folder / f"frame-{number - self._keep:09d}.jpg").unlink(missing_ok=True)
            except OSError as error:
                raise from_os_error(error, where=folder, doing="can't write") from None
            self._next[name] = number + 1
            self.written += 1
        self._newest.clear()


def _next_number(folder: Path) -> int:
    """Make ``folder``; one more than the highest picture that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(20, "a link stands where the folder should be")
    names = (re.fullmatch(r"frame-(\d{9})\.jpg", entry.name) for entry in folder.iterdir())
    return max((int(match[1]) + 1 for match in names if match), default=0)
