"""From a source's frames to tinted frames in every sink, each on a thread of its own."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from device.engine import Channel, Gate, Leases, Workers
from device.errors import Interrupted, Stuck
from device.jobs.colorizer import Colorizer, held_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from device.engine import Lease, Stop
    from device.frames import Frame, TintedFrame
    from device.sinks import Sink
    from device.sources import Source

    Progress = Callable[[int], None]

__all__ = ["Colorizer", "Stage", "Summary", "held_of", "run_pipeline"]

#: Frames on their way to each thread: enough to even out, few enough for a small memory.
_AHEAD = 3
#: How long the threads have to end once the run is stopped, in seconds.
_GRACE_S = 15.0


class Stage(Protocol):
    """What gives frames their colour: a ``Colorizer``, or what a job wraps around one."""

    @property
    def network_ms(self) -> float:
        """Mean time of the network for a frame that it coloured, in milliseconds."""
        ...

    def step(self, frame: Frame) -> Iterator[TintedFrame]:
        """Take the next frame; give those whose colour is known now, none or several, in order."""
        ...

    def flush(self) -> Iterator[TintedFrame]:
        """Give the frames that still wait: no more comes."""
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished run: frames that every sink took, seconds in all, mean milliseconds of the network.

    ``passed``: those of the frames whose own colour passed.
    """

    frames: int
    seconds: float
    network_ms: float
    passed: int = 0

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds if self.seconds else 0.0


def run_pipeline(
    source: Source,
    colorizer: Stage,
    sinks: Sequence[Sink],
    stop: Stop,
    progress: Progress | None = None,
    *,
    gate: Gate | None = None,
    patience_s: float = 60.0,
    closing_s: float = 600.0,
) -> Summary:
    """Colorize all that ``source`` has into ``sinks`` and close these; the source is its owner's to close.

    ``progress`` is called with the number of frames coloured so far, from a thread of the run. While ``gate``
    is held, no more frames are taken from the source, and the time does not count.
    ``patience_s``: how long reading, colouring or writing one frame may take before it counts as stuck;
    ``closing_s``: the same of closing a sink.

    The first error of any thread ends the run and is raised here, after every sink was aborted; a request to
    stop, or Ctrl-C, does the same with Interrupted.
    """
    gate = gate or Gate(stop)
    began = time.monotonic() - gate.held_s
    workers = Workers(stop, Leases())
    named = {f"{type(sink).__name__} ({number})": sink for number, sink in enumerate(sinks, 1)}
    count = _Count(progress)
    try:
        frames = Channel["Frame"](_AHEAD, stop, "frames")
        outlets = {name: Channel["TintedFrame"](_AHEAD, stop, "colour") for name in named}
        workers.start("source", partial(_read, source, frames, gate), lease_s=patience_s)
        colour = partial(_colorize, colorizer, frames, list(outlets.values()), count)
        workers.start("colorizer", colour, lease_s=patience_s)
        for name, sink in named.items():
            workers.start(name, partial(_write, sink, outlets[name]), lease_s=patience_s)
        _join(workers, stop)
        _finish(named, workers, stop, closing_s)
    except BaseException as error:
        _abort(named, workers, stop, error)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted from error
        raise
    return Summary(count.frames, time.monotonic() - gate.held_s - began, colorizer.network_ms, count.passed)


class _Count:
    """Frames done, told to whoever shows them."""

    def __init__(self, progress: Progress | None) -> None:
        self.frames = 0
        self.passed = 0
        self._progress = progress

    def one_more(self, tinted: TintedFrame) -> None:
        self.frames += 1
        self.passed += tinted.own_colour
        if self._progress is not None:
            self._progress(self.frames)


def _read(source: Source, frames: Channel[Frame], gate: Gate, lease: Lease) -> None:
    for frame in source.frames():
        gate.wait(lease)
        frames.put(frame, lease)
    frames.close()


def _colorize(
    colorizer: Stage,
    frames: Channel[Frame],
    outlets: Sequence[Channel[TintedFrame]],
    count: _Count,
    lease: Lease,
) -> None:
    for frame in frames.drain(lease):
        _hand_on(colorizer.step(frame), outlets, count, lease)
    _hand_on(colorizer.flush(), outlets, count, lease)
    for outlet in outlets:
        outlet.close()


def _hand_on(
    tinted_frames: Iterable[TintedFrame], outlets: Sequence[Channel[TintedFrame]], count: _Count, lease: Lease
) -> None:
    for tinted in tinted_frames:
        for outlet in outlets:
            outlet.put(tinted, lease)
        count.one_more(tinted)
        lease.beat()


def _write(sink: Sink, tinted_frames: Channel[TintedFrame], lease: Lease) -> None:
    for tinted in tinted_frames.drain(lease):
        sink.write(tinted)


def _close(sink: Sink, closed: list[Sink], _lease: Lease) -> None:
    sink.close()
    closed.append(sink)


def _join(workers: Workers, stop: Stop) -> None:
    """Wait until all have ended; where the end was asked for, a thread that does not is only mentioned."""
    try:
        workers.join(_GRACE_S)
    except Stuck as error:
        if stop.requested:
            raise Interrupted(hint=error.what) from error
        raise


def _finish(named: Mapping[str, Sink], workers: Workers, stop: Stop, closing_s: float) -> None:
    """Close every sink; Interrupted where a request to stop came before that, or kept one from it."""
    if stop.requested:
        raise Interrupted
    closed: list[Sink] = []
    for name, sink in named.items():
        workers.start(name, partial(_close, sink, closed), lease_s=closing_s)
    _join(workers, stop)
    if len(closed) < len(named):
        raise Interrupted


def _abort(named: Mapping[str, Sink], workers: Workers, stop: Stop, error: BaseException) -> None:
    """Abort every sink that no thread is stuck in; what goes wrong with that is only noted on ``error``."""
    if not stop.is_set():  # the error did not come from the threads, which go on
        stop.fail(error)
        with suppress(type(error)):
            workers.join(_GRACE_S)
    stuck = workers.alive()
    for name, sink in named.items():
        if name in stuck:
            continue
        try:
            sink.abort()
        except Exception as another:  # noqa: BLE001 - the first error is the one that counts
            error.add_note(f"then, aborting {name}: {another!r}")
