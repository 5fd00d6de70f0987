"""Records of what became of a file, from results and errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from device.errors import (
    BrokerError,
    ConfigurationError,
    FilmBusy,
    FilmCrashed,
    FilmStalled,
    FilmTooLarge,
    InputError,
    MissingInput,
    NotOurs,
    SourceChanged,
    SpaceError,
    TintcastError,
    UnreadableFilm,
    UnreadablePicture,
)
from device.jobs.batch.records import Outcome, Record
from device.media.durable import writable
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.jobs.batch.scan import Item

#: How a file failed, by its error; the first that fits.
_HOW = (
    (FilmCrashed, "crashed"),
    (FilmStalled, "hung"),
    (FilmTooLarge, "memory"),
    (UnreadableFilm, "corrupt"),
    (UnreadablePicture, "corrupt"),
    (SpaceError, "space"),
    (SourceChanged, "changed"),
    (MissingInput, "gone"),
    (BrokerError, "broker"),
    (FilmBusy, "busy"),
    (NotOurs, "there"),
    (InputError, "refused"),
    (ConfigurationError, "refused"),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """A file that ended: everything that its record says whatever became of it."""

    item: Item
    identity: Mapping[str, Any]
    began: str

    def done(self, out: Path, relative: str, result: Mapping[str, Any]) -> Record:
        """It is done: ``out``, at ``relative`` below OUT. ``result``: fields of a ``FilmResult``.

        Raises an error of the tree where ``out`` can't be looked at.
        """
        with writable(out):
            status = out.stat()
        names = ("frames", "passed", "resumed", "seconds", "rate", "network_ms", "figures")
        fields = {name: result[name] for name in names if name in result}
        return self._record(
            Outcome.DONE,
            out=relative,
            out_bytes=status.st_size,
            out_mtime_ns=status.st_mtime_ns,
            notes=tuple(result.get("notes", ())),
            **fields,
        )

    def skipped(self, reason: str, result: Mapping[str, Any]) -> Record:
        """It needs no work."""
        fields = {name: result[name] for name in ("frames", "seconds") if name in result}
        return self._record(Outcome.SKIPPED, reason=reason, notes=tuple(result.get("notes", ())), **fields)

    def failed(self, error: TintcastError, before: Record | None) -> Record:
        """It failed; what an earlier run made of it, as in ``before``, stays where it is."""
        kept = {}
        if before is not None and before.out is not None:
            kept = {
                "out": before.out, "out_bytes": before.out_bytes, "out_mtime_ns": before.out_mtime_ns
            }  # fmt: skip
        reason = str(type(error)(error.what, hint=error.hint))
        return self._record(Outcome.FAILED, how=how_of(error), reason=reason, **kept)

    def _record(self, outcome: Outcome, **fields: Any) -> Record:
        return Record(
            source=str(self.item.path.absolute()),
            relative=self.item.relative,
            kind=self.item.kind,
            outcome=outcome,
            identity=self.identity,
            began=self.began,
            ended=now(),
            version=version(),
            **fields,
        )


def how_of(error: TintcastError) -> str:
    """How a file failed, in a word, as in ``Record``."""
    return next((how for kind, how in _HOW if isinstance(error, kind)), "mistake")


def now() -> str:
    """The time on the wall, ISO 8601 with its zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
