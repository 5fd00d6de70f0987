"""All strips of a folder on one page that needs nothing beside it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jinja2

from device.jobs.batch.naming import href, shown
from device.jobs.telling import number
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
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("device.jobs.batch", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, picture=_picture)
    films = [
        _Film(shown(name), href(strip.path.relative_to(page.parent)), strip) for name, strip in strips.items()
    ]
    text = environment.get_template("sample.html").render(
        films=films,
        failed=[(shown(name), shown(reason)) for name, reason in failed.items()],
        colour=config.colour,
        network=config.network.name,
        mark=SAMPLE,
        version=version(),
    )
    write_bytes(page, text.encode())


def _picture(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
