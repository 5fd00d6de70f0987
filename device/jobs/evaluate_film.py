"""How steady a film's colour is: as predicted frame by frame, smoothed, carried between, and in truth.

Smoothed, and carried between, both by what came before alone and in both directions.

Warp errors are scored at full size by another flow than the one that smooths, occlusions left out; what
compares pictures (CDC, colourfulness, PSNR) does so at a width of at most 480. A film in colour is made grey
first; its own colour is measured too, on the grid that networks predict on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from device.colour.lab import rgb_to_lab
from device.colour.lightness import lightness
from device.colour.lookahead import held_for, smoother
from device.colour.measure import motion
from device.colour.measure.meter import Meter, Scene
from device.colour.own import jpeg_luma, own_rgb
from device.colour.pace import Pace
from device.colour.temporal import Steady
from device.errors import InputError, Interrupted, MissingInput
from device.frames import JPEG_COLOUR
from device.jobs.deciding import mostly_colour
from device.jobs.film_figures import (
    AHEAD,
    CARRIED,
    CARRIED_AHEAD,
    GREY,
    PREDICTED,
    STEADY,
    TRUTH,
    FilmFigures,
)
from device.jobs.looking import Looker
from device.jobs.predicting import Predictor
from device.media.probe import probe
from device.sources.film import FilmSource
from device.sources.glimpses import glimpses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from device.colour.lookahead import Steadied
    from device.engine import Stop
    from device.frames import Frame, Luma, Window
    from device.jobs.looking import Look
    from device.network import Network

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

#: Pictures are compared at this width at most.
_WIDTH: Final = 480
#: Films of a folder that are shorter are passed over (seconds).
LEAST_SECONDS: Final = 2.0


def films_of(paths: Sequence[Path]) -> list[Path]:
    """The films that are named, and those of ``LEAST_SECONDS`` and more in the folders that are, by name.

    Raises MissingInput for what is not there, and InputError where there are none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise MissingInput("no such file or folder", where=path)
        found += [path] if path.is_file() else [each for each in sorted(path.iterdir()) if _long_film(each)]
    if not found:
        raise InputError(f"holds no films of {LEAST_SECONDS:g} s and more", where=paths[0])
    return found


def _long_film(path: Path) -> bool:
    try:
        facts = probe(path)
    except InputError:
        return False
    return (facts.duration or 0) >= LEAST_SECONDS


def evaluate_film(
    path: Path,
    network: Network,
    *,
    steadiness: float | None,
    every: int = 1,
    frames: int | None = None,
    stop: Stop,
    progress: Callable[[int, int | None], None],
) -> FilmFigures:
    """Measure ``network`` on a film.

    ``steadiness``: strength of the smoothing; None: measured is only what is predicted. ``every``: above 1,
    also what carrying colour along from each so-manieth frame gives. ``frames``: so many from its start.
    ``progress(done, of)``. Raises the errors of ``FilmSource``, InputError for a film of less than two
    frames, and Interrupted once ``stop`` is set.
    """
    with FilmSource(path) as source:
        in_colour = bool(mostly_colour(glimpses(path, source.facts)))
        total = source.facts.frames if frames is None else min(frames, source.facts.frames or frames)
        held = held_for(source.facts.rate)
        measured = _Measured(network, steadiness, every, held=held, in_colour=in_colour)
        for frame in source.frames():
            if stop.is_set():
                raise Interrupted
            if frames is not None and frame.index >= frames:
                break
            measured.add(frame)
            progress(measured.frames, total)
    return measured.figures(path)


