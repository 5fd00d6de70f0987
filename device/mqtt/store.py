"""The receiver's side of one film: what has arrived, on disk, as files of our own making.

A folder for each film, named by ourselves:

    job.json              whose job it is, and its head
    frame-000000.jpg ...  the frames
    part-000000.bin ...   sound and subtitles, until they are whole
    beside.mka            sound and subtitles, whole

What is there is the state: a receiver that was killed goes on from the folder. Each file is written under
another name, synced and renamed, and the folder is synced before anything is acknowledged.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING

from device.errors import UnreadableJpeg, from_os_error
from device.media.facts import Facts, read_facts
from device.mqtt.messages import MAX_MISSING, PART_BYTES, BadMessage, Head, Progress, read_head, read_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from device.mqtt.topics import Parsed

JOB_FILE = "job.json"
BESIDE_FILE = "beside.mka"
_UNFINISHED = ".unfinished"
#: No film is longer: 300 days at 25 frames/s would be.
MAX_FRAMES = 1_000_000
#: How far ahead of the first gap something may be; senders keep a smaller window.
_MAX_AHEAD = 20_000


def write_file(path: Path, data: bytes) -> None:
    """Write ``data`` whole or not at all, synced; its folder is not. Raises OSError."""
    write_pieces(path, [data])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write all ``pieces`` as ``write_file`` does; what their iterator raises leaves nothing behind."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(unfinished, flags, 0o666), "wb") as file:  # noqa: PTH123 - needs these flags
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Numbered:
    """Files of one folder that carry a number. Numbers on disk when it is made are there already."""

    def __init__(self, folder: Path, prefix: str, suffix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._suffix = suffix
        self._ahead: set[int] = set()
        #: All numbers below this one are there.
        self.through = 0
        name = re.compile(rf"{re.escape(prefix)}-(\d{{6,9}}){re.escape(suffix)}")
        for entry in os.scandir(folder):
            if (match := name.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                self._ahead.add(int(match[1]))
        self._advance()

    def __contains__(self, number: int) -> bool:
        """Whether it is there."""
        return number < self.through or number in self._ahead

    @property
    def highest(self) -> int:
        """The highest number that is there; -1 for none."""
        return max(self._ahead, default=self.through - 1)

    def path(self, number: int) -> Path:
        """Where a number lies, or would."""
        return self._folder / f"{self._prefix}-{number:06d}{self._suffix}"

    def add(self, number: int, data: bytes) -> bool:
        """Write one; False if it is there already, or too far ahead. Raises OSError."""
        if number in self or number >= self.through + _MAX_AHEAD:
            return False
        write_file(self.path(number), data)
        self._ahead.add(number)
        self._advance()
        return True

    def progress(self) -> Progress:
        """What to acknowledge, once the folder is synced."""
        missing: list[int] = []
        for number in range(self.through, self.highest):
            if number not in self._ahead:
                missing.append(number)
                if len(missing) == MAX_MISSING:
                    break
        return Progress(self.through, tuple(missing))

    def _advance(self) -> None:
        while self.through in self._ahead:
            self._ahead.remove(self.through)
            self.through += 1


class JobStore:
    """One film's folder, made by ``JobStore.open``. Whatever fails on the disk is a TintcastError."""

    def __init__(self, folder: Path, owner: str, head: Head) -> None:
        self.folder = folder
        self.owner = owner
        self.head = head
        self.frames = Numbered(folder, "frame", ".jpg")
        self.parts = Numbered(folder, "part", ".bin")
        self._last: int | None = None
        self._whole = (folder / BESIDE_FILE).is_file()
        self._read_last()

    @classmethod
    def open(cls, root: Path, topic: Parsed, head: Head) -> JobStore:
        """Make the folder of a job below ``root``, or go on with the one that is there."""
        owner = f"{topic.role.prefix}/job/{topic.job}"
        folder = root / folder_name(topic.job, owner)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.is_symlink():
                raise NotADirectoryError(20, "a link stands where the job's folder should be")
            for entry in folder.glob(f"*{_UNFINISHED}"):
                entry.unlink()
            store = cls(folder, owner, head)
            store.update(head)
            if store._whole:
                store._drop_parts()
        except OSError as error:
            raise from_os_error(error, where=folder, doing="can't write") from None
        return store

    @classmethod
    def resume(cls, folder: Path) -> JobStore | None:
        """What a folder holds by its own word; None if it is not a job's."""
        try:
            value = json.loads((folder / JOB_FILE).read_bytes())
            return cls(folder, str(value["owner"]), read_head(json.dumps(value["head"]).encode()))
        except (OSError, ValueError, LookupError, TypeError, BadMessage):
            return None

    @property
    def complete(self) -> bool:
        """Whether the last frame and all before it, and all of the sound, are there."""
        return self._frames_done and self._beside_done

    @property
    def beside(self) -> Path | None:
        """Sound and subtitles, whole; None if there are none."""
        path = self.folder / BESIDE_FILE
        return path if self._whole and path.stat().st_size else None

    def update(self, head: Head) -> None:
        """Take a newer head: the sender knows the number of frames only at the end."""
        text = json.dumps({"owner": self.owner, "head": json.loads(head.to_bytes())}, indent=1)
        try:
            write_file(self.folder / JOB_FILE, text.encode())
            sync_folder(self.folder)
        except OSError as error:
            raise from_os_error(error, where=self.folder, doing="can't write") from None
        self.head = head

    def add_frame(self, facts: Facts, jpeg: bytes) -> bool:
        """Keep a frame; False if it is here already. Raises BadMessage for one that is not this film's."""
        last = self._last if self._last is not None else MAX_FRAMES
        if facts.sequence > last or (facts.last and facts.sequence < self.frames.highest):
            raise BadMessage("a frame after the last")
        if facts.width > self.head.width or facts.height > self.head.height:
            raise BadMessage("larger than the film")
        added = _add(self.frames, facts.sequence, jpeg)
        if added and facts.last:
            self._last = facts.sequence
        return added

    def add_part(self, payload: bytes) -> bool:
        """Keep a part of sound and subtitles; as ``add_frame``."""
        beside = self.head.beside
        number, count, data = read_part(payload)
        if beside is None or count != beside.parts:
            raise BadMessage("no such part")
        size = beside.size - number * PART_BYTES if number == count - 1 else PART_BYTES
        if len(data) != size:
            raise BadMessage("length")
        return not self._whole and _add(self.parts, number, data)

    def progress(self) -> tuple[Progress, Progress]:
        """Frames and parts that are safely here: syncs first."""
        try:
            sync_folder(self.folder)
            if not self._whole and self.head.beside and self.parts.through == self.head.beside.parts:
                self._join_parts()
        except OSError as error:
            raise from_os_error(error, where=self.folder, doing="can't write") from None
        beside = self.head.beside
        parts = Progress(beside.parts) if beside and self._whole else self.parts.progress()
        return self.frames.progress(), parts

    @property
    def _frames_done(self) -> bool:
        return self._last is not None and self.frames.through == self._last + 1

    @property
    def _beside_done(self) -> bool:
        return self.head.beside is None or self._whole

    def _join_parts(self) -> None:
        """Make one file of all parts; an empty one where they don't add up: the film goes without."""
        expected = self.head.beside.sha256 if self.head.beside else ""
        digest = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            for number in range(self.parts.through):
                data = self.parts.path(number).read_bytes()
                digest.update(data)
                yield data
            if digest.hexdigest() != expected:
                raise BadMessage("the parts don't add up")

        try:
            write_pieces(self.folder / BESIDE_FILE, pieces())
        except BadMessage:
            write_file(self.folder / BESIDE_FILE, b"")
        sync_folder(self.folder)
        self._whole = True
        self._drop_parts()

    def _drop_parts(self) -> None:
        for entry in self.folder.glob("part-*.bin"):
            entry.unlink()
        self.parts = Numbered(self.folder, "part", ".bin")

    def _read_last(self) -> None:
        """After a restart: whether the highest frame says that it is the last."""
        highest = self.frames.highest
        if highest >= 0:
            try:
                facts = read_facts(self.frames.path(highest).read_bytes())
            except (OSError, UnreadableJpeg):
                return
            if facts.last:
                self._last = facts.sequence


def _add(numbered: Numbered, number: int, data: bytes) -> bool:
    try:
        return numbered.add(number, data)
    except OSError as error:
        raise from_os_error(error, where=numbered.path(number), doing="can't write") from None


def folder_name(job: str, owner: str) -> str:
    """A name of our own for a job's folder: readable, and another for each owner."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", job)[:40].strip("-") or "job"
    return f"{readable}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}"
