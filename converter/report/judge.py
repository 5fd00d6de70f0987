"""What networks do to photographs, counted picture by picture.

Distances to the reference are pooled over every pixel of every photograph. Memory stays bounded: of the
pictures, only small JPEGs of those to be shown are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter.evaluate import Coloured, colorize, grey_of
from converter.report.figures import Shot, Spread, View
from device.colour.measure import colourfulness, delta_e_2000, psnr
from device.errors import InputError
from device.media.contact import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from device.network import Network

    Pixels = npt.NDArray[np.uint8]

_STEP, _FARTHEST = 0.01, 400.0  # of pooled distances
_LONGEST, _QUALITY = 480, 88  # of shown pictures: pixels, JPEG


@dataclass(slots=True)
class Pool:
    """Distances of pixels, pooled: only how many lie in each hundredth is kept."""

    total: float = 0.0
    counts: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(round(_FARTHEST / _STEP) + 1, np.int64)
    )

    def add(self, distances: npt.NDArray[np.floating]) -> None:
        """Count distances of any shape, at least 0."""
        self.total += float(distances.sum(dtype=np.float64))
        cells = np.minimum(distances.ravel() / _STEP, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(cells, minlength=len(self.counts))

    def spread(self) -> Spread:
        """Mean and 95th percentile of all."""
        reached = np.cumsum(self.counts)
        count = int(reached[-1])
        return Spread(self.total / count, float((np.searchsorted(reached, 0.95 * count) + 1) * _STEP))


@dataclass(slots=True)
class Tally:
    """What one network did so far."""

    label: str
    network: Network
    ab: Pool = field(default_factory=Pool)
    delta_e_2000: Pool = field(default_factory=Pool)
    psnr: list[float] = field(default_factory=list)
    colourfulness: list[float] = field(default_factory=list)
    farthest: float = 0.0
    shot: Shot | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be shown, of how many; means of the greys' PSNR in dB and the truth's colourfulness."""

    shots: tuple[Shot, ...]
    count: int
    grey_psnr: float
    truth: float


def judge(
    tallies: Sequence[Tally],
    pictures: Iterable[tuple[str, Pixels]],
    show: int,
    told: Callable[[int], None],
) -> Judged:
    """Colour every photograph by every network; fills the tallies."""
    greys: list[float] = []
    truths: list[float] = []
    kept: list[Shot] = []
    every = 1
    for count, (name, truth) in enumerate(pictures):
        told(count)
        grey = grey_of(truth)
        plain = np.repeat(grey[..., None], 3, axis=2)
        greys.append(psnr(plain, truth))
        truths.append(colourfulness(truth))
        made = [colorize(grey, tally.network) for tally in tallies]
        views = [_add(tally, each, made[0], truth) for tally, each in zip(tallies, made, strict=True)]
        shot = Shot(name, "", View(_jpeg(plain), greys[-1]), tuple(views), View(_jpeg(truth)))
        for tally, view in zip(tallies[1:], views[1:], strict=True):
            if (view.delta_e_2000 or 0.0) > tally.farthest:
                tally.farthest, tally.shot = view.delta_e_2000 or 0.0, shot
        if count % every == 0:
            kept.append(shot)
        if len(kept) > 2 * max(show, 1):
            kept, every = kept[::2], 2 * every
    if not greys:
        raise InputError("no photographs to compare on")
    chosen = [kept[index] for index in spread(len(kept), show)] if show else []
    return Judged(
        (*chosen, *(_worst(tallies) if show else ())),
        len(greys),
        float(np.mean(greys)),
        float(np.mean(truths)),
    )


def _worst(tallies: Sequence[Tally]) -> Iterable[Shot]:
    """The photographs on which a network is farthest from the reference, each once."""
    whose: dict[str, list[str]] = {}
    shots: dict[str, Shot] = {}
    for tally in tallies[1:]:
        if tally.shot:
            whose.setdefault(tally.shot.name, []).append(tally.label)
            shots[tally.shot.name] = tally.shot
    for name, shot in shots.items():
        note = f"where {' and '.join(whose[name])} is farthest from {tallies[0].label}"
        yield Shot(shot.name, note, shot.grey, shot.results, shot.truth)


def _add(tally: Tally, made: Coloured, reference: Coloured, truth: Pixels) -> View:
    """Count one result; returns it as it is shown."""
    tally.psnr.append(psnr(made.rgb, truth))
    tally.colourfulness.append(colourfulness(made.rgb))
    if made is reference:
        return View(_jpeg(made.rgb), tally.psnr[-1])
    ab = made.ab
    if ab.shape != reference.ab.shape:
        size = reference.ab.shape[1], reference.ab.shape[0]
        ab = np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_CUBIC), np.float32)
    tally.ab.add(np.linalg.norm(ab - reference.ab, axis=-1))
    distance = delta_e_2000(made.rgb, reference.rgb)
    tally.delta_e_2000.add(distance)
    return View(_jpeg(made.rgb), tally.psnr[-1], float(distance.mean()))


def _jpeg(rgb: Pixels) -> bytes:
    """Small enough for a page."""
    factor = min(1.0, _LONGEST / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
