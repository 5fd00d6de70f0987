"""Pages that need nothing beside them: one look, one way to make them of their templates."""

from __future__ import annotations

import base64
from typing import Any

import jinja2

from device.jobs.telling import number, size, span


def rendered(template: str, **values: Any) -> str:
    """The page of ``template``, a file beside this one; whatever ``values`` are, they are text in it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("device.jobs.batch", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, span=span, size=size, day=_day, picture=picture)
    return environment.get_template(template).render(**values)


def picture(jpeg: bytes) -> str:
    """A picture as an address that holds it whole."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _day(iso: str) -> str:
    """Date and time of day, to the minute."""
    return iso[:16].replace("T", " ")
