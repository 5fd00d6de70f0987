"""Sound and subtitles of a film as a Matroska file of their own, to travel beside its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import av

from device.errors import TintcastError
from device.media.beside import add_beside
from device.media.probe import open_film

if TYPE_CHECKING:
    from device.media.probe import FilmFacts


def detach(facts: FilmFacts, file: BinaryIO, notes: list[str]) -> bool:
    """Copy what lies beside the picture into ``file``, packet by packet; False where there is nothing.

    ``notes`` gets a line for everything that had to be left out or changed. Raises UnreadableFilm for a
    damaged film, OSError where ``file`` can't be written.
    """
    if not any(track.kind in {"sound", "subtitle"} for track in facts.tracks):
        return False
    with open_film(facts.path) as source, av.open(file, "w", format="matroska", buffer_size=1 << 18) as out:
        beside = add_beside(out, source, facts, notes)
        if not beside.tracks:
            return False
        try:
            for packet in beside.packets():
                out.mux(packet)
        except av.FFmpegError as error:
            raise TintcastError(f"its sound can't be copied: {error.strerror}", where=facts.path) from None
    return True
