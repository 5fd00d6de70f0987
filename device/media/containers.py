"""The kinds of film that are written, by the suffix of the file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.errors import ConfigurationError
from device.media.codecs import CODECS

if TYPE_CHECKING:
    from pathlib import Path

#: FFmpeg's names of containers that hold films with any time stamps.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def container_for(out: Path, codec: str = "h264") -> str:
    """FFmpeg's name of the container for a file name.

    Raises ConfigurationError for one we don't write, or that does not hold ``codec``.
    """
    suffix = out.suffix.lower()
    if suffix not in CONTAINERS:
        raise ConfigurationError(
            f"{out.suffix or 'a name without a suffix'} is not a kind of film that is written",
            where=out,
            hint=f"use one of {', '.join(suffixes_for(codec))}",
        )
    if suffix not in suffixes_for(codec):
        raise ConfigurationError(
            f"a {suffix} can't hold {CODECS[codec].title}",
            where=out,
            hint=f"use one of {', '.join(suffixes_for(codec))}, or another codec",
        )
    return CONTAINERS[suffix]


def suffixes_for(codec: str) -> tuple[str, ...]:
    """Suffixes of the films that hold ``codec``, the likeliest first; JPEGs fit into all of them."""
    return CODECS[codec].suffixes if codec in CODECS else tuple(CONTAINERS)
