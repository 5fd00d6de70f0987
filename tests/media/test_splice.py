"""Stretches of a film in place of others: every codec, stretches of any length, and what can't be."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import panned

from device.config import FilmSettings
from device.errors import TintcastError
from device.media.codecs import CODECS
from device.media.encode import Encoder, Picture
from device.media.join import join
from device.media.splice import Laid, Patch, check_patches, spliced
from device.media.tags import ColourTags

if TYPE_CHECKING:
    from pathlib import Path

CUTS = (0, 13, 14, 30)
ENDS = (*CUTS[1:], 41)
SETTINGS = FilmSettings(preset="ultrafast")


def picture(codec: str) -> Picture:
    depth = 10 if codec == "prores" else 8
    chosen = CODECS[codec]
    form = chosen.pixel_format((2, 2), depth)
    return Picture(96, 64, chosen, form, depth, ColourTags(), Fraction(1, 1000), Fraction(25))


def write(path: Path, codec: str, frames: range, *, shift: int, cuts: tuple[int, ...] = CUTS) -> Path:
    """Frames of one and the same film, their colour ``shift`` away from grey."""
    of = picture(codec)
    middle = 1 << (of.depth - 1)
    scenes = [panned(41, (96, 64), of.depth, seed=seed) for seed in range(len(CUTS))]
    kind = np.uint8 if of.depth == 8 else np.uint16
    with path.open("wb") as file, Encoder(file, of, SETTINGS) as encoder:
        for n in frames:
            luma = scenes[sum(cut <= n for cut in CUTS) - 1][n]
            chroma = np.full(of.chroma_size, middle + shift + n, kind)
            encoder.write(luma, chroma, chroma, 40 * n + n % 2, key=n in cuts)
    return path


def content(path: Path) -> list[tuple[int, bytes]]:
    """Stamp and planes of every frame."""
    with av.open(str(path)) as film:
        return [(frame.pts or 0, frame.to_ndarray().tobytes()) for frame in film.decode(video=0)]


@pytest.mark.parametrize("codec", list(CODECS))
def test_a_stretch_takes_anothers_place_and_nothing_else_changes(tmp_path: Path, codec: str) -> None:
    """Stretches of one frame too, and two behind each other."""
    film = write(tmp_path / "film.mkv", codec, range(41), shift=0)
    laid = Laid.of(film)
    assert set(CUTS) <= laid.keys
    assert len(laid.stamps) == 41
    before = content(film)
    for wanted in ([0], [1], [3], [1, 2]):
        patches = []
        for number in wanted:
            part = tmp_path / f"{number}.mkv"
            write(part, codec, range(CUTS[number], ENDS[number]), shift=9)
            patches.append(Patch(part, CUTS[number], ENDS[number] - 1))
        check_patches(film, laid, patches)
        out = tmp_path / "out.mkv"
        with out.open("w+b") as file:
            join(
                file,
                form="matroska",
                template=film,
                pictures=partial(spliced, film, patches),
                picture=picture(codec),
                source=None,
                metadata={},
                tick=lambda: None,
            )
        inside = {n for number in wanted for n in range(CUTS[number], ENDS[number])}
        after = content(out)
        assert [pts for pts, _ in after] == [pts for pts, _ in before]
        assert {n for n in range(41) if after[n][1] != before[n][1]} == inside
        assert Laid.of(out).parameters == laid.parameters
        new = [planes for patch in patches for _, planes in content(patch.path)]
        assert [after[n][1] for n in sorted(inside)] == new


def test_a_stretch_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mkv", "h264", range(41), shift=0)
    laid = Laid.of(film)
    part = write(tmp_path / "part.mkv", "h264", range(13), shift=9)
    other = write(tmp_path / "other.mkv", "h265", range(13), shift=9)
    for patch, reason in (
        (Patch(part, 1, 13), "others refer to them"),
        (Patch(part, 0, 11), "others refer to them"),
        (Patch(part, 30, 40), "came out as 13 frames"),
        (Patch(other, 0, 12), "were encoded otherwise than the rest"),
    ):
        with pytest.raises(TintcastError, match=reason):
            check_patches(film, laid, [patch])


@pytest.mark.parametrize("cuts", [(0, 1, 2, 3), (0, 160, 162), (0, 161), (0, 159), (0, 162, 163, 323)])
def test_shots_may_follow_each_other_at_any_distance(tmp_path: Path, cuts: tuple[int, ...]) -> None:
    """SVT-AV1 would wait for ever where a frame that it makes a key frame comes right before such a one."""
    of = picture("av1")
    grey = np.full((64, 96), 90, np.uint8)
    chroma = np.full(of.chroma_size, 128, np.uint8)
    path = tmp_path / "film.mkv"
    with path.open("wb") as file, Encoder(file, of, SETTINGS) as encoder:
        for n in range(330):
            encoder.write(grey + n % 9, chroma, chroma, 40 * n, key=n in cuts)
    ticks: list[int] = []
    laid = Laid.of(path, lambda: ticks.append(1))
    assert len(laid.stamps) == len(content(path)) == len(ticks) == 330
    assert set(cuts) <= laid.keys
    assert max(b - a for a, b in pairwise([*sorted(laid.keys), 330])) <= 160
