"""What became of each file, kept in OUT/.tintcast: the night's own folder, for one run at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from device.errors import ConfigurationError, MissingInput, TintcastError
from device.jobs import plain
from device.jobs.batch.starts import Starts
from device.media.disk import sync_disk
from device.media.durable import writable, write_bytes
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

#: The night's own folder in OUT.
FOLDER = ".tintcast"
#: Layout of a record; another one counts as none.
FORMAT = 1
#: What failed so may go well another time, whatever the file is: every run tries it again.
PASSING = frozenset({"space", "there", "gone", "changed", "broker", "busy"})
_LONGEST_NAME = 240  # bytes: what is written beside it has a longer name

Kind = Literal["film", "picture", "sequence"]


class Outcome(StrEnum):
    """What became of a file."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one file.

    ``source``: its path, ``relative``: the same below IN; ``out``: its result below OUT, None where there is
    none. ``identity``: what the result follows from. ``how`` it failed: "crashed", "hung", "memory",
    "corrupt", "refused", "space", "there" (a file that is not ours stands where the result belongs), "busy"
    (another run is writing it), "gone", "changed" (while it was worked on), "broker" or "mistake" (ours);
    ``reason``: why it failed or was skipped.
    ``frames`` ... ``notes`` as in ``FilmResult``; ``figures``: of the film's colour. ``out_bytes``,
    ``out_mtime_ns``: of the result. ``began``, ``ended``: ISO 8601 with time zone.
    """

    source: str
    relative: str
    kind: Kind
    outcome: Outcome
    out: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    how: str = ""
    reason: str = ""
    frames: int = 0
    passed: int = 0
    resumed: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    network_ms: float = 0.0
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    out_bytes: int = 0
    out_mtime_ns: int = 0
    began: str = ""
    ended: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """What was begun and has no record yet: after a kill, a whole file among ``outs`` is its result."""

    relative: str
    outs: tuple[str, ...]
    identity: Mapping[str, Any]


def mean_rate(films: Iterable[tuple[int, float]]) -> float | None:
    """Frames a second over ``films``, each of which is its frames coloured and their rate; None: of none."""
    known = [(frames, rate) for frames, rate in films if frames > 0 and rate > 0]
    seconds = sum(frames / rate for frames, rate in known)
    return sum(frames for frames, _ in known) / seconds if seconds else None


class Ledger:
    """All records of the folder ``out``. ``hold`` it to write.

    Only whole files are ever seen, whenever the plug is pulled. A record that can't be read counts as none.
    ``starts``: of films, how often each was begun in vain.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER
        self.starts = Starts(self.folder / "starts.json")
        self._jobs = self.folder / "jobs"
        self._lock: int | None = None
        self._known: dict[str, Record] | None = None
        self._places: dict[str, Path] = {}
        self._unsure = False

    @property
    def receipt(self) -> Path:
        """Where a film's own process lays down what came of it."""
        return self.folder / "receipt.json"

    def hold(self) -> Self:
        """Take the folder for this run; made where missing.

        Raises ConfigurationError while another run has it, and where it can't be written.
        """
        try:
            with writable(self.folder):
                self._jobs.mkdir(parents=True, exist_ok=True)
                self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except TintcastError as error:
            raise ConfigurationError(error.what, where=self.folder.parent, hint=error.hint) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            raise ConfigurationError(
                "another run of `tintcast batch` is writing here", where=self.folder.parent,
                hint="wait for it, or name another folder for the results",
            ) from None  # fmt: skip
        return self

    def check(self) -> None:
        """See that the folder is still there: of a disk that was taken out, nothing is made anew elsewhere.

        Raises MissingInput.
        """
        if not os.path.exists(self.folder / "lock"):  # noqa: PTH110 - it never raises
            raise MissingInput(
                "the folder for the results is gone", where=self.folder.parent,
                hint="bring it back and run it again",
            )  # fmt: skip

    def release(self) -> None:
        """Let another run have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def all(self) -> list[Record]:
        """Every record there is, in no order."""
        return list(self._read_all().values())

    def get(self, relative: str) -> Record | None:
        """The record of the file at ``relative``, if there is one."""
        return self._read_all().get(relative)

    def write(self, record: Record) -> None:
        """Keep ``record`` in place of the one before.

        Those of pictures reach the disk all together, with ``end``: until then what was begun stands for
        them. Raises an error of the tree: SpaceError on a full disk.
        """
        self.check()
        self._read_all()
        path = self._places.get(record.relative) or self._path(record.relative)
        with writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        data = json.dumps({"format": FORMAT, **asdict(record)}, indent=1).encode()
        if record.kind == "picture":
            with writable(path):
                part = path.with_name(path.name + ".part")
                part.write_bytes(data)
                part.replace(path)
            self._unsure = True
        else:
            write_bytes(path, data)
        self._read_all()[record.relative] = record
        self._places[record.relative] = path

    def begin(self, begun: tuple[Begun, ...]) -> None:
        """Note what is worked on now, and where its results will stand: what stands there then is ours.

        Raises an error of the tree: SpaceError on a full disk.
        """
        self.check()
        self._make_sure()
        with writable(self.receipt):
            self.receipt.unlink(missing_ok=True)
        write_bytes(self._begun, json.dumps([asdict(each) for each in begun]).encode())

    def begun(self) -> tuple[Begun, ...]:
        """What was begun and not ended."""
        try:
            values = json.loads(read_regular(self._begun))
            plain.names(plain.shallow(values))
            return tuple(
                _check_begun(Begun(value["relative"], tuple(value["outs"]), value["identity"]))
                for value in values
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ()

    def end(self) -> None:
        """What was begun has its records."""
        self._make_sure()
        with writable(self._begun):
            self._begun.unlink(missing_ok=True)
            self.receipt.unlink(missing_ok=True)

    def _make_sure(self) -> None:
        """Bring to the disk what was written without waiting for it."""
        if self._unsure:
            with writable(self.folder):
                sync_disk(self.folder)
            self._unsure = False

    @property
    def _begun(self) -> Path:
        return self.folder / "begun.json"

    def _path(self, relative: str) -> Path:
        """Where the first record of the file at ``relative`` goes."""
        path = PurePath(relative)
        raw = os.fsencode(path.name)
        name = path.name
        if len(raw) > _LONGEST_NAME:
            name = os.fsdecode(raw[:150]) + "-" + hashlib.sha256(raw).hexdigest()
        # A folder of films may be called as a record is.
        folders = (f"{each}_" if each.endswith(".json") else each for each in path.parts[:-1])
        place = self._jobs.joinpath(*folders, f"{name}.json")
        there = _read(place)
        if there is None or there.relative == relative:
            return place
        # Two may meet in one name: on a disk that takes a.mp4 for A.mp4, or in a folder that is called so.
        alone = hashlib.sha256(os.fsencode(relative)).hexdigest()[:8]
        return place.with_name(f"{raw[:150].decode('utf-8', 'ignore')}-{alone}.json")

    def _read_all(self) -> dict[str, Record]:
        if self._known is None:
            self._known = {}
            for path in self._jobs.rglob("*.json"):
                if (record := _read(path)) is not None:
                    self._known[record.relative], self._places[record.relative] = record, path
        return self._known


def _read(path: Path) -> Record | None:
    try:
        values = json.loads(read_regular(path))
        plain.names(plain.shallow(values))
        if values.pop("format") != FORMAT:
            return None
        names = {each.name for each in fields(Record)}
        values = {name: value for name, value in values.items() if name in names}
        values["notes"] = tuple(values.get("notes", ()))
        record = Record(**{**values, "outcome": Outcome(values["outcome"])})
        _check(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record


def _check(record: Record) -> None:
    """See that every field is what it is declared as, and that no path leads elsewhere."""
    words = (record.source, record.how, record.reason, record.began, record.ended, record.version)
    for word in (*words, *record.notes):
        plain.text(word)
    for count in (record.frames, record.passed, record.resumed, record.out_bytes, record.out_mtime_ns):
        plain.whole(count)
    for number in (record.seconds, record.rate, record.network_ms):
        plain.number(number)
    if record.kind not in get_args(Kind) or "\0" in record.source:
        raise ValueError("not as we write it")
    plain.below(record.relative)
    if record.out is not None:
        _check_result(record.out)
    plain.mapping(record.figures)
    _check_identity(record.identity)


def _check_begun(begun: Begun) -> Begun:
    plain.below(begun.relative)
    for out in begun.outs:
        _check_result(out)
    _check_identity(begun.identity)
    return begun


def _check_result(out: object) -> None:
    parts = PurePath(plain.below(out)).parts
    if not parts or FOLDER in parts:
        raise ValueError("no place for a result")


def _check_identity(identity: Mapping[str, Any]) -> None:
    plain.mapping(plain.mapping(identity).get("source", {}))
