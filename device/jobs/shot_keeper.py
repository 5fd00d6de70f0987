"""What is kept of a film's shots while it is coloured: it goes with the segments, no kill loses it."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from device.jobs.film_shots import FilmShots, Made, Shot, lay_down, read_changes, read_marks, still_name
from device.media.durable import write_bytes
from device.media.marks import ENOUGH
from device.media.view import View, ViewedFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from device.colour.measure.running import ShotFigures
    from device.config import Config
    from device.frames import TintedFrame, Window
    from device.jobs.film_shots import Change, Mark
    from device.media.probe import FilmFacts

#: Of the configuration, what a film's colour follows from.
_OF_A_FILM = {"network", "colour", "film", "hints"}
#: Stills are at most so wide.
STILL = View(width=640, quality=85)
#: From this frame of a shot on, one is as good for a still as another; they are looked at ever more rarely.
_SETTLED = 6
#: A later frame has to show so much more to take the place of an earlier one.
_MORE = 1.15


class Kept(TypedDict):
    """What a segment adds: the shots that ended in it, the one that goes on, marks of the last frames."""

    ended: list[dict[str, Any]]
    open: dict[str, Any] | None
    marks: list[list[int]]


@dataclass(frozen=True, slots=True)
class _Open:
    """A shot that goes on. ``still``: the frame that its still is of; ``worth``: what that shows."""

    first: int
    begins: float
    marks: tuple[Mark, ...] = ()
    last: int = -1
    tinted: bool = False
    still: int = -1
    worth: float = -1.0
    changes: tuple[Change, ...] = ()


class ShotKeeper:
    """Records the shots of a film as they go out, for one thread at a time; stills lie in ``folder``.

    ``kept``: what ``record`` gave for each segment that was done before. ``figures_before``: figures of the
    shot that ended before a frame, asked once. ``network``, ``device``: their names, laid into the stills.
    """

    def __init__(
        self,
        folder: Path,
        kept: Iterable[Mapping[str, Any]],
        figures_before: Callable[[int], ShotFigures | None],
        *,
        network: str,
        device: str,
    ) -> None:
        self._folder = folder
        self._figures_before = figures_before
        self._network = network
        self._device = device
        self._shots: list[Shot] = []
        self._open: _Open | None = None
        self._held: TintedFrame | None = None  # the frame for the still, as long as that is not on the disk
        self._marks: deque[Mark] = deque(maxlen=ENOUGH)
        for each in kept:
            self._shots += map(Shot.from_json, each["ended"])
            self._open = _read(each["open"])
            self._marks.extend((pts, mark) for pts, mark in each["marks"])
        self._told = len(self._shots)  # so many were in a record already

    def cut(self, tinted: TintedFrame) -> None:
        """A shot begins with this frame, which is seen next. Raises SpaceError, as all that follows."""
        self._end(tinted.frame.index, _seconds(tinted))

    def saw(self, tinted: TintedFrame, mark: int) -> None:
        """Take the next frame that went out; ``mark``: the fingerprint of its luma."""
        frame = tinted.frame
        shot = self._open or _Open(frame.index, _seconds(tinted), tuple(self._marks))
        self._marks.append((frame.pts, mark))
        self._open = replace(
            shot,
            last=frame.index,
            tinted=shot.tinted or not tinted.own_colour,
            changes=_changed(shot.changes, tinted),
        )
        self._consider(tinted, self._open)

    def end(self) -> None:
        """No frame comes any more."""
        if self._open is not None:
            self._end(self._open.last + 1, self._open.begins)

    def record(self) -> Kept:
        """What is to be laid down with the segment that closes now, whose frames were all seen."""
        if self._open is not None:
            self._write_still(self._open)
        ended, self._told = self._shots[self._told :], len(self._shots)
        return Kept(
            ended=[asdict(shot) for shot in ended],
            open=None if self._open is None else asdict(self._open),
            marks=[list(mark) for mark in self._marks],
        )

    def shots(self, end: float) -> tuple[tuple[Shot, ...], dict[str, Path]]:
        """All shots of the film, which ends at ``end`` (seconds); and by name, where their stills lie."""
        shots, stills = [], {}
        for shot in self._shots:
            path = self._folder / str(shot.still)
            name = still_name(shot.number, path.read_bytes())
            shots.append(replace(shot, still=name))
            stills[name] = path
        shots[-1:] = [replace(last, ends=end) for last in shots[-1:]]
        return tuple(shots), stills

    def _consider(self, tinted: TintedFrame, shot: _Open) -> None:
        """Take this frame for the still if it shows more: neither a shot's beginning nor black does."""
        place = tinted.frame.index - shot.first
        if not _looked_at(place):
            return
        worth = _contrast(tinted) * min(1.0, (place + 1) / _SETTLED)
        if worth > shot.worth * _MORE:
            self._held = tinted
            self._open = replace(shot, still=tinted.frame.index, worth=worth)

    def _write_still(self, shot: _Open) -> None:
        """Bring the still to the disk, where it is not there yet."""
        if self._held is None:
            return
        viewed = ViewedFrame(self._held, sequence=shot.still, network=self._network, device=self._device)
        write_bytes(self._folder / _still(shot), viewed.shown(STILL).jpeg)
        self._held = None

    def _end(self, following: int, seconds: float) -> None:
        """End the shot that goes on, if one does, at ``seconds``, where the frame ``following`` stands."""
        shot = self._open
        if shot is None:
            return
        self._write_still(shot)
        self._open = None
        self._shots.append(
            Shot(
                number=len(self._shots) + 1,
                first=shot.first,
                last=shot.last,
                begins=shot.begins,
                ends=seconds,
                own_colour=not shot.tinted,
                still=_still(shot),
                figures=dict(self._figures_before(following) or {}),
                changes=shot.changes,
                marks=shot.marks,
            )
        )


