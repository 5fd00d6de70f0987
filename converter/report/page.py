"""The report as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from converter.report.figures import Report


def page(report: Report) -> str:
    """HTML with its pictures inside; it opens from a file, without network."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("converter.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["picture"] = _picture
    environment.filters["times"] = _times
    environment.filters["signed"] = _signed
    reference, *others = report.entries
    return environment.get_template("page.html").render(report=report, reference=reference, others=others)


def _picture(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _times(value: float) -> str:
    """A ratio as people say it."""
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _signed(value: float, decimals: int) -> str:
    """With a plus or a real minus, and neither where it is zero as shown."""
    shown = f"{abs(value):.{decimals}f}"
    if not float(shown):
        return shown
    return ("+" if value > 0 else "\N{MINUS SIGN}") + shown
