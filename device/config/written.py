"""The configuration as a commented TOML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.config.everything import Config
from device.config.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def describe(config: Config) -> Iterator[tuple[str, str, Any, FieldInfo]]:
    """Every key in order: section, key, its value in ``config`` and its field (description, default)."""
    for section, field in Config.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, Section)):  # pragma: no cover - a mistake of ours
            raise TypeError(section)
        values = getattr(config, section)
        for key, key_field in kind.model_fields.items():
            yield section, key, getattr(values, key), key_field


def to_toml(config: Config) -> str:
    """``config`` as a TOML file that reads back as the same configuration, each key under its description."""
    lines: list[str] = []
    last = ""
    for section, key, value, field in describe(config):
        if section != last:
            kind = type(getattr(config, section))
            lines += [*([""] if lines else []), f"# {(kind.__doc__ or '').strip()}", f"[{section}]"]
            last = section
        lines.append(f"# {field.description}")
        text = _toml_value(value)
        lines.append(f"# {key} =" if text is None else f"{key} = {text}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Section):
        return "{ " + ", ".join(f"{k} = {_toml_value(v)}" for k, v in value) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(str(_toml_value(v)) for v in value) + "]"
    if isinstance(value, Path):
        return json.dumps(str(value))
    return json.dumps(value)
