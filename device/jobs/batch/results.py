"""What stands in the folder of results: whose it is, and what of it still lacks its record."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from device.errors import TintcastError
from device.jobs.batch.outcomes import Ending, now
from device.jobs.batch.records import Outcome
from device.jobs.batch.scan import Item, State, kind_of
from device.jobs.film_receipt import read_receipt
from device.jobs.film_shots import read_shots, settle, shots_folder
from device.media.durable import writable
from device.media.segments import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from device.jobs.batch.records import Begun, Ledger, Record


def is_ours(target: Path, out: str, record: Record | None) -> bool:
    """Whether the file ``target``, ``out`` below OUT, is as ``record`` says, or as a redone shot left it."""
    if record is None or record.out != out:
        return False
    return is_as_recorded(target, record) or read_shots(target) is not None


def is_as_recorded(target: Path, record: Record | None) -> bool:
    """Whether the file ``target`` has the size and the time that ``record`` says."""
    if record is None:
        return False
    try:
        status = target.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (record.out_bytes, record.out_mtime_ns)


def is_of_another(before: Record, ending: Ending) -> bool:
    """Whether the record is of another file, which had this place in another folder."""
    path = ending.item.path
    if before.source == str(path.absolute()) or before.identity.get("source") == ending.identity["source"]:
        return False
    try:
        return not path.samefile(before.source)
    except OSError:
        return True


def unrecorded(out: Path, relatives: Iterable[str], before: Record | None) -> str | None:
    """Which of ``relatives`` below ``out`` stands there whole, and not as ``before`` says; None: none.

    Of a picture that was begun it can only be ours: where it began, nothing else stood there.
    """
    for relative in relatives:
        target = out / relative
        if os.path.isfile(target) and not is_as_recorded(target, before):  # noqa: PTH113 - it never raises
            return relative
    return None


def closed_segments(film: Path) -> int:
    """How many segments of the unfinished ``film`` are closed."""
    return sum(1 for _ in WorkFolder.path_for(film).glob("[0-9]*.json"))


def adopt(source: Path, out: Path, ledger: Ledger) -> list[Record]:
    """Write the records of results that got their name just before an earlier run was killed; returns them.

    What those films left behind is tidied away. Raises an error of the tree where records can't be written.
    """
    adopted = []
    for begun in ledger.begun():
        before = ledger.get(begun.relative)
        if before is None or before.identity != begun.identity or before.outcome is Outcome.FAILED:
            before = _adopted(source, out, ledger, begun)
            if before is None:
                continue
            ledger.write(before)
            adopted.append(before)
        if before.kind != "picture" and before.out is not None:
            tidy(out / before.out)
    with writable(ledger.receipt):
        ledger.receipt.unlink(missing_ok=True)  # it fits a result of before, whatever is asked for next
    return adopted


def _adopted(source: Path, out: Path, ledger: Ledger, begun: Begun) -> Record | None:
    """The record of what was begun, if it was finished."""
    relative = unrecorded(out, begun.outs, ledger.get(begun.relative))
    if relative is None:
        return None
    path = source / begun.relative
    kind, target = kind_of(path), out / relative
    known = {"frames": 1} if kind == "picture" else read_receipt(ledger.receipt, target)
    if known is None:
        return None
    item = Item(path, begun.relative, kind, State(0, 0, 0))
    return Ending(item, begun.identity, now()).done(target, relative, known)


def tidy(film: Path) -> None:
    """Delete what a process that was killed left beside the finished ``film``, unless another is at it."""
    if not (os.path.lexists(WorkFolder.path_for(film)) or os.path.lexists(shots_folder(film))):
        return
    # What can't be deleted is in nobody's way: a later run on the same film throws it away.
    with contextlib.suppress(TintcastError, OSError), WorkFolder(film, {}, resume=False):
        settle(film)
