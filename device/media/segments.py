"""The closed segments that a film is written in, and what is needed to go on after the last of them.

A work folder beside the film holds for each segment its frames (Matroska), and a JSON that lists their time
stamps and the state to go on with. What has its final name is whole.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from device.errors import ConfigurationError, FilmBusy, TintcastError
from device.media.durable import PartFile, writable, write_bytes
from device.media.hold import LOCK, enter, is_at
from device.media.marks import Marks
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

#: Layout of the folder and of the states in it; another one is not gone on with.
FORMAT = 4
_ENDING = ".tintcast"
#: In the identity of work on some of a film's shots alone.
REDO = "redo"
#: A segment without a cut closes after this many times the least length.
_LONGEST = 4


class Boundaries:
    """Where segments begin: a rule on the film alone, so that every run makes the same.

    At the first cut at least ``least`` frames after the last boundary, else after four times as many.
    """

    def __init__(self, least: int, last: int = 0) -> None:
        self._least = least
        self._last = last

    def possible(self, index: int) -> bool:
        """Whether a segment may begin with frame ``index``, if it is a cut."""
        return index - self._last >= self._least

    def begins(self, index: int, *, cut: bool) -> bool:
        """Whether a segment begins with frame ``index``; asked once for each frame, in order."""
        begins = self.possible(index) and (cut or index - self._last >= _LONGEST * self._least)
        if begins:
            self._last = index
        return begins


def of_work_folder(path: Path) -> Path:
    """The film that a work folder is for."""
    return path.with_name(path.name[1 : -len(_ENDING)])


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed segment: frames ``first`` to ``end`` (not included), their stamps, the state to go on with.

    ``prints``: fingerprints of the luma of its last frames; ``record``: what an earlier run kept of the film.
    """

    path: Path
    first: int
    pts: tuple[int, ...]
    state: Mapping[str, Any]
    prints: tuple[int, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Number of the frame that follows."""
        return self.first + len(self.pts)


class WorkFolder:
    """The segments of one film on their way to ``out``, for one run at a time.

    ``identity``: everything that the pixels follow from; segments of another identity are thrown away, and
    all of them without ``resume``. ``all_states``: the state of each segment is wanted, not that of the last
    alone: a long film's are large. ``segments``: what is closed and can be gone on from; ``restarted``: why
    earlier segments were not kept.
    Raises FilmBusy while another run holds the folder, ConfigurationError where some shots are to be redone
    and a run on the whole film was interrupted: what it did would be lost.
    """

    def __init__(
        self, out: Path, identity: Mapping[str, Any], *, resume: bool = True, all_states: bool = False
    ) -> None:
        self.path = self.path_for(out)
        self.restarted: str | None = None
        self.identity = {"format": FORMAT, **identity}
        self.segments: list[Segment] = []
        self._all_states = all_states
        with writable(out):
            lock = enter(self.path)
        if lock is None:
            raise FilmBusy("another run is writing this film", where=out)
        self._lock = lock
        try:
            with writable(out):
                self._adopt(resume=resume)
            for segment in self._closed():
                self._count(segment)
        except BaseException:
            self._lock.close()
            raise

    @staticmethod
    def path_for(out: Path) -> Path:
        """Where the folder of the film ``out`` lies."""
        return out.with_name(f".{out.name}{_ENDING}")

    @staticmethod
    def sweep(out: Path) -> None:
        """Delete what a redo of the film ``out`` left that was killed, unless another run has the folder."""
        folder = WorkFolder.path_for(out)
        if folder.exists() and REDO in (_read(folder / "job.json") or {REDO: None}):
            with contextlib.suppress(TintcastError):
                WorkFolder(out, {REDO: []}, resume=False).release()

    @property
    def next_index(self) -> int:
        """Number of the first frame that is still to do."""
        return self.segments[-1].end if self.segments else 0

    def marks(self) -> Marks:
        """By what the source finds the frames before ``next_index`` again."""
        prints = {
            number: mark
            for segment in self.segments
            for number, mark in enumerate(segment.prints, segment.end - len(segment.prints))
        }
        return Marks([pts for segment in self.segments for pts in segment.pts], prints)

    def state(self) -> Mapping[str, Any] | None:
        """The state to go on with at ``next_index``; None at the start."""
        return self.segments[-1].state if self.segments else None

    def begin_segment(self, first: int | None = None) -> PartFile:
        """The file of the next segment; ``close_segment`` makes it count, ``discard`` throws it away.

        ``first``: number of its first frame, where segments before it are still to be closed.
        """
        return PartFile(self.segment_path(self.next_index if first is None else first))

    def close_segment(
        self,
        part: PartFile,
        pts: tuple[int, ...],
        state: Mapping[str, Any],
        prints: tuple[int, ...] = (),
        record: Mapping[str, Any] | None = None,
    ) -> None:
        """Count a segment that is written, and lay down beside it the state that follows its last frame.

        ``state``, ``record``: values that JSON holds; ``prints``: fingerprints of its last frames.
        """
        part.commit()
        facts = {
            "first": self.next_index,
            "pts": pts,
            "bytes": part.path.stat().st_size,
            "state": state,
            "prints": prints,
            "record": record or {},
        }
        write_bytes(part.path.with_suffix(".json"), json.dumps(facts).encode())
        self._count(Segment(part.path, self.next_index, pts, state, prints))

    def release(self) -> None:
        """Let another run have the folder; what is closed stays. An empty folder goes."""
        if not self.segments:
            self.remove()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def remove(self) -> None:
        """Delete the folder, if it still is ours: the film is finished. Others may have it then.

        The lock goes last: whoever enters before finds the folder held, whoever enters then finds it empty.
        """
        if self._lock.closed or not is_at(self._lock, self.path):
            return
        first = self.path / "job.json"  # what is left after a kill is nobody's then
        with contextlib.suppress(OSError):
            for file in (first, *self._files(), self.path / LOCK):
                file.unlink(missing_ok=True)
        self._lock.close()
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def segment_path(self, first: int) -> Path:
        """Where the segment that begins with frame ``first`` lies."""
        return self.path / f"{first:08d}.mkv"

    def _files(self) -> list[Path]:
        """All that lies in the folder but the lock, and but folders: those are none of ours."""
        return [
            file
            for file in self.path.iterdir()
            if file.name != LOCK and (file.is_symlink() or not file.is_dir())
        ]

    def _count(self, segment: Segment) -> None:
        """Take in a segment that is closed."""
        if self.segments and not self._all_states:
            self.segments[-1] = replace(self.segments[-1], state={})
        self.segments.append(segment)

    def _adopt(self, *, resume: bool) -> None:
        """Keep what earlier runs left if it is of the same identity; else empty the folder."""
        path = self.path / "job.json"
        known = _read(path)
        mine = json.loads(json.dumps(self.identity))
        if known == mine and resume:
            return
        unfinished = any(self.path.glob("*.mkv")) and known is not None and REDO not in known
        if unfinished and REDO in mine:
            raise ConfigurationError(
                "it is being coloured afresh, and that was interrupted",
                where=of_work_folder(self.path),
                hint=f"run that to its end, or delete {self.path}",
            )
        for file in self._files():
            file.unlink(missing_ok=True)
        if unfinished:
            changed = [key for key in mine if known is None or known.get(key) != mine[key]]
            why = f"{', '.join(changed)} changed since the last run" if changed else "every frame is wanted"
            self.restarted = f"begun afresh: {why}"
        write_bytes(path, json.dumps(mine, indent=1).encode())

    def _closed(self) -> Iterator[Segment]:
        """Segments in order, as far as they follow each other without a gap and are whole."""
        first = 0
        while (path := self.segment_path(first)).exists():
            facts = _read(path.with_suffix(".json"))
            if facts is None:
                return
            try:
                if facts["first"] != first or facts["bytes"] != path.stat().st_size or not facts["pts"]:
                    return
                segment = Segment(
                    path,
                    first,
                    tuple(facts["pts"]),
                    dict(facts["state"]),
                    tuple(facts["prints"]),
                    dict(facts["record"]),
                )
            except (OSError, ValueError, KeyError, TypeError):
                return
            yield segment
            first = segment.end


def _read(path: Path) -> dict[str, Any] | None:
    """An object of JSON; None where there is none."""
    try:
        value = json.loads(read_regular(path))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
