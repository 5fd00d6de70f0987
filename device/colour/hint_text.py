"""Hints as people write them: a pixel and its colour, on the command line or in a file, a line for each.

``x,y,a,b`` or ``x,y,#rrggbb``: x and y count pixels of the upright picture from its upper left corner, a and
b are Lab units; of a colour #rrggbb its a and b are taken, whatever its lightness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.hints import Hint
from device.colour.lab import rgb_to_lab
from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from device.frames import Window

_FORM: Final = "x,y,a,b or x,y,#rrggbb, as in 120,80,45,-20"
_LARGEST_FILE: Final = 1 << 20  # bytes: far more than anyone writes by hand
_WIDEST_AB: Final = 128.0


@dataclass(frozen=True, slots=True)
class PixelHint:
    """A colour (``a``, ``b``, Lab units) at a pixel of the upright picture, as somebody gave it."""

    x: float
    y: float
    a: float
    b: float

    def __str__(self) -> str:
        """As ``parse_hint`` reads it."""
        return f"{self.x!r},{self.y!r},{self.a!r},{self.b!r}"


def parse_hint(text: str, *, where: object = "--hint") -> PixelHint:
    """One hint. Raises ConfigurationError, which says the form that is meant."""
    parts = [part.strip() for part in text.split(",")]
    try:
        if len(parts) == 3 and parts[2].startswith("#"):
            hint = PixelHint(float(parts[0]), float(parts[1]), *_ab_of(parts[2]))
        else:
            x, y, a, b = (float(part) for part in parts)
            hint = PixelHint(x, y, a, b)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no hint", where=where, hint=_FORM) from None
    if not (np.isfinite([hint.x, hint.y]).all() and hint.x >= 0 and hint.y >= 0):
        raise ConfigurationError(f"{text!r}: x and y are pixels from 0 up", where=where, hint=_FORM)
    if not max(abs(hint.a), abs(hint.b)) <= _WIDEST_AB:
        raise ConfigurationError(f"{text!r}: a and b lie between -128 and 128", where=where, hint=_FORM)
    return hint


def read_hints(path: Path) -> tuple[PixelHint, ...]:
    """The hints of a file: a line each; empty lines, and those that begin with a #, say nothing."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise ConfigurationError("is too long for a file of hints", where=path, hint=f"lines of {_FORM}")
        lines = content.decode().splitlines()
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read the hints") from error
    except UnicodeDecodeError:
        raise ConfigurationError("is no text", where=path, hint=f"lines of {_FORM}") from None
    numbered = ((number, line.strip()) for number, line in enumerate(lines, 1))
    return tuple(
        parse_hint(line, where=f"{path}:{number}")
        for number, line in numbered
        if line and not line.startswith("#")
    )


def place_hints(
    hints: Iterable[PixelHint], width: int, height: int, window: Window | None = None
) -> tuple[Hint, ...]:
    """Where ``hints`` lie in the picture that the network sees: ``window`` of the upright picture.

    Raises ConfigurationError for one outside the picture; one in the black bars around it goes unheard.
    """
    left, top = (window.x, window.y) if window else (0, 0)
    inner = (window.width, window.height) if window else (width, height)
    placed = []
    for hint in hints:
        if hint.x >= width or hint.y >= height:
            raise ConfigurationError(
                f"the hint at {hint.x:g},{hint.y:g} lies outside the picture of {width}x{height} pixels"
            )
        x, y = (hint.x + 0.5 - left) / inner[0], (hint.y + 0.5 - top) / inner[1]
        if 0 <= x <= 1 and 0 <= y <= 1:
            placed.append(Hint(x, y, hint.a, hint.b))
    return tuple(placed)


def _ab_of(colour: str) -> tuple[float, float]:
    """The a and b of ``#rrggbb``. Raises ValueError."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise ValueError(colour)
    rgb = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(np.float32) / np.float32(255)
    _, a, b = (float(value) for value in rgb_to_lab(rgb))
    return a, b
