"""What was asked for one shot of a film alone, in words: as one would ask for it again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from device.jobs.batch.naming import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = {("network", "name"): "network", ("colour", "when"): "colour", ("hints", "points"): "hints"}


def wishes(settings: Mapping[str, Any]) -> str:
    """``settings`` of a shot, section by section, in one line; empty where nothing was asked."""
    return ", ".join(
        f"{_NAMES.get((section, key), shown(str(key)).replace('_', '-'))} {_said(value)}"
        for section, keys in settings.items()
        for key, value in (keys.items() if isinstance(keys, dict) else ())
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, list):
        return " ".join(map(_said, value))
    if isinstance(value, dict) and value.keys() == {"start", "end", "keep"}:
        return "{}-{}:{}".format(*(_said(value[key]) for key in ("start", "end", "keep")))
    return shown(_rounded(str(value)))


def _rounded(text: str) -> str:
    """A hint, x,y,a,b, as one would write it; any other text as it is."""
    with suppress(ValueError):
        return ",".join(f"{float(part):g}" for part in text.split(",")) if "," in text else text
    return text
