"""Finished films whose shots are redone by the tests, and what is compared of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import av

from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmTask
from device.jobs.film_child import colorize
from device.jobs.film_shots import shots_folder
from device.jobs.redo import film_config, known_shots, wanted
from device.jobs.redo_child import redo
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction
    from pathlib import Path

    from device.jobs.film import FilmResult
    from device.jobs.film_shots import FilmShots

    Settings = Mapping[str, Mapping[str, Any]]
    Stamped = tuple[Fraction, Fraction, Fraction, bytes]


def config(segment_frames: int = 10, **film: Any) -> Config:
    """Small segments, a fast encoder."""
    return Config.model_validate({
        "film": {"segment_frames": segment_frames, "preset": "ultrafast", **film}
    })  # fmt: skip


def other(settings: Config, **sections: Mapping[str, Any]) -> Config:
    """The same but for some keys."""
    values = settings.model_dump()
    for section, keys in sections.items():
        values[section].update(keys)
    return Config.model_validate(values)


def coloured(source: Path, out: Path, settings: Config) -> FilmResult:
    """Colour a film in this process."""
    stop = Stop()
    return colorize(FilmTask(source, out, settings), lambda _: None, stop, gate=Gate(stop))


def redone(film: Path, numbers: Iterable[int], asked: Settings, *, undo: bool = False) -> FilmResult:
    """Redo shots of a film in this process."""
    return redone_from(known_shots(film), film, numbers, asked, undo=undo)


def redone_from(
    known: FilmShots, film: Path, numbers: Iterable[int], asked: Settings, *, undo: bool = False
) -> FilmResult:
    """The same, worked out from what was ``known`` of the film."""
    stop = Stop()
    shots = tuple(wanted(known, number, asked, undo=undo) for number in numbers)
    task = FilmTask(film.parent / known.source, film, film_config(known, Config()), redo=shots)
    return redo(task, lambda _: None, stop, gate=Gate(stop))


def copied(film: Path, folder: Path) -> Path:
    """A copy of a finished film, and of what is known of its shots."""
    shutil.copytree(shots_folder(film), shots_folder(folder / film.name))
    return shutil.copy2(film, folder / film.name)


def packets(path: Path, kind: str = "video") -> list[Stamped]:
    """Stamps, duration (seconds) and bytes of each packet of the first track of a kind."""
    with av.open(str(path)) as film:
        stream = next(each for each in film.streams if each.type == kind)
        return [
            (
                (packet.pts or 0) * packet.time_base,
                (packet.dts or 0) * packet.time_base,
                (packet.duration or 0) * packet.time_base,
                bytes(packet),
            )
            for packet in film.demux(stream)
            if packet.size
        ]


def planes(path: Path) -> list[tuple[bytes, ...]]:
    """The decoded planes of every frame."""
    with FilmSource(path) as film:
        return [
            tuple(b"" if plane is None else plane.tobytes() for plane in (frame.luma, frame.cb, frame.cr))
            for frame in film.frames()
        ]


def told(path: Path) -> list[object]:
    """What a film's container says of it and of its tracks, but for when it was made."""
    with av.open(str(path)) as film:
        said: list[object] = [
            (stream.type, dict(stream.metadata), stream.disposition, stream.time_base)
            for stream in film.streams
        ]
        return [
            *said,
            {key: text for key, text in film.metadata.items() if key != "comment"},
            film.chapters(),
        ]
