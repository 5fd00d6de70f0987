"""All strips of a folder on one page that needs nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.jobs.batch.naming import href, shown
from device.jobs.batch.pages import rendered
from device.media.durable import write_bytes
from device.media.sample_mark import SAMPLE
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.config import Config
    from device.jobs.batch.sample import Strip


@dataclass(frozen=True, slots=True)
class _Film:
    """A film as the page shows it."""

    name: str
    link: str
    strip: Strip

    @property
    def in_colour(self) -> bool:
        """Whether nothing of it would be tinted."""
        return self.strip.own_colour == self.strip.count


def write_page(page: Path, strips: Mapping[str, Strip], failed: Mapping[str, str], config: Config) -> None:
    """Write the page of ``strips``, and why others have none; errors as ``write_bytes``."""
    films = [
        _Film(shown(name), href(strip.path.relative_to(page.parent)), strip) for name, strip in strips.items()
    ]
    text = rendered(
        "sample.html",
        films=films,
        failed=[(shown(name), shown(reason)) for name, reason in failed.items()],
        colour=config.colour,
        network=config.network.name,
        mark=SAMPLE,
        version=version(),
    )
    write_bytes(page, text.encode())
