"""``tintcast receive``: what comes over MQTT onto this machine's disk, and together as a film where wanted.

Imports no network runtime and no pixel library but FFmpeg's: it runs where the others have no wheels.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, DeliveryTimeout, Interrupted, MissingInput, from_os_error
from device.media.assemble import Pieces, assemble
from device.media.codecs import CODECS
from device.media.containers import container_for
from device.media.pyav import encodes
from device.mqtt import reception
from device.mqtt.inbox import Down
from device.mqtt.reception import Reception
from device.mqtt.session import Session
from device.mqtt.store import JobStore
from device.mqtt.topics import Role, is_level

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.engine import Lease, Stop
    from device.media.assemble import Codec
    from device.mqtt.address import Address

_POLL_S = 0.2
#: Acknowledged at least so often while there is work, in seconds: a slow disk must not look like silence.
_BATCH_S = 0.25
#: How long a complete film waits for its sender's last word.
_GOODBYE_S = 5.0
#: How long a lost broker may stay away where the job has an end.
_PATIENCE_S = 300.0
_OVERHEAD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePlan:
    """What to receive, from where, and where to.

    ``name``: ours, in acknowledgements and at the broker. ``out``: folder of the JPEGs; ``film``: file that
    one film is put together as, after which the job ends. ``sender``, ``job``: only this device, this film.
    ``once``: end after one film. ``idle_s``: give up when nothing came for so long; None: never. ``keep``:
    pictures that stay of a live stream. ``largest``: bytes of a frame at most. ``connect_s``: for the first
    connection.
    """

    address: Address
    base: str
    name: str
    out: Path | None = None
    film: Path | None = None
    codec: Codec = "h264"
    sender: str | None = None
    job: str | None = None
    once: bool = False
    idle_s: float | None = None
    keep: int = 100
    largest: int = 16 * 1024 * 1024
    connect_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse names that can't be topic levels."""
        for what, level in (("device", self.sender), ("job", self.job)):
            if level is not None and not is_level(level):
                raise ConfigurationError(
                    f"{level!r} can't be the name of a {what}", hint="letters, digits, _ . and -"
                )

    @property
    def ends(self) -> bool:
        """Whether one film is all."""
        return self.once or self.film is not None

    @property
    def root(self) -> Path:
        """Where the JPEGs go: ``out``, or a hidden folder beside ``film`` until that is there."""
        if self.out is not None:
            return self.out
        if self.film is None:
            raise ConfigurationError("nowhere to put what arrives", hint="give --out DIR or --film FILE")
        return self.film.with_name(f".{self.film.name}.frames")


