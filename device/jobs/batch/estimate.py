"""What each film will take on this board, measured on the films themselves before a night is spent.

This side imports no codec: a child process does the measuring, and a bad film does not stop it.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.jobs.batch.board import Board
from device.jobs.batch.naming import shown
from device.jobs.batch.one_by_one import one_by_one, terms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.scan import Item

#: Films are measured for so many seconds in all; the others are told by those of their kind.
BUDGET_S = 300.0
_CHILD = "device.jobs.batch.estimate_child"


class How(StrEnum):
    """Where an estimate comes from."""

    MEASURED = "measured"
    ALIKE = "as others of its kind"
    COLOUR = "in colour already"
    UNKNOWN = "how long it takes can't be told"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one film, sequence or picture will take.

    ``seconds``: of work, from its start to its end; ``bytes``: of the result. ``rate``: frames a second, all
    told. ``length``: seconds that it plays. ``why``: of ``How.UNKNOWN``, in a line; it has no figures.
    ``busy``: share of the board's time, 0..1, that other work took while it was measured.
    """

    how: How
    seconds: float = 0.0
    frames: int = 0
    bytes: int = 0
    rate: float = 0.0
    length: float = 0.0
    why: str = ""
    busy: float = 0.0

    def left(self, done: int) -> float:
        """Seconds that are left once ``done`` frames were coloured by earlier runs."""
        return self.seconds * (1 - min(done / self.frames, 1)) if self.frames else self.seconds


@dataclass(frozen=True, slots=True)
class Look:
    """The child is to look at these, quickly."""

    items: tuple[Item, ...]
    config: Config


@dataclass(frozen=True, slots=True)
class Looked:
    """What one of them is.

    ``kind``: what its speed follows from. ``samples``: of luma in a frame. ``length``: seconds that it plays;
    it and ``frames`` are 0 where they can't be told. ``beside``: bytes a second of sound and all else that is
    beside the picture.
    """

    kind: tuple[Any, ...]
    samples: int
    frames: int
    length: float
    beside: float


