"""One frame of a film, made as small as it is shown, and given its colour once it is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.lightness import lightness, luma_values
from device.colour.tint import shrink
from device.colour.upright import upright_size
from device.frames import TintedFrame, Window
from device.jobs.guided import predict_guided
from device.media.jpeg import encode_jpeg, upright_planes

if TYPE_CHECKING:
    from device.colour.hints import Hints
    from device.colour.taste import Taste
    from device.frames import Frame, Luma
    from device.jobs.hinting import Hinting
    from device.jobs.looking import Look
    from device.network import Network

#: A picture is black, and shows nothing, where 99 % of it are darker than this (V, 0..1); or all of one tone.
_BLACK: Final = 0.08
_FLAT: Final = 0.012
_FINE: Final = 95  # quality of the JPEG that becomes part of a strip


@dataclass(frozen=True, slots=True, eq=False)
class Small:
    """A frame as small as it is shown, and all that its colour follows from."""

    frame: Frame
    small: Luma
    window: Window | None
    hints: Hints


def smaller(frame: Frame, look: Look, samples: int, hinting: Hinting) -> Small:
    """``frame`` with about so many samples of luma at most; hints are placed in it as large as it was."""
    hints = hinting.hints(look.window, frame.rotation, (frame.height, frame.width))
    scale = (samples / (frame.width * frame.height)) ** 0.5
    if scale >= 1:
        return Small(frame, look.small, look.window, hints)
    rows, columns = (max(round(side * scale / 2) * 2, 2) for side in (frame.height, frame.width))
    half = rows // 2, columns // 2
    small = replace(
        frame,
        luma=shrink(frame.luma, None, (rows, columns)),
        cb=None if frame.cb is None else shrink(frame.cb, None, half),
        cr=None if frame.cr is None else shrink(frame.cr, None, half),
    )
    return Small(small, look.small, _scaled(look.window, frame, rows, columns), hints)


def contrast(look: Look, frame: Frame) -> float | None:
    """How much there is to see: the deviation of its luma (V, 0..1); None where it is black, or one tone."""
    value = luma_values(look.small, frame.depth, full_range=frame.colour_space.full_range)
    deviation = float(value.std())
    if deviation < _FLAT or float(np.quantile(value, 0.99)) < _BLACK:
        return None
    return deviation


def tinted_jpeg(small: Small, network: Network, taste: Taste, *, own_colour: bool) -> bytes:
    """The frame as a JPEG, upright, in its own colour or in the network's."""
    frame = small.frame
    light = lightness(small.small, frame.colour_space, frame.depth)
    if own_colour:
        ab = np.zeros((1, 1, 2), np.float32)
    else:
        quarters = frame.rotation // 90
        upright = np.ascontiguousarray(np.rot90(light, -quarters))
        predicted = predict_guided(network, upright, network.heard(small.hints))
        ab = taste.apply(np.ascontiguousarray(np.rot90(predicted, quarters)), light)
    tinted = TintedFrame(frame, small.small, ab, small.window, own_colour=own_colour)
    return encode_jpeg(*upright_planes(tinted), _FINE)


def shown_aspect(width: int, height: int, rotation: int, pixel_aspect: float) -> float:
    """Width over height of a film's picture as it is shown: ``width`` and ``height`` are as stored."""
    rows, columns = upright_size((height, round(width * pixel_aspect)), rotation)
    return columns / rows


def _scaled(window: Window | None, frame: Frame, rows: int, columns: int) -> Window | None:
    """Where ``window`` of ``frame`` lies once that has so many rows and columns; even-aligned."""
    if window is None:
        return None
    across, down = columns / frame.width, rows / frame.height
    x, y = round(window.x * across / 2) * 2, round(window.y * down / 2) * 2
    right = min(round((window.x + window.width) * across / 2) * 2, columns)
    bottom = min(round((window.y + window.height) * down / 2) * 2, rows)
    return Window(x, y, max(right - x, 2), max(bottom - y, 2))
