"""What the process that colorizes pictures is told, and what it says of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.config import Config
    from device.jobs.batch.scan import Item


@dataclass(frozen=True, slots=True)
class PictureTask:
    """Pictures to do, one after the other.

    ``places``: by their relative paths, where each goes in its new colour, and where if it passes as it is.
    """

    items: tuple[Item, ...]
    places: Mapping[str, tuple[Path, Path]]
    config: Config


@dataclass(frozen=True, slots=True)
class PictureDone:
    """A picture that is done: ``passed`` as it was, or in its new colour."""

    passed: bool
    seconds: float
    network_ms: float
    notes: tuple[str, ...] = ()