@dataclass(frozen=True, slots=True)
class Received:
    """What came. ``folders``: of the films that are complete; ``film``: the one put together.

    ``duplicates``: frames and parts that came more than once, dropped; ``refused``: what was not ours.
    """

    frames: int = 0
    live: int = 0
    duplicates: int = 0
    refused: int = 0
    folders: tuple[Path, ...] = ()
    film: Path | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom the job listens to and reports to. ``progress(frames, of)``: on disk, and of how many if known."""

    stop: Stop
    say: Callable[[str], None]
    progress: Callable[[int, int | None], None]
    lease: Lease | None = None

    def waiting(self, reason: str) -> None:
        """A sign of life from a rightful wait. Raises Interrupted once a stop is requested."""
        self.stop.raise_if_failed()
        if self.stop.is_set():
            raise Interrupted
        if self.lease is not None:
            self.lease.waiting(reason, _POLL_S)


def receive(plan: ReceivePlan, watch: Watch) -> Received:
    """Receive until the end that ``plan`` names, or the stop: Interrupted where one film was to be the end.

    Raises BrokerUnreachable, BrokerRefused, DeliveryTimeout (nothing came for too long), SpaceError.
    """
    root = plan.root
    _prepare(plan)
    if plan.out is None and (left := _left_complete(root)) is not None:
        # We were killed between the last frame and the film: everything is here already.
        received = _finish(plan, left, Received(folders=(left.folder,)), watch)
        shutil.rmtree(left.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # what else is there may still be gone on with
            root.rmdir()
        return received
    session = Session(
        plan.address,
        Role(plan.base, plan.name, "receive"),
        subscriptions=reception.subscriptions(
            plan.base, sender=plan.sender, job=plan.job, live=plan.job is None and plan.out is not None
        ),
        patience_s=_PATIENCE_S if plan.ends else None,
        max_packet=plan.largest + _OVERHEAD,
        say=watch.say,
    )
    with session.start(plan.connect_s):
        arrivals = Reception(session, root, plan.name, largest=plan.largest, keep=plan.keep, say=watch.say)
        done = _listen(plan, session, arrivals, watch)
    received = Received(
        arrivals.frames,
        arrivals.live,
        arrivals.duplicates,
        arrivals.refused,
        tuple(store.folder for store in done),
    )
    if plan.film is None:
        return received
    received = _finish(plan, done[0], received, watch)
    if plan.out is None:
        _clean(root, {store.folder for store in arrivals.jobs.values()} - {done[0].folder})
    return received


def _listen(plan: ReceivePlan, session: Session, arrivals: Reception, watch: Watch) -> list[JobStore]:
    """Receive until the end; returns the films that are complete."""
    done: list[JobStore] = []
    heard = time.monotonic()
    try:
        while True:
            watch.waiting("frames")
            before = arrivals.heard
            done += [store for store in _batch(session, arrivals, watch) if store not in done]
            now = time.monotonic()
            if arrivals.heard != before:
                heard = now
                _tell(arrivals, watch)
            if plan.ends and done:
                _goodbye(session, arrivals, done[0], watch)
                return done
            if plan.idle_s is not None and now - heard > plan.idle_s:
                raise DeliveryTimeout(
                    f"nothing arrived for {plan.idle_s:g} s",
                    where=plan.address,
                    hint="is someone publishing, with the same --base?",
                )
    except Interrupted:
        if plan.ends:
            raise
        return done


def _batch(session: Session, arrivals: Reception, watch: Watch) -> list[JobStore]:
    """Take in what is there, waiting a little for something, and acknowledge it."""
    event = session.next(_POLL_S)
    deadline = time.monotonic() + _BATCH_S
    while event is not None:
        watch.waiting("the disk")
        if isinstance(event, Down):
            watch.say(f"the broker is gone ({event.reason}); trying to get back")
        arrivals.hear(event)
        event = session.next(0) if time.monotonic() < deadline else None
    return arrivals.commit()


def _goodbye(session: Session, arrivals: Reception, store: JobStore, watch: Watch) -> None:
    """Wait a little until the sender knows that all has arrived: it then clears the film's head."""
    session.settle(_GOODBYE_S)
    deadline = time.monotonic() + _GOODBYE_S
    while store.owner in arrivals.jobs and time.monotonic() < deadline:
        watch.waiting("the sender's last word")
        _batch(session, arrivals, watch)
    session.settle(_GOODBYE_S)


def _tell(arrivals: Reception, watch: Watch) -> None:
    """Progress of the film that is furthest from done, or of live pictures where there is no film."""
    stores = [store for store in arrivals.jobs.values() if not store.complete]
    if stores:
        watch.progress(stores[-1].frames.through, stores[-1].head.frames)
    elif not arrivals.jobs:
        watch.progress(arrivals.live, None)


def _prepare(plan: ReceivePlan) -> None:
    """Find out now what would stop us at the end. Raises ConfigurationError, MissingInput or SpaceError."""
    root = plan.root
    try:
        if plan.film is not None:
            container_for(plan.film, plan.codec)
            if plan.codec != "mjpeg" and not encodes(CODECS[plan.codec].encoder):
                raise ConfigurationError(
                    f"{CODECS[plan.codec].title} can't be encoded on this machine",
                    where=plan.film,
                    hint="--codec mjpeg keeps the JPEGs as they came",
                )
            if plan.film.is_dir():
                raise ConfigurationError("is a folder, not a film to write", where=plan.film)
            if not plan.film.parent.is_dir():
                raise MissingInput("no such folder", where=plan.film.parent)
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if isinstance(error, MissingInput):
            raise
        raise from_os_error(error, where=root, doing="can't make the folder") from None


def _left_complete(root: Path) -> JobStore | None:
    stores = (JobStore.resume(folder) for folder in sorted(root.iterdir()) if folder.is_dir())
    return next((store for store in stores if store is not None and store.complete), None)


def _clean(root: Path, alive: set[Path]) -> None:
    """Leave nothing in our own folder but films that are still on their way."""
    for folder in set(root.iterdir()) - alive:
        shutil.rmtree(folder, ignore_errors=True)
    if not alive:
        shutil.rmtree(root, ignore_errors=True)


def _finish(plan: ReceivePlan, store: JobStore, received: Received, watch: Watch) -> Received:
    """Put the film together."""
    if plan.film is None:
        return received
    count = store.frames.through

    def progress(frames: int) -> None:
        watch.waiting("the film being put together")
        watch.progress(frames, count)

    head = store.head
    pieces = Pieces(
        [store.frames.path(number) for number in range(count)],
        head.width,
        head.height,
        head.time_base,
        head.pixel_aspect,
        store.beside,
        head.beside.delay_ms if head.beside else 0,
    )
    for note in assemble(pieces, plan.film, codec=plan.codec, progress=progress):
        watch.say(f"{plan.film}: {note}")
    return replace(received, film=plan.film)
