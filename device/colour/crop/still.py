"""Black bars around one still picture: a letterbox, a pillarbox, the dark border of a scan.

There are no other frames to tell a bar from a night. A bar is dark and even along its whole length, and ends
in an edge: within a few lines the picture beside it is lighter nearly everywhere along it. A night's darkness
ends here and there. Half of the edge is enough for two bars of one width that face each other, and for what
is as dark as a bar that is certain: the borders of a scan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from device.frames import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.frames import Luma

    Lines = NDArray[np.float32]  # (lines, bands): mean of each band of each line, in 8-bit codes

#: Each line is measured by the means of so many bands along it, each of so many samples, against noise.
_BANDS = 24
_SAMPLES = 8
#: 8-bit codes: a bar's level is at most so light; of its bands nearly all are at most so much lighter.
_DARK = 36.0
_EVEN = 9.0
_NEARLY = 0.9
#: A band is lit that is so much lighter than the bar (codes).
_LIT = 20.0
#: Within so many lines (a share of the picture, at least three) the edge is complete: scans lie a bit askew.
_EDGE = 0.012
#: Share of the edge that is lit, of a bar that is certain by itself and of one that others speak for.
_CERTAIN = 0.9
_LIKELY = 0.5
#: Codes by which the bars of one picture differ at most.
_ONE_DARK = 8.0
#: Two bars face each other whose widths differ by at most this share of the picture, or two lines.
_ALIKE = 0.01
#: A bar of fewer lines, or of a smaller share of the picture, is none; the picture is at least so much.
_FEWEST = 3
_SLIGHTEST = 0.006
_LEAST = 0.3


@dataclass(frozen=True, slots=True)
class _Bar:
    """So many ``lines`` from the edge inwards, of a level (codes), and the share of the edge that is lit."""

    lines: int = 0
    level: float = 0.0
    lit: float = 0.0


def still_window(luma: Luma, depth: int = 8) -> Window | None:
    """Find the window inside the black bars around one picture; None where all is picture.

    ``luma``: (H, W) codes of ``depth`` bits, full or limited range. The window is exact to the line where the
    edge is sharp, and not aligned to anything.
    """
    height, width = luma.shape
    if min(height, width) < _BANDS:
        return None
    across = _bands(luma[:, _places(width)], depth)
    down = _bands(luma[_places(height)].T, depth)
    sides = (*_facing(across), *_facing(down))
    certain = [side.level for side in sides if side.lit >= _CERTAIN]
    top, bottom, left, right = (side.lines if _spoken_for(side, certain) else 0 for side in sides)
    window = Window(left, top, width - left - right, height - top - bottom)
    if (window.width, window.height) == (width, height):
        return None
    if window.width < _LEAST * width or window.height < _LEAST * height:
        return None
    return window


def _places(length: int) -> NDArray[np.intp]:
    """Where a line is sampled."""
    return ((np.arange(_BANDS * _SAMPLES) + 0.5) * length / (_BANDS * _SAMPLES)).astype(np.intp)


def _bands(samples: Luma, depth: int) -> Lines:
    bands = samples.reshape(-1, _BANDS, _SAMPLES).mean(axis=2, dtype=np.float32)
    return np.asarray(bands / np.float32(1 << (depth - 8)), np.float32)


def _facing(lines: Lines) -> tuple[_Bar, _Bar]:
    """Bars at the first and at the last line; two of one width are certain of each other."""
    first, last = _bar(lines), _bar(lines[::-1])
    if abs(first.lines - last.lines) <= max(2, _ALIKE * len(lines)) and min(first.lit, last.lit) >= _LIKELY:
        first, last = (replace(bar, lit=1.0) for bar in (first, last))
    return first, last


def _spoken_for(bar: _Bar, certain: list[float]) -> bool:
    return bar.lit >= _LIKELY and any(abs(bar.level - level) <= _ONE_DARK for level in certain)


def _bar(lines: Lines) -> _Bar:
    reach = max(3, round(_EDGE * len(lines)))
    level = float(np.median(lines[: max(2, reach // 2)]))
    in_the_picture = lines.max(axis=0) > level + _LIT  # the other bands lie in bars that cross this one
    if level > _DARK or in_the_picture.mean() < _LEAST:
        return _Bar()
    inside = lines[: len(lines) // 2, in_the_picture]
    light = np.flatnonzero((inside > level + _EVEN).mean(axis=1) > 1 - _NEARLY)
    if light.size == 0:
        return _Bar()
    begun = int(light[0])
    edge = inside[begun : begun + reach] > level + _LIT
    whole = np.flatnonzero(edge.mean(axis=1) >= _LIKELY)
    width = begun + (int(whole[0]) if whole.size else 0)
    if width < max(_FEWEST, _SLIGHTEST * len(lines)):
        return _Bar()
    return _Bar(width, level, float(edge.any(axis=0).mean()))
