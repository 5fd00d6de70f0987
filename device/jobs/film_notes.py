"""What the user should know of a film that is done, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.jobs.telling import clock
from device.media.codecs import CODECS, depth_of, sampling_of
from device.media.made_by import MadeBy
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.jobs.colorizer import Colorizer
    from device.jobs.deciding import Shot
    from device.media.encode import Picture
    from device.media.probe import FilmFacts
    from device.media.segments import WorkFolder
    from device.network import Network
    from device.sources.films import Film

_SAMPLINGS = {
    (1, 1): "4:4:4",
    (1, 2): "4:4:0",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (4, 1): "4:1:1",
    (4, 4): "4:1:0",
}


def notes_on(
    source: Film, colorizer: Colorizer, work: WorkFolder | None, picture: Picture | None
) -> Iterator[str]:
    """Notes on a film that came from ``source`` and, where there is one, went to ``work`` as ``picture``."""
    if work is not None and work.restarted:
        yield work.restarted
    yield from source.remarks()
    if picture is not None:
        yield from _on_depth(source.facts, picture)
    if colorizer.passed and picture is not None:
        yield from _on_own_chroma(source.facts, picture)
    yield from notes_on_shots(*colorizer.odd_shots, _frames)


def comment_on(network: Network) -> str:
    """What a film says of itself whose colour ``network`` made."""
    manifest = network.manifest
    return MadeBy(f"{manifest.name} ({manifest.sha256[:12]})", version()).line


def _on_depth(facts: FilmFacts, picture: Picture) -> Iterator[str]:
    """Where fewer bits go out than came."""
    bits, written = facts.layout.depth, depth_of(picture.pixel_format)
    if written < bits:
        deepest = ", ".join(
            other.name
            for other in CODECS.values()
            if depth_of(other.pixel_format(facts.layout.subsampling, bits)) > written
        )
        most = picture.codec.pixel_format(facts.layout.subsampling, bits) == picture.pixel_format
        why = f"the most that {picture.codec.name} has (more: {deepest})" if most else "as asked for"
        yield f"its {bits} bits were rounded to {written}, {why}"


def _on_own_chroma(facts: FilmFacts, picture: Picture) -> Iterator[str]:
    """Where its own colour could not pass bit for bit."""
    own, written = facts.layout.subsampling, sampling_of(picture.pixel_format)
    if facts.layout.made and own is not None:
        yield f"what passed of its colour was RGB and is now YCbCr, {_SAMPLINGS[written]}"
    elif own is not None and own != written:
        was = _SAMPLINGS.get(own, "of another sampling")
        now = f"{_SAMPLINGS[written]}, as {picture.codec.name} has it"
        yield f"what passed of its colour was {was} and is now {now}"


def notes_on_shots(count: int, named: list[Shot], place: Callable[[Shot], str]) -> Iterator[str]:
    """Shots that are not all alike, ``count`` of them, some ``named``: each was treated as it begins."""
    for own_colour, what in (
        (False, "begins grey and turns to colour, was tinted whole"),
        (True, "begins in colour and turns grey, was left as it is"),
    ):
        if places := [place(shot) for shot in named if shot["own_colour"] is own_colour]:
            yield f"a shot that {what}: {'; '.join(places)}"
    if count > len(named):
        yield f"{count - len(named)} more shots are grey in part"


def _frames(shot: Shot) -> str:
    return f"frames {shot['first']} to {shot['last']} ({clock(shot['begins'])} to {clock(shot['ends'])})"
