"""Small pictures for a page: a still of a shot, and a strip of several as they were and as they are."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from device.errors import UnreadableJpeg
from device.media.facts import read_jpeg_size
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.jobs.film_shots import FilmShots, Shot

#: A still on the page fits into this, in pixels; so much higher are a strip's cells where it has few.
_STILL = (200, 150)
_FEW_CELLS = {1: 1.5, 2: 1.35, 3: 1.2}
_GAP = 4
_QUALITY = 62
_BETWEEN = (22, 24, 28)
#: Larger files and pictures are none of ours.
_MOST_BYTES = 4 << 20
_MOST_SIDE = 4096
#: No cell is wider or narrower than this share of its height.
_WIDEST, _NARROWEST = 2.6, 0.4


def still(path: Path, aspect: float) -> bytes | None:
    """The still at ``path`` as a small JPEG; None where it can't be had. ``aspect``: of its samples."""
    picture = _opened(path, aspect, _STILL)
    return None if picture is None else _jpeg(picture)


@dataclass(frozen=True, slots=True)
class Strip:
    """A JPEG and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def strip(stills: Sequence[tuple[Path, bool]], aspect: float, height: int) -> Strip | None:
    """The stills side by side, before above after; None where there are none.

    ``stills``: files, each with whether its shot passed in its own colour: it was as it is. ``height``: of
    each, in pixels, a little more where they are few.
    """
    pairs = []
    tall = round(height * _FEW_CELLS.get(len(stills), 1))
    for path, own in stills:
        after = _opened(path, aspect, (round(tall * _WIDEST), tall))
        if after is not None:
            pairs.append((after if own else after.convert("L"), after))
    if not pairs:
        return None
    width = sum(after.width + _GAP for _, after in pairs) - _GAP
    row = max(after.height for _, after in pairs)
    sheet = Image.new("RGB", (width, 2 * row + _GAP), _BETWEEN)
    left = 0
    for before, after in pairs:
        sheet.paste(before.convert("RGB"), (left, 0))
        sheet.paste(after, (left, row + _GAP))
        left += after.width + _GAP
    return Strip(_jpeg(sheet), *sheet.size)


def chosen(film: FilmShots, count: int) -> list[Shot]:
    """At most ``count`` shots with a still, spread over the film: those under evenly spaced frames."""
    there = [shot for shot in film.shots if shot.still is not None]
    if len(there) <= count:
        return there
    found: dict[int, Shot] = {}
    for place in range(count):
        frame = film.frames * (2 * place + 1) / (2 * count)
        nearest = min(there, key=lambda shot: max(shot.first - frame, frame - shot.last, 0))
        found[nearest.number] = nearest
    for shot in sorted(there, key=lambda shot: -shot.frames):
        if len(found) >= count:
            break
        found.setdefault(shot.number, shot)
    return [found[number] for number in sorted(found)]


def _opened(path: Path, aspect: float, box: tuple[int, int]) -> Image.Image | None:
    """The picture that fits into ``box``, of square samples, R'G'B'."""
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            return None
        data = read_regular(path)
        width, height = read_jpeg_size(data)
        if not 0 < max(width, height) <= _MOST_SIDE:
            return None
        shape = min(max(width * aspect / height, _NARROWEST), _WIDEST)
        size = (box[0], round(box[0] / shape)) if shape * box[1] > box[0] else (round(box[1] * shape), box[1])
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            picture.draft("RGB", (2 * size[0], 2 * size[1]))
            return picture.convert("RGB").resize(size, Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError, UnreadableJpeg):  # SyntaxError: Pillow's for broken files
        return None


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
