"""``tintcast film`` on a folder: a numbered sequence of pictures as one film, picture for picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.errors import ConfigurationError
from device.jobs.pipeline import Colorizer, Summary, run_pipeline
from device.network import Network
from device.sinks.pictures import PictureSink
from device.sources.pictures import PictureFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine import Stop

_JPEG = frozenset({".jpe", ".jpeg", ".jpg"})


def colorize_pictures(
    source: Path,
    out: Path,
    config: Config,
    *,
    stop: Stop,
    progress: Callable[[int, int | None], None],
) -> Summary:
    """Colorize the pictures in the folder ``source``, in natural order, into the folder ``out``.

    JPEGs become JPEGs, everything else PNGs. ``progress(pictures, of)``. Raises every error of
    ``PictureFolder`` and ``PictureSink``, NetworkFileError, ConfigurationError for an ``out`` that can't be,
    and Interrupted once ``stop`` is set; the pictures that are done stay.
    """
    if out.exists() and (not out.is_dir() or out.samefile(source)):
        raise ConfigurationError(
            "is not a folder of its own", where=out, hint="name another one for the result"
        )
    settings = config.network
    with (
        PictureFolder(source) as pictures,
        Network.load(settings.name, settings.threads, settings.runtime) as network,
    ):
        sink = PictureSink(
            out,
            "jpeg" if pictures.paths[0].suffix.lower() in _JPEG else "png",
            network=network.manifest.name,
            device=config.mqtt.device,
        )
        return run_pipeline(
            pictures,
            Colorizer(network, config.colour),
            [sink],
            stop,
            lambda done: progress(done, len(pictures.paths)),
        )
