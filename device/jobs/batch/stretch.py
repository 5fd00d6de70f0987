"""A stretch of a film through the very pipeline of the job, and what it took there."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import av

from device.engine import Stop
from device.errors import UnreadableFilm
from device.jobs.deciding import MOST_WAITING
from device.jobs.film_checking import all_in_colour
from device.jobs.pipeline import Colorizer, held_of, run_pipeline
from device.jobs.shot_keeper import ShotKeeper
from device.media.encode import Picture
from device.media.segments import Boundaries, WorkFolder
from device.sinks import ClosedOrAborted
from device.sinks.film import FilmSink
from device.sources import Source
from device.sources.films import open_film_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from device.config import Config
    from device.frames import Frame, TintedFrame
    from device.jobs.hinting import Hinting
    from device.media.probe import FilmFacts
    from device.network import Network
    from device.sources.films import Film

#: A stretch is measured for so long (seconds), once it runs as it will for hours: after so many frames, or
#: after so long where frames are slow.
_MEASURED_S = 2.0
_WARM_FRAMES = 3 * MOST_WAITING
_WARM_S = 1.0
_FEWEST = 8
#: With colour for one in so many frames, each round of them is waited for, but no longer than this.
_PATIENCE_S = 10.0
#: A stretch that has become so large (bytes) is long enough: it may lie in memory.
_LARGEST = 48 << 20
#: A key frame that no cut asks for comes about every so many frames, as all our encoders have it.
_KEY_EVERY = 250


@dataclass(frozen=True, slots=True)
class Measured:
    """What a stretch took: ``frames`` in ``seconds``, and ``bytes`` a frame.

    ``whole``: it was the whole film, and these are all its frames and all its bytes; ``passed``: share of the
    frames that passed in their own colour.
    """

    frames: int
    seconds: float
    bytes: float
    passed: float
    whole: bool = False

    @property
    def each(self) -> float:
        """Seconds for each frame."""
        return self.seconds / self.frames


def measure_stretch(
    facts: FilmFacts,
    place: float,
    *,
    config: Config,
    network: Network,
    hinting: Hinting,
    expected: bool | None,
    folder: Path,
    beat: Callable[[], None],
) -> Measured | None:
    """Do the film's work from ``place`` (seconds) on for a while; None where nothing came of it.

    ``expected``: as of ``Colorizer``. ``folder``: for what is thrown away again. ``beat``: called for every
    frame; what it raises ends the work. Raises what the job itself would.
    """
    with ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        work = stack.enter_context(WorkFolder(own / "stretch.mkv", {}))
        source = stack.enter_context(open_film_at(facts, config))
        if place:
            source.seek(place)
        colorizer = Colorizer(
            network,
            config.colour,
            every=config.film.colour_every,
            held=held_of(config.film, facts.rate),
            expected=expected,
            boundaries=Boundaries(config.film.segment_frames),
            hinting=hinting,
        )
        keeper = ShotKeeper(
            work.path, [], colorizer.figures_before, network=network.manifest.name, device=config.mqtt.device
        )
        picture = Picture.of(facts, config.film)
        film = FilmSink(work, picture, config.film, colorizer.state_before, keeper)
        sink = _Timed(film, work.path, config.film.colour_every)
        stretch = _Stretch(source, sink)
        run_pipeline(stretch, colorizer, [sink], Stop(), lambda _: beat())
        whole = not place and stretch.ended
        return sink.measured(_sizes([segment.path for segment in work.segments]), whole=whole)


def checking_seconds(
    facts: FilmFacts, place: float, *, config: Config, size: tuple[int, int], beat: Callable[[], None]
) -> float:
    """Seconds for each frame from ``place`` on to see that it is in colour; ``size``: of the network."""
    count, began = 0, time.perf_counter()

    def frames() -> Iterator[Frame]:
        nonlocal count
        for frame in _until_broken(source):
            if time.perf_counter() - began > _MEASURED_S:
                return
            count += 1
            yield frame

    with open_film_at(facts, config) as source:
        if place:
            source.seek(place)
        all_in_colour(frames(), size, beat)
    return (time.perf_counter() - began) / max(count, 1)


class _Stretch(Source):
    """The frames of a film, until enough of them were measured."""

    def __init__(self, source: Film, sink: _Timed) -> None:
        self.ended = False
        self._source = source
        self._sink = sink

    def frames(self) -> Iterator[Frame]:
        for frame in _until_broken(self._source):
            if self._sink.enough:
                return
            yield frame
        self.ended = True

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _until_broken(source: Film) -> Iterator[Frame]:
    """Frames as far as they come: from the middle of a film on, packets are always missing at its end."""
    try:
        yield from source.frames()
    except UnreadableFilm:
        return


class _Timed(ClosedOrAborted):
    """A sink that notes when each frame was done with; ``enough``: what follows is not needed any more."""

    def __init__(self, sink: FilmSink, folder: Path, every: int) -> None:
        self.enough = False
        self._sink = sink
        self._folder = folder
        self._every = every
        self._began = time.perf_counter()
        self._times: list[float] = []
        self._passed = 0
        self._warm: int | None = None
        self._end = 0

    def write(self, tinted: TintedFrame) -> None:
        self._sink.write(tinted)
        now = time.perf_counter()
        self._times.append(now)
        self._passed += tinted.own_colour
        if not self.enough:
            self._end = len(self._times) - 1
            self._judge(now)

    def close(self) -> None:
        self._sink.close()
        self._times.append(time.perf_counter())

    def abort(self) -> None:
        self._sink.abort()

    def measured(self, sizes: Sequence[tuple[int, bool]], *, whole: bool) -> Measured | None:
        """What was measured, the packets being of these sizes, key frames or not."""
        frames = len(self._times) - 1
        if frames < 1:
            return None
        passed = self._passed / frames
        if whole:
            size = sum(size for size, _ in sizes) / frames
            return Measured(frames, self._times[-1] - self._began, size, passed, whole=True)
        first, end = self._warm or 0, self._end
        if end - first < _FEWEST:
            first, end = 0, frames
        spent = self._times[end] - self._times[first]
        return Measured(max(end - first, 1), spent, _each_size(sizes), passed)

    def _judge(self, now: float) -> None:
        since = now - self._times[0]
        if self._warm is None:
            if self._end >= _WARM_FRAMES or (self._end >= 4 and since >= _WARM_S):
                self._warm = self._end
            return
        frames, spent = self._end - self._warm, now - self._times[self._warm]
        rounds = frames % self._every == 0 and frames >= _FEWEST
        self.enough = spent >= _PATIENCE_S or (spent >= _MEASURED_S and rounds) or self._is_large()

    def _is_large(self) -> bool:
        if self._end % _FEWEST:
            return False
        return sum(file.stat().st_size for file in self._folder.iterdir()) > _LARGEST


def _each_size(sizes: Sequence[tuple[int, bool]]) -> float:
    """Bytes a frame of a long film of which these are a part that begins with a key frame."""
    if len(sizes) < 2:
        return float(sum(size for size, _ in sizes))
    rest = sum(size for size, _ in sizes[1:]) / (len(sizes) - 1)
    return rest + max(sizes[0][0] - rest, 0) / _KEY_EVERY


def _sizes(segments: Sequence[Path]) -> list[tuple[int, bool]]:
    """Bytes of every packet, and whether it is a key frame."""
    found = []
    for path in segments:
        with av.open(str(path)) as container:
            found += [(packet.size, packet.is_keyframe) for packet in container.demux(video=0) if packet.size]
    return found
