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
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from device.frames import Frame, Luma
    from device.network import Network

_LOUD = 8  # the chroma from which on a pixel counts as coloured


@dataclass(frozen=True, slots=True)
class Look:
    """One source: how many pictures were looked at, and their mean colourfulness.

    ``one_tone``: of all their coloured pixels (chroma over 8), the share in the fullest 60 degrees of hue.
    """

    name: str
    pictures: int
    colourfulness: float
    one_tone: float


def look(source: Path, network: Network, *, frames: int = 8) -> tuple[Look, list[BeforeAfter]]:
    """Colorize all pictures of a folder, or ``frames`` spread over a film."""
    pairs, colours, tints = [], [], []
    for frame in _chosen(source, frames):
        quarters = -frame.rotation // 90
        luma: Luma = np.ascontiguousarray(np.rot90(frame.luma, quarters))  # type: ignore[assignment]
        small = shrink(luma, None, network.size)
        ab = network.predict(lightness(small, frame.colour_space, frame.depth)).ab
        light = lightness(luma, frame.colour_space, frame.depth)
        after = merge_reference(light, ab)
        colours.append(colourfulness(after))
        tints.append(ab)
        note = f"{source.name} {frame.index}: colourfulness {colours[-1]:.1f}, one tone {one_tone(ab):.0%}"
        pairs.append(
            BeforeAfter.of_rgb(merge_reference(light, np.zeros_like(ab)), after, note, frame.pixel_aspect)
        )
    return Look(source.name, len(pairs), float(np.mean(colours)), one_tone(np.stack(tints))), pairs


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