class _Measured:
    """A film so far."""

    def __init__(
        self, network: Network, steadiness: float | None, every: int, *, held: int, in_colour: bool
    ) -> None:
        self._size = network.size
        self._predictor = Predictor(network)
        self._looker = Looker()
        self._in_colour = in_colour
        self._every, self._steadiness = every, steadiness
        self._held = held
        self._steady = self._carried = Steady(0)
        self._ahead = self._carried_ahead = smoother(0, 8, held)
        self._waiting: deque[Scene] = deque()  # those that looks ahead have not let go
        self._pace = Pace(every)
        self._depth: int | None = None
        self._before: tuple[Bytes, Window | None] | None = None
        self._meters: dict[str, Meter] = {way: Meter() for way in self._measured()}
        self.frames = self.shots = 0

    def add(self, frame: Frame) -> None:
        """Colour and measure the next frame."""
        if frame.depth != self._depth:
            self._depth = frame.depth
            self._let_go(self._ahead.flush(), self._carried_ahead.flush())
            strength = self._steadiness or 0
            self._steady, self._carried = (Steady(strength, frame.depth) for _ in range(2))
            self._ahead, self._carried_ahead = (smoother(strength, frame.depth, self._held) for _ in range(2))
        known = self._looker.knows(frame)
        look = self._looker.step(frame, self._size)
        anew = look.cut or not known or self._before is None or self._before[1] != look.window
        luma = _within(jpeg_luma(frame), look.window)
        before, self._before = self._before, (luma, look.window)
        moved = None if anew or before is None else motion(before[0], luma)
        light = lightness(look.small, frame.colour_space, frame.depth)
        predicted = self._predictor.predict(light, frame, look.window)
        small = cv2.resize(light, predicted.shape[1::-1], interpolation=cv2.INTER_AREA)
        truth = _shrunk(_within(own_rgb(frame), look.window)) if self._in_colour else None
        scene = Scene(lightness(_shrunk(luma), JPEG_COLOUR), np.asarray(small, np.float32), moved, truth)
        self.frames += 1
        self.shots += anew
        self._meters[PREDICTED].add(scene, predicted)
        if truth is not None:
            self._meters[TRUTH].add(scene, _ab(truth, predicted.shape[:2]))
        self._meters[GREY].add(scene, None)
        if self._steadiness is not None:
            self._smooth(scene, look, predicted, anew=anew)

    def _measured(self) -> Iterator[str]:
        """The ways to colour this film."""
        yield PREDICTED
        if self._steadiness is not None:
            yield from (STEADY, CARRIED, AHEAD, CARRIED_AHEAD) if self._every > 1 else (STEADY, AHEAD)
        if self._in_colour:
            yield TRUTH
        yield GREY

    def _smooth(self, scene: Scene, look: Look, predicted: Floats, *, anew: bool) -> None:
        """Measure what the smoothing makes of the next frame, and of those that it holds."""
        self._waiting.append(scene)
        steady = self._steady.step(look.small, predicted, cut=anew)
        self._meters[STEADY].add(scene, steady)
        ahead = self._ahead.step(look.small, predicted, cut=anew)
        carried_ahead: list[Steadied] = []
        if self._every > 1:
            asked = predicted if self._pace.due(anew=anew) else None
            self._meters[CARRIED].add(scene, self._carried.step(look.small, asked, cut=anew), steady)
            carried_ahead = self._carried_ahead.step(look.small, asked, cut=anew)
        self._let_go(ahead, carried_ahead)

    def _let_go(self, ahead: list[Steadied], carried_ahead: list[Steadied]) -> None:
        """Measure frames that looking ahead is done with; both look equally far."""
        for number, each in enumerate(ahead):
            scene = self._waiting.popleft()
            self._meters[AHEAD].add(scene, each.ab)
            if carried_ahead:
                self._meters[CARRIED_AHEAD].add(scene, carried_ahead[number].ab, each.ab)

    def figures(self, path: Path) -> FilmFigures:
        if self.frames < 2:
            raise InputError("has too few frames to tell how steady they are", where=path)
        self._let_go(self._ahead.flush(), self._carried_ahead.flush())
        ways = {way: meter.figures() for way, meter in self._meters.items()}
        return FilmFigures(path.name, self.frames, self.shots, self._every, ways)


def _within(picture: Luma | Bytes, window: Window | None) -> Bytes:
    return np.ascontiguousarray(picture if window is None else picture[window.slices], np.uint8)


def _shrunk(picture: Bytes) -> Bytes:
    scale = min(1.0, _WIDTH / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _ab(rgb: Bytes, size: tuple[int, ...]) -> Floats:
    """Ab of a picture on a grid of ``size``."""
    lab = rgb_to_lab(rgb.astype(np.float32) / np.float32(255))
    fine = np.ascontiguousarray(lab[..., 1:])
    return np.asarray(cv2.resize(fine, size[::-1], interpolation=cv2.INTER_AREA), np.float32)
