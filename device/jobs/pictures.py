"""``tintcast film`` on a folder: a numbered sequence of pictures as one film, picture for picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from device.errors import ConfigurationError
from device.jobs.film_notes import notes_on_shots
from device.jobs.hinting import board_of
from device.jobs.pipeline import Colorizer, held_of, run_pipeline
from device.network import Network
from device.sinks.pictures import PictureSink
from device.sources.pictures import PictureFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop

_JPEG = frozenset({".jpe", ".jpeg", ".jpg"})
#: Pictures a second, as far as that matters: what they are frames of isn't said.
_RATE = Fraction(24)


@dataclass(frozen=True, slots=True)
class PicturesResult:
    """A finished folder. ``passed``: pictures that passed as they were; ``notes``: what should be known."""

    frames: int
    rate: float
    network_ms: float
    passed: int
    notes: tuple[str, ...] = ()


def colorize_pictures(
    source: Path,
    out: Path,
    config: Config,
    *,
    stop: Stop,
    progress: Callable[[int, int | None], None],
) -> PicturesResult:
    """Colorize the pictures in the folder ``source``, in natural order, into the folder ``out``.

    JPEGs become JPEGs, everything else PNGs. They are the frames of a film: true colour is found shot by
    shot, where pictures that have nothing in common are a shot each. ``progress(pictures, of)``. Raises every
    error of ``PictureFolder`` and ``PictureSink``, NetworkFileError, ConfigurationError for an ``out`` that
    can't be, and Interrupted once ``stop`` is set; the pictures that are done stay.
    """
    if out.exists() and (not out.is_dir() or out.samefile(source)):
        raise ConfigurationError(
            "is not a folder of its own", where=out, hint="name another one for the result"
        )
    settings, said = config.network, list[str]()
    board = board_of(config.hints, say=said.append)
    with (
        PictureFolder(source) as pictures,
        Network.load(settings.name, settings.threads, settings.runtime) as network,
    ):
        board.check(network)
        sink = PictureSink(
            out,
            "jpeg" if pictures.paths[0].suffix.lower() in _JPEG else "png",
            network=network.manifest.name,
            device=config.mqtt.device,
            originals=pictures.paths,
        )
        colorizer = Colorizer(
            network,
            config.colour,
            every=config.film.colour_every,
            held=held_of(config.film, _RATE),
            hinting=board,
        )
        done = run_pipeline(
            pictures, colorizer, [sink], stop, lambda done: progress(done, len(pictures.paths))
        )
    notes = notes_on_shots(
        *colorizer.odd_shots,
        lambda shot: f"{pictures.paths[shot['first']].name} to {pictures.paths[shot['last']].name}",
    )
    return PicturesResult(done.frames, done.rate, done.network_ms, done.passed, (*said, *notes))
