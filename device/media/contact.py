"""Before and after on one sheet: pictures as they were (left) and tinted (right), as PNG or JPEG."""

from __future__ import annotations

import contextlib
import io
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageDraw, ImageFont

from device.errors import UnreadableJpeg
from device.media.durable import write_bytes
from device.media.facts import read_jpeg_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from numpy.typing import NDArray

    Rgb = NDArray[np.uint8]

_COLUMNS = 2
_CELL = 420  # longest width of one picture on the sheet, in pixels
_TALLEST = 420
_QUALITY = 90  # of a sheet that is a JPEG
_MARGIN, _GAP, _SEAM, _HEADER = 32, 20, 4, 96
TITLE = 28  # size of the title's letters
#: Colours of a sheet: R'G'B'.
PAPER, _INK, _FAINT = (18, 20, 24), (236, 238, 242), (146, 152, 162)

_SYSTEM_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf")


@dataclass(frozen=True, slots=True, eq=False)
class BeforeAfter:
    """One picture twice: R'G'B' (H, W, 3) uint8, as on the sheet; ``note`` stands below it."""

    before: Rgb
    after: Rgb
    note: str = ""

    @classmethod
    def of_jpeg(
        cls, jpeg: bytes, note: str = "", pixel_aspect: Fraction | int = 1, *, own_colour: bool = False
    ) -> Self:
        """From a tinted JPEG: its luma is the picture as it was. Raises UnreadableJpeg.

        One of ``own_colour`` shows the same twice: it was not tinted.
        """
        read_jpeg_size(jpeg)
        try:
            after = simplejpeg.decode_jpeg(jpeg, "RGB")
            luma = simplejpeg.decode_jpeg(jpeg, "GRAY")
        except ValueError as error:
            raise UnreadableJpeg("this JPEG can't be decoded") from error
        before = after if own_colour else np.repeat(luma, 3, axis=2)
        return cls.of_rgb(before, after, note, pixel_aspect)

    @classmethod
    def of_rgb(cls, before: Rgb, after: Rgb, note: str = "", pixel_aspect: Fraction | int = 1) -> Self:
        """From two pictures of one size, upright; ``pixel_aspect``: width of a sample over its height."""
        height, width = before.shape[:2]
        shown = width * float(pixel_aspect)
        scale = min(_CELL / shown, _TALLEST / height)
        size = max(1, round(shown * scale)), max(1, round(height * scale))
        return cls(_scaled(before, size), _scaled(after, size), note)

    @classmethod
    def nothing(cls, note: str) -> Self:
        """A place on the sheet that stays empty but for its note."""
        empty = np.full((_TALLEST // 4, _CELL, 3), PAPER, np.uint8)
        return cls(empty, empty, note)


def _scaled(picture: Rgb, size: tuple[int, int]) -> Rgb:
    smaller = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def spread(count: int, wanted: int = 8) -> list[int]:
    """At most ``wanted`` of ``count`` frames, evenly over a film, none of them at its very ends."""
    wanted = min(count, wanted)
    return [(2 * n + 1) * count // (2 * wanted) for n in range(wanted)]


def contact_sheet(pairs: Sequence[BeforeAfter], *, title: str, detail: str) -> Rgb:
    """Lay the pairs out in rows of two under a title; R'G'B' (H, W, 3) uint8.

    ``title``: the film's name; ``detail``: what else is worth knowing, such as the network's name. What is
    too long for its line is cut short with an ellipsis. Raises ValueError for no pairs at all.
    """
    if not pairs:
        raise ValueError("a contact sheet of nothing")
    cell_width = max(pair.before.shape[1] for pair in pairs)
    columns = min(_COLUMNS, len(pairs))
    rows = [pairs[first : first + columns] for first in range(0, len(pairs), columns)]
    heights = [max(pair.before.shape[0] for pair in row) for row in rows]
    pair_width = 2 * cell_width + _SEAM
    note_height = 26 if any(pair.note for pair in pairs) else 0
    width = 2 * _MARGIN + columns * pair_width + (columns - 1) * _GAP
    height = _HEADER + sum(heights) + len(rows) * (note_height + _GAP) - _GAP + _MARGIN

    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    write_line(draw, (_MARGIN, 20), title, TITLE, width - 2 * _MARGIN)
    write_line(draw, (_MARGIN, 58), detail, 16, width - 2 * _MARGIN)
    y = _HEADER
    for row, cell_height in zip(rows, heights, strict=True):
        for column, pair in enumerate(row):
            x = _MARGIN + column * (pair_width + _GAP)
            for picture, left in ((pair.before, x), (pair.after, x + cell_width + _SEAM)):
                inset = (cell_width - picture.shape[1]) // 2, (cell_height - picture.shape[0]) // 2
                sheet.paste(Image.fromarray(picture), (left + inset[0], y + inset[1]))
            if pair.note:
                write_line(draw, (x, y + cell_height + 6), pair.note, 15, pair_width)
        y += cell_height + note_height + _GAP
    return np.array(sheet)


def write_line(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, room: int) -> None:
    """Write one line of a sheet, cut short with an ellipsis where it is wider than ``room``."""
    line = "".join(c if c.isprintable() else " " for c in text)[:500]
    font, line = _font(line, size)
    if draw.textlength(line, font) > room:
        while line and draw.textlength(f"{line}...", font) > room:
            line = line[:-1]
        line = f"{line.rstrip()}..."
    draw.text(place, line, _INK if size == TITLE else _FAINT, font)


def _font(line: str, size: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, str]:
    """A font, and what it can show of the line: Pillow's own has ASCII, the system's may have more."""
    if not line.isascii():
        for name in _SYSTEM_FONTS:
            with contextlib.suppress(OSError):
                return ImageFont.truetype(name, size), line
        bare = unicodedata.normalize("NFKD", line)
        line = "".join(c if c.isascii() else "?" for c in bare if not unicodedata.combining(c))
    return ImageFont.load_default(size), line


def write_contact_sheet(path: Path, pairs: Sequence[BeforeAfter], *, title: str, detail: str) -> None:
    """Write ``contact_sheet`` to ``path``: as PNG, or JPEG by its name. Raises SpaceError on a full disk."""
    file = io.BytesIO()
    sheet = Image.fromarray(contact_sheet(pairs, title=title, detail=detail))
    if path.suffix.lower() in {".jpg", ".jpeg"}:
        sheet.save(file, "JPEG", quality=_QUALITY)
    else:
        sheet.save(file, "PNG")
    write_bytes(path, file.getvalue())