@dataclass(frozen=True, slots=True)
class Measure:
    """The child is to measure these, beginning with none of them once ``budget_s`` seconds have gone by.

    ``folder``: for what it throws away again; here, for a child that is killed throws nothing away.
    """

    items: tuple[Item, ...]
    config: Config
    budget_s: float
    folder: Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of one: seconds to open it, and for ``each`` frame; ``bytes`` a frame.

    ``passed``: share of the frames that passed in their own colour. ``whole``: so many frames it has in all,
    and all of them were done; 0: it was only tried. ``skipped``: it is in colour, and its
    frames are only looked at.
    """

    opening: float
    each: float
    bytes: float
    passed: float
    whole: int
    skipped: bool = False


def estimate(
    items: Sequence[Item],
    config: Config,
    *,
    stop: Stop,
    tell: Callable[[str], None] = lambda _: None,
    budget_s: float = BUDGET_S,
) -> dict[str, Estimate]:
    """What each of ``items`` will take by ``config``: its network, codec and all else; by relative names.

    Each is measured at a few places of its own, as far as ``budget_s`` seconds reach: in turns one of every
    kind (codec, size, depth, grey or colour), the longest first. The others are told by their frames.
    ``tell``: lines for people on how far it is.

    Raises NetworkFileError, ConfigurationError, and Interrupted once ``stop`` is set.
    """
    looked, failed = _look(items, config, stop)
    turns = _in_turns([item for item in items if item.relative in looked], looked)
    board = Board()
    started, measured, unmeasured = _measure(turns, config, stop, tell, budget_s)
    busy = board.others()
    failed |= unmeasured
    found = {name: Estimate(How.UNKNOWN, why=why) for name, why in failed.items()}
    for item in items:
        name = item.relative
        if name in found:
            continue
        if name in measured:
            found[name] = _estimated(How.MEASURED, looked[name], measured[name], started)
        else:
            found[name] = _alike(looked[name], looked, measured, started)
    return {item.relative: replace(found[item.relative], busy=busy) for item in items}


def _look(items: Sequence[Item], config: Config, stop: Stop) -> tuple[dict[str, Looked], dict[str, str]]:
    looked: dict[str, Looked] = {}
    failed = one_by_one(
        _CHILD,
        lambda left: Look(left, config),
        items,
        stop,
        began=lambda _: None,
        got=looked.__setitem__,
        stall_s=config.film.stall_seconds,
        terms=terms_of(config),
    )
    return looked, failed


def _measure(
    items: Sequence[Item], config: Config, stop: Stop, tell: Callable[[str], None], budget_s: float
) -> tuple[float, dict[str, Measurement], dict[str, str]]:
    """Measure what there is time for; also the seconds that a process took to start."""
    deadline = time.monotonic() + budget_s
    measured: dict[str, Measurement] = {}
    began_at = begun_at = 0.0

    def task(left: tuple[Item, ...]) -> Measure:
        nonlocal began_at, begun_at
        began_at, begun_at = time.monotonic(), 0.0
        return Measure(left, config, deadline - began_at, Path(folder))

    def began(name: str) -> None:
        nonlocal begun_at
        begun_at = begun_at or time.monotonic()
        tell(f"measuring {shown(name)}")

    with tempfile.TemporaryDirectory(prefix="tintcast-", dir=_in_memory()) as folder:
        failed = one_by_one(
            _CHILD,
            task,
            items,
            stop,
            began=began,
            got=measured.__setitem__,
            stall_s=config.film.stall_seconds,
            terms=terms_of(config),
        )
    return max(begun_at - began_at, 0.0), measured, failed


def _in_turns(items: Sequence[Item], looked: Mapping[str, Looked]) -> list[Item]:
    """In turns one of every kind, the longest of each first."""
    kinds = defaultdict(list)
    for item in sorted(items, key=lambda item: -looked[item.relative].frames):
        kinds[looked[item.relative].kind].append(item)
    return [item for turn in zip_longest(*kinds.values()) for item in turn if item is not None]


def _in_memory() -> str | None:
    """A place for what is thrown away again that is no disk, where there is one."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    return str(shared) if os.access(shared, os.W_OK) else None


def _estimated(how: How, looked: Looked, measured: Measurement, started: float) -> Estimate:
    """What a film takes whose frames take as long as was measured."""
    frames = measured.whole or looked.frames
    length = looked.length
    if not frames:
        return Estimate(How.UNKNOWN, why="its length can't be told")
    seconds = started + measured.opening + frames * measured.each
    return Estimate(
        how=How.COLOUR if measured.skipped else how,
        seconds=seconds,
        frames=frames,
        bytes=0 if measured.skipped else round(frames * measured.bytes + length * looked.beside),
        rate=frames / seconds,
        length=length,
    )


def _alike(
    one: Looked, looked: Mapping[str, Looked], measured: Mapping[str, Measurement], started: float
) -> Estimate:
    """What a film takes that was not measured: by those of its kind, else by the one of the next size."""
    alike = [each for name, each in measured.items() if looked[name].kind == one.kind]
    scale = 1.0
    if not alike:
        if not measured:
            return Estimate(How.UNKNOWN, why="no film like it could be measured")
        nearest = min(measured, key=lambda name: abs(math.log(looked[name].samples / one.samples)))
        alike, scale = [measured[nearest]], one.samples / looked[nearest].samples
    return _estimated(How.ALIKE, one, _mean(alike, scale), started)


def _mean(measured: Sequence[Measurement], scale: float) -> Measurement:
    count = len(measured)
    return Measurement(
        opening=sum(each.opening for each in measured) / count,
        each=sum(each.each for each in measured) / count * scale,
        bytes=sum(each.bytes for each in measured) / count * scale,
        passed=sum(each.passed for each in measured) / count,
        whole=0,
        skipped=all(each.skipped for each in measured),
    )
