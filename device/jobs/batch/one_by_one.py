"""Many films looked at in one child process, one after the other; one that kills it is passed over.

A process for each would take longer to start than to look. This side imports no codec.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from device.engine import Stopped
from device.errors import (
    ConfigurationError,
    FilmCrashed,
    FilmStalled,
    FilmTooLarge,
    Interrupted,
    NetworkFileError,
    TintcastError,
)
from device.jobs.supervise import Crashed, MemoryExceeded, Stalled, Terms, run_child

if TYPE_CHECKING:
    from device.config import Config
    from device.engine import Stop
    from device.jobs.batch.scan import Item


@dataclass(frozen=True, slots=True)
class Began:
    """The child begins with this one."""

    relative: str


@dataclass(frozen=True, slots=True)
class Beat:
    """The child gets on with it."""


@dataclass(frozen=True, slots=True)
class Got:
    """What the child found out about one of them."""

    relative: str
    value: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """One of them can't be read, and why."""

    relative: str
    error: TintcastError


#: Of a child that looks while a night stands back: behind those who do not, but it is done some time.
_NICE = 5
#: Seconds between two words of a child that gets on.
_BEAT_S = 0.25

Send = Callable[[Any], None]


def one_by_one(
    module: str,
    task_of: Callable[[tuple[Item, ...]], object],
    items: Sequence[Item],
    stop: Stop,
    *,
    began: Callable[[str], None],
    got: Callable[[str, Any], None],
    failed: Callable[[str, TintcastError], None] = lambda _relative, _error: None,
    stall_s: float,
    terms: Terms,
) -> dict[str, str]:
    """Have ``python -m module`` do all of ``items``; those that could not be, each with its reason.

    ``task_of`` makes the child's task of the items that are left. ``began``: called with the relative name of
    each; ``got``: with that and what was found out; ``failed``: with that and what went wrong. One that
    crashes the child, needs more memory than ``terms`` grant, or gets nowhere for ``stall_s`` seconds, is
    passed over, and another child does the rest.

    Raises Interrupted, and what is wrong with more than one film: NetworkFileError, ConfigurationError.
    """
    watch = _Watch(began, got, failed)
    left = list(items)
    while left:
        watch.now = None
        try:
            run_child(module, task_of(tuple(left)), stop, watch.hear, stall_s=stall_s, terms=terms)
            break
        except Crashed as crash:
            error: TintcastError = FilmCrashed(f"the process that read it {crash.reason}")
        except MemoryExceeded as excess:
            error = FilmTooLarge(f"the process that read it {excess.reason}")
        except Stalled:
            error = FilmStalled(f"no progress for {stall_s:g} s")
        if watch.now not in watch.ended:  # else, between two of them, it is nobody's fault
            # Before the first it is not known whose fault it is.
            watch.fail(watch.now or left[0].relative, error)
        left = [item for item in left if item.relative not in watch.ended]
    return watch.failed


def terms_of(config: Config) -> Terms:
    """What a child may that only looks at films: a person may wait for what it finds out."""
    return Terms(memory_mb=config.batch.memory_mb, nice=_NICE if config.batch.priority == "low" else 0)


class _Watch:
    """Hears the child; ``now``: what it began last, ``ended``: what it got to an end, whatever that was."""

    def __init__(
        self,
        began: Callable[[str], None],
        got: Callable[[str, Any], None],
        failed: Callable[[str, TintcastError], None],
    ) -> None:
        self.now: str | None = None
        self.ended: set[str] = set()
        self.failed: dict[str, str] = {}
        self._began = began
        self._got = got
        self._tell_failed = failed

    def fail(self, relative: str, error: TintcastError) -> None:
        self.ended.add(relative)
        self.failed[relative] = error.what
        self._tell_failed(relative, error)

    def hear(self, message: Began | Beat | Got | Refused) -> bool:
        if isinstance(message, Began):
            self.now = message.relative
            self._began(message.relative)
        elif isinstance(message, Got):
            self.ended.add(message.relative)
            self._got(message.relative, message.value)
        elif isinstance(message, Refused):
            self.fail(message.relative, message.error)
        return True


def do_each(
    items: Iterable[Item], send: Send, stop: Stop, work: Callable[[Item, Callable[[], None]], Any]
) -> None:
    """The child's side: ``work(item, beat)`` for each; what can't be read is told, and the next one follows.

    ``beat`` is to be called while it gets on; it raises Interrupted once the run is to end.
    """
    said = 0.0

    def beat() -> None:
        nonlocal said
        if stop.is_set():
            raise Interrupted
        if (now := time.monotonic()) - said > _BEAT_S:
            said = now
            send(Beat())

    for item in items:
        send(Began(item.relative))
        beat()
        try:
            send(Got(item.relative, work(item, beat)))
        except (NetworkFileError, ConfigurationError, Interrupted):
            raise
        except Stopped:
            raise Interrupted from None
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one of them, the next one follows
            send(Refused(item.relative, _in_our_tree(error)))


def _in_our_tree(error: Exception) -> TintcastError:
    if isinstance(error, TintcastError):
        return error
    if isinstance(error, MemoryError):
        return FilmTooLarge("too large for the memory it may have")
    return TintcastError(f"a mistake of ours: {type(error).__name__}: {error}")
