"""Colours between the page, which speaks of #rrggbb, and Lab."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device.colour.lab import lab_to_rgb, rgb_to_lab

if TYPE_CHECKING:
    from device.colour.placed import PlacedHint

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_MIDDLE: Final = 60.0  # the lightness at which a hint's colour is shown


def ab_of(colour: object) -> tuple[float, float]:
    """Lab's a and b of ``#rrggbb``. Raises ValueError for anything else."""
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise ValueError("not a colour")
    rgb = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).reshape(1, 1, 3)
    _, a, b = rgb_to_lab(rgb.astype(np.float32) / np.float32(255))[0, 0]
    return float(a), float(b)


def described(hint: PlacedHint) -> dict[str, Any]:
    """A hint as JSON has it, with its colour at middle lightness as ``#rrggbb``."""
    lightness, ab = np.full((1, 1), _MIDDLE, np.float32), np.array([[[hint.a, hint.b]]], np.float32)
    rgb = np.clip(np.rint(lab_to_rgb(lightness, ab) * 255), 0, 255).astype(np.uint8)
    return asdict(hint) | {"colour": f"#{rgb.tobytes().hex()}"}
