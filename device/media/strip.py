"""A film's stills on one picture: each as it was above the same in colour, with the time it is from."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageDraw

from device.media.contact import PAPER, TITLE, write_line
from device.media.jpeg_segments import COM, insert, xmp_segment
from device.media.made_by import MadeBy
from device.media.sample_mark import SAMPLE
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rgb = NDArray[np.uint8]

#: Samples of a still as it is shown, whatever its shape; and the width of a strip, as far as stills fill it.
CELL: Final = 320 * 180
_WIDTH: Final = 2028
_NARROWEST: Final = 640
_MARGIN, _GAP, _SEAM, _HEADER, _NOTE = 24, 12, 3, 88, 26
_QUALITY: Final = 84
_TALLEST: Final = 4.0  # a picture narrower, or wider, than one to this is shown as if it were of that shape


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A still twice, R'G'B' (H, W, 3) uint8, as it is shown; ``time``: where it is from.

    ``own_colour``: it passes as it is, and is the same twice.
    """

    before: Rgb
    after: Rgb
    time: str
    own_colour: bool = False

    @classmethod
    def of_jpeg(cls, jpeg: bytes, time: str, aspect: float, *, own_colour: bool) -> Self:
        """From a tinted JPEG, whose luma is the picture as it was; ``aspect``: width over height as shown."""
        size = cell_size(aspect)
        after = _scaled(simplejpeg.decode_jpeg(jpeg, "RGB"), size)
        if own_colour:
            return cls(after, after, time, own_colour=True)
        grey = _scaled(simplejpeg.decode_jpeg(jpeg, "GRAY")[:, :, 0], size)
        return cls(np.repeat(grey[:, :, None], 3, axis=2), after, time)

    def jpeg(self, *, both: bool = True) -> bytes:
        """Before above after, as one small JPEG; or, of what passes as it is, the picture alone."""
        seam = np.full((_SEAM, self.before.shape[1], 3), PAPER, np.uint8)
        shown = np.concatenate([self.before, seam, self.after]) if both else self.after
        made: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(shown), _QUALITY, "RGB", "420")
        return made


def cell_size(aspect: float) -> tuple[int, int]:
    """Width and height of a still, whatever its shape of about ``CELL`` samples."""
    aspect = min(max(aspect, 1 / _TALLEST), _TALLEST)
    return max(round((CELL * aspect) ** 0.5), 2), max(round((CELL / aspect) ** 0.5), 2)


def draw_strip(stills: Sequence[Still], *, title: str, detail: str, network: str) -> bytes:
    """All ``stills`` of a film, in rows, as a JPEG that says what it is. Raises ValueError for none."""
    if not stills:
        raise ValueError("a strip of nothing")
    height, width = stills[0].before.shape[:2]
    both = not all(still.own_colour for still in stills)
    tall = 2 * height + _SEAM if both else height
    columns = min(max((_WIDTH + _GAP - 2 * _MARGIN) // (width + _GAP), 1), len(stills))
    rows = -(-len(stills) // columns)
    pitch = tall + _NOTE
    across = max(columns * (width + _GAP) - _GAP + 2 * _MARGIN, _NARROWEST)
    sheet = Image.new("RGB", (across, _HEADER + rows * (pitch + _GAP) + _MARGIN - _GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    write_line(draw, (_MARGIN, 16), title, TITLE, across - 2 * _MARGIN)
    write_line(draw, (_MARGIN, 54), detail, 16, across - 2 * _MARGIN)
    for number, still in enumerate(stills):
        x = _MARGIN + number % columns * (width + _GAP)
        y = _HEADER + number // columns * (pitch + _GAP)
        sheet.paste(Image.fromarray(still.before), (x, y))
        if both:
            sheet.paste(Image.fromarray(still.after), (x, y + height + _SEAM))
        note = still.time + ("  in colour already" if still.own_colour else "")
        write_line(draw, (x, y + tall + 5), note, 15, width)
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=_QUALITY)
    told = [(COM, SAMPLE.encode())]
    if both:
        told.insert(0, xmp_segment(MadeBy(network, version()).xmp()))
    return insert(file.getvalue(), told)


def _scaled(picture: Rgb, size: tuple[int, int]) -> Rgb:
    smaller = size[0] * size[1] < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)
