"""What the user should know of a film that is done, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.jobs.colorizer import Colorizer
    from device.jobs.deciding import Shot
    from device.media.planes import Layout
    from device.sources.film import FilmSource

_SAMPLINGS = {(4, 1): "4:1:1", (1, 2): "4:4:0", (4, 2): "4:1:0", (4, 4): "4:1:0"}


def notes_on(source: FilmSource, colorizer: Colorizer) -> Iterator[str]:
    """Notes on a film that was read from ``source`` and went through ``colorizer``."""
    if source.facts.interlaced:
        yield "it is interlaced: its fields were coloured as they lie, woven into whole frames"
    if source.damaged:
        yield f"{source.damaged} damaged packets of its picture were passed over"
    if colorizer.passed:
        yield from _on_own_chroma(source.facts.layout)
    yield from _on_odd_shots(*colorizer.odd_shots)


def _on_own_chroma(layout: Layout) -> Iterator[str]:
    """Where its own colour could not pass bit for bit."""
    if layout.made:
        yield "what passed of its colour is no longer RGB but YCbCr, as the film that was written"
    elif layout.subsampling in _SAMPLINGS:
        yield f"what passed of its colour was {_SAMPLINGS[layout.subsampling]} and was written as 4:2:0"


def _on_odd_shots(count: int, named: list[Shot]) -> Iterator[str]:
    """Shots that are not all alike: each was treated as it begins."""
    for own_colour, what in (
        (False, "begins grey and turns to colour, was tinted whole"),
        (True, "begins in colour and turns grey, was left as it is"),
    ):
        if places := [_place(shot) for shot in named if shot["own_colour"] is own_colour]:
            yield f"a shot that {what}: {'; '.join(places)}"
    if count > len(named):
        yield f"{count - len(named)} more shots are grey in part"


def _place(shot: Shot) -> str:
    return f"frames {shot['first']} to {shot['last']} ({_clock(shot['begins'])} to {_clock(shot['ends'])})"


def _clock(seconds: float) -> str:
    tenths = round(10 * seconds)
    return f"{tenths // 36000}:{tenths // 600 % 60:02d}:{tenths % 600 / 10:04.1f}"
