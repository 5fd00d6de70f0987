"""The kinds of film that are written, by the suffix of the file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

#: FFmpeg's names of containers that hold H.264 with any time stamps.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def container_for(out: Path) -> str:
    """FFmpeg's name of the container for a file name. Raises ConfigurationError for one we don't write."""
    try:
        return CONTAINERS[out.suffix.lower()]
    except KeyError:
        raise ConfigurationError(
            f"{out.suffix or 'a name without a suffix'} is not a kind of film that is written",
            where=out,
            hint=f"use one of {', '.join(CONTAINERS)}",
        ) from None
