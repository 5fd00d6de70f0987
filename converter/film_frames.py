"""Frames of films in colour, as photographs to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.own import own_rgb
from device.media.contact import spread
from device.media.probe import probe
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

SUFFIXES: Final = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".mpg", ".mpeg", ".ts"})
_MOST = 600  # frames of one film
_PER_SECOND = 1.0  # frames nearer to each other hardly differ


def film_pictures(path: Path) -> Iterator[tuple[str, Pixels]]:
    """Name#frame and R'G'B' (h, w, 3), upright, of frames spread over a film: one a second, at most 600."""
    facts = probe(path)
    seconds = facts.duration or 1.0
    count = facts.frames or max(1, round(facts.rate * seconds))
    wanted = set(spread(count, min(_MOST, max(1, round(seconds * _PER_SECOND)))))
    with FilmSource(path, facts) as film:
        for frame in film.frames():
            if frame.index in wanted:
                upright = np.rot90(own_rgb(frame), -frame.rotation // 90)
                yield f"{path.name}#{frame.index}", np.ascontiguousarray(upright)
