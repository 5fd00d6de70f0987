"""Hints that stay where somebody put them, and the colours that are offered there, for page and jobs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlacedHint:
    """A colour that stays: ``a``, ``b`` in Lab units at ``x``, ``y``, shares 0..1 of the upright frame.

    ``id`` names it, to take it back by.
    """

    id: str
    x: float
    y: float
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class Likely:
    """A colour that a place may well have: ``a``, ``b`` in Lab units.

    ``share``: how likely, 0..1. ``colour``: ``#rrggbb`` of it at the place's own lightness.
    """

    a: float
    b: float
    share: float
    colour: str
