"""A network's colour where there is no truth: old pictures and films, in figures and on a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from device.colour.lightness import lightness
from device.colour.measure import colourfulness
from device.colour.merge import merge_reference
from device.colour.tint import shrink
from device.media.contact import BeforeAfter, spread
from device.media.probe import probe
from device.sources.film import FilmSource
from device.sources.pictures import PictureFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from device.frames import Frame, Luma
    from device.network import Network

    Floats = npt.NDArray[np.float32]

_LOUD = 8  # the chroma from which on a pixel counts as coloured


@dataclass(frozen=True, slots=True)
class Look:
    """One source, or several: how many pictures were looked at, and their mean colourfulness.

    ``one_tone``: of all their coloured pixels (chroma over 8), the share in the fullest 60 degrees of hue.
    """

    name: str
    pictures: int
    colourfulness: float
    one_tone: float


def look(
    sources: Sequence[Path], network: Network, *, frames: int = 8
) -> tuple[list[Look], list[BeforeAfter]]:
    """Colorize all pictures of folders, and ``frames`` spread over each film.

    Returns a row for each source, one for all together where there are several, and the pictures.
    """
    looks, pairs = [], []
    colours: list[float] = []
    tints: list[Floats] = []
    for source in sources:
        first = len(colours)
        for frame in _chosen(source, frames):
            pair, ab, colour = _colorize(frame, network, source.name)
            pairs.append(pair)
            colours.append(colour)
            tints.append(ab)
        looks.append(_summary(source.name, colours[first:], tints[first:]))
    if len(sources) > 1:
        looks.append(_summary("all together", colours, tints))
    return looks, pairs


def _summary(name: str, colours: list[float], tints: list[Floats]) -> Look:
    return Look(name, len(colours), float(np.mean(colours)), one_tone(np.stack(tints)))


def _colorize(frame: Frame, network: Network, name: str) -> tuple[BeforeAfter, Floats, float]:
    quarters = -frame.rotation // 90
    luma: Luma = np.ascontiguousarray(np.rot90(frame.luma, quarters))  # type: ignore[assignment]
    small = shrink(luma, None, network.size)
    ab = network.predict(lightness(small, frame.colour_space, frame.depth)).ab
    light = lightness(luma, frame.colour_space, frame.depth)
    before, after = (merge_reference(light, tint) for tint in (np.zeros_like(ab), ab))
    colour = colourfulness(after)
    note = f"{name} {frame.index}: colourfulness {colour:.1f}, one tone {one_tone(ab):.0%}"
    return BeforeAfter.of_rgb(before, after, note, frame.pixel_aspect), ab, colour


def one_tone(ab: npt.NDArray[np.floating]) -> float:
    """Of the pixels with chroma over 8, the share in the fullest 60 degrees of hue; 1 if there are none."""
    a, b = ab[..., 0].ravel(), ab[..., 1].ravel()
    coloured = np.hypot(a, b) > _LOUD
    if not coloured.any():
        return 1.0
    hues = np.degrees(np.arctan2(b[coloured], a[coloured])).astype(int) % 360
    counts = np.bincount(hues, minlength=360)
    windows = np.convolve(np.concatenate([counts, counts[:59]]), np.ones(60, int), mode="valid")
    return float(windows.max() / counts.sum())


def _chosen(source: Path, count: int) -> Iterator[Frame]:
    if source.is_dir():
        with PictureFolder(source) as pictures:
            yield from pictures.frames()
        return
    facts = probe(source)
    wanted = set(spread(max(1, facts.frames or round(facts.rate * (facts.duration or 1))), count))
    with FilmSource(source, facts) as film:
        for frame in film.frames():
            if frame.index in wanted:
                yield frame
