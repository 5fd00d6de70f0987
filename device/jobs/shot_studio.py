"""Shots of a film coloured alone: as they were seen and decided before, with settings of their own.

A shot's colour follows from nothing before it, and its first frame is one that decoding may begin with: so it
can be coloured and encoded by itself.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from device.colour.upright import upright_size
from device.errors import UnreadableFilm
from device.frames import Window
from device.jobs.deciding import AsDecided
from device.jobs.film_notes import comment_on
from device.jobs.film_shots import still_name
from device.jobs.hinting import board_of
from device.jobs.looking import SeenBefore
from device.jobs.pipeline import Colorizer, held_of, run_pipeline
from device.jobs.redo import shot_config
from device.jobs.shot_keeper import ShotKeeper
from device.media.encode import Picture
from device.media.marks import Marks
from device.media.splice import Patch
from device.network import Network
from device.sinks import ClosedOrAborted
from device.sinks.film import SegmentWriter
from device.sources.films import open_film_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from device.config import Config
    from device.engine import Gate, Stop
    from device.frames import Frame, TintedFrame
    from device.jobs.film import FilmTask
    from device.jobs.film_reporter import Reporter
    from device.jobs.film_shots import Shot
    from device.media.probe import FilmFacts
    from device.media.segments import WorkFolder
    from device.sources.films import Film

#: The parent is the judge of what is stuck (seconds).
_PATIENCE_S = 24 * 3600.0


class _Stretch:
    """The frames of one shot, of a film that begins with it or before it."""

    def __init__(self, film: Film, shot: Shot) -> None:
        self._film = film
        self._shot = shot

    def frames(self) -> Iterator[Frame]:
        """Each once, in order."""
        for frame in self._film.frames():
            if frame.index >= self._shot.first:
                yield frame
            if frame.index >= self._shot.last:
                return

    def close(self) -> None:
        """Close the film."""
        self._film.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _ShotSink(ClosedOrAborted):
    """One shot into a segment of its own."""

    def __init__(self, work: WorkFolder, picture: Picture, config: Config, keeper: ShotKeeper) -> None:
        self._segments = SegmentWriter(work, picture, config.film)
        self._keeper = keeper

    def write(self, tinted: TintedFrame) -> None:
        """Encode one frame. Raises SpaceError on a full disk."""
        self._segments.write(tinted, tinted.frame.pts, first=tinted.frame.index)
        self._segments.keep_up()
        self._keeper.saw(tinted, 0)

    def close(self) -> None:
        """The shot is whole."""
        self._keeper.end()
        ended = self._segments.end()
        if ended is not None:
            ended[0].commit()

    def abort(self) -> None:
        """Throw it away."""
        self._segments.abort()


@dataclass(frozen=True, slots=True)
class Redone:
    """A shot as it is now, where its still lies, and what it is encoded in."""

    shot: Shot
    still: Path
    patch: Patch


class Studio:
    """Colours shots of one film, one after the other; networks are loaded once."""

    def __init__(self, task: FilmTask, facts: FilmFacts, work: WorkFolder, stop: Stop, gate: Gate) -> None:
        self.source = task.source
        self.picture = Picture.of(facts, task.config.film)
        self.comments: list[str] = []
        self.milliseconds = 0.0
        self._task = task
        self._facts = facts
        self._work = work
        self._stop = stop
        self._gate = gate
        self._open = ExitStack()
        self._networks: dict[str, Network] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def redo(self, shot: Shot, reporter: Reporter, done: int, total: int) -> Redone:
        """Colour a shot as it is to be, and encode it; errors as of ``colorize_film``."""
        whole, facts = self._task.config, self._facts
        config = shot_config(whole, shot)
        network = self._network(config)
        board = board_of(config.hints)
        board.check(network, upright_size((facts.height, facts.width), facts.rotation))
        as_before = config.colour.when == whole.colour.when
        colorizer = Colorizer(
            network,
            config.colour,
            every=config.film.colour_every,
            held=held_of(config.film, facts.rate),
            hinting=board,
            looker=SeenBefore(shot.first, [(at, _window(window)) for at, window, _ in shot.changes]),
            decider=AsDecided([(at, own) for at, _, own in shot.changes]) if as_before else None,
        )
        keeper = ShotKeeper(
            self._work.path,
            [],
            colorizer.figures_before,
            network=network.manifest.name,
            device=config.mqtt.device,
        )
        # The pictures of a folder come from the first on: broken ones before the shot must be counted.
        start = 0 if facts.path.is_dir() else shot.first
        film = open_film_at(facts, whole, start, marks_of(shot))
        with _Stretch(film, shot) as stretch:
            reporter.begin(film, colorizer, 0, total)
            summary = run_pipeline(
                stretch,
                colorizer,
                [_ShotSink(self._work, self.picture, whole, keeper)],
                self._stop,
                lambda frames: reporter.colouring(done + frames),
                gate=self._gate,
                patience_s=_PATIENCE_S,
                closing_s=_PATIENCE_S,
            )
        if summary.frames != shot.frames:
            raise UnreadableFilm(
                f"gave {summary.frames} frames of shot {shot.number}, which has {shot.frames}",
                where=facts.path,
            )
        self.milliseconds += summary.network_ms * summary.frames
        (redone,), stills = keeper.shots(shot.ends)
        (still,) = stills.values()
        if not redone.own_colour:
            self.comments.append(comment_on(network))
        name = still_name(shot.number, still.read_bytes())
        return Redone(
            replace(shot, own_colour=redone.own_colour, still=name, figures=redone.figures),
            still,
            Patch(self._work.segment_path(shot.first), shot.first, shot.last),
        )

    def _network(self, config: Config) -> Network:
        settings = config.network
        if settings.name not in self._networks:
            network = Network.load(settings.name, settings.threads, settings.runtime)
            self._networks[settings.name] = self._open.enter_context(network)
        return self._networks[settings.name]


def marks_of(shot: Shot) -> Marks:
    """By what the source finds the shot: of what lies before these, nothing needs to be known."""
    earlier = shot.first - len(shot.marks)
    stamps = [-(1 << 62)] * earlier + [pts for pts, _ in shot.marks]
    return Marks(stamps, {number: mark for number, (_, mark) in enumerate(shot.marks, earlier)})


def _window(corners: tuple[int, int, int, int] | None) -> Window | None:
    return None if corners is None else Window(*corners)