def lay_down_shots(
    film: Path,
    made: Path,
    keeper: ShotKeeper,
    *,
    facts: FilmFacts,
    config: Config,
    identity: Mapping[str, Any],
    frames: int,
    end: float,
    figures: Mapping[str, Any],
) -> None:
    """Lay down what is known of the shots of ``film``, which ``made`` becomes, beside it; to be settled then.

    ``facts``: of its source; ``end``: where that ends (seconds). Raises SpaceError on a full disk.
    """
    shots, stills = keeper.shots(end)
    aspect = facts.pixel_aspect or Fraction(1)
    known = FilmShots(
        film=film.name,
        made=Made.of(made),
        source=str(facts.path),
        frames=frames,
        rate=float(facts.rate),
        pixel_aspect=float(1 / aspect if facts.rotation % 180 else aspect),
        identity=identity,
        settings={
            **config.model_dump(mode="json", include=_OF_A_FILM),
            "batch": {"rate": config.batch.rate},
        },
        figures=figures,
        shots=shots,
    )
    lay_down(film, known, stills)


def _seconds(tinted: TintedFrame) -> float:
    return float(tinted.frame.pts * tinted.frame.time_base)


def _still(shot: _Open) -> str:
    """The still's name while the film is worked on: a later frame's never takes the place of an earlier's."""
    return f"still-{shot.still:08d}.jpg"


def _looked_at(place: int) -> bool:
    """Whether the frame at this place of its shot may be its still."""
    if place < _SETTLED:
        return place in {0, 1, 3}
    times, rest = divmod(place, _SETTLED)
    return rest == 0 and times & (times - 1) == 0


def _contrast(tinted: TintedFrame) -> float:
    """Standard deviation of the luma, as a share of its range: nearly nothing where all is black."""
    return float(np.std(tinted.small, dtype=np.float64)) / (1 << tinted.frame.depth)


def _changed(changes: tuple[Change, ...], tinted: TintedFrame) -> tuple[Change, ...]:
    """With this frame, where something is decided otherwise than for the one before."""
    window = None if tinted.window is None else _corners(tinted.window)
    if changes and changes[-1][1:] == (window, tinted.own_colour):
        return changes
    return (*changes, (tinted.frame.index, window, tinted.own_colour))


def _corners(window: Window) -> tuple[int, int, int, int]:
    return window.x, window.y, window.width, window.height


def _read(value: Mapping[str, Any] | None) -> _Open | None:
    """What ``asdict`` and JSON made of a shot that went on."""
    if value is None:
        return None
    return _Open(**{**value, "changes": read_changes(value["changes"]), "marks": read_marks(value["marks"])})
