"""The kinds of film that are written, by the suffix of the file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.errors import ConfigurationError
from device.media.codecs import CODECS

if TYPE_CHECKING:
    from pathlib import Path

    from device.config import FilmSettings

#: FFmpeg's names of containers that hold films with any time stamps.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


#: Where no kind of file is asked for and the source's own is not written: one that takes what lies beside the
#: picture in such films as it is. Of all others it is the likeliest for the codec.
_KINDRED = {
    **dict.fromkeys((".webm", ".wmv", ".asf", ".ogv", ".ogm", ".rm", ".rmvb", ".flv", ".nut"), ".mkv"),
    **dict.fromkeys((".ts", ".mts", ".m2t", ".m2ts", ".vob", ".tod", ".mod", ".wtv"), ".mkv"),
    **dict.fromkeys((".mxf", ".gxf", ".qt"), ".mov"),
}


def suffix_for(suffix: str, settings: FilmSettings) -> str:
    """The suffix of the film made of one whose name ends with ``suffix``.

    Raises ConfigurationError where ``settings`` ask for a container that does not hold their codec.
    """
    kinds = suffixes_for(settings.codec)
    if settings.container != "auto":
        asked = f".{settings.container}"
        if asked not in kinds:
            raise ConfigurationError(
                f"film.container = {settings.container} can't hold {CODECS[settings.codec].title}",
                hint=f"use one of {', '.join(kinds)}, or another codec",
            )
        return asked
    if suffix.lower() in kinds:
        return suffix
    kindred = _KINDRED.get(suffix.lower())
    return kindred if kindred in kinds else kinds[0]


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
