"""From files, variables and flags to the one configuration; what is wrong is one line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from device.config.everything import Config
from device.config.sections import HueRange, Section
from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

Overrides = Mapping[str, Mapping[str, Any]]


def load_config(
    path: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Overrides | None = None
) -> Config:
    """Read the configuration: defaults, then ``path``, then ``environ``, then ``overrides`` (flags).

    Raises ConfigurationError, one line, for a file that can't be read, a key that does not exist or a value
    that is not allowed.
    """
    values: dict[str, dict[str, Any]] = {}
    origin: dict[tuple[str, ...], str] = {}
    for name, layer in (
        (str(path), _read_toml(path) if path else {}),
        ("environment", _from_environ(environ or {})),
        ("command line", overrides or {}),
    ):
        for section, keys in layer.items():
            if not isinstance(keys, Mapping):
                raise ConfigurationError(
                    f"{section} = {keys!r} stands outside a section",
                    where=name,
                    hint=f"sections are {', '.join(Config.model_fields)}",
                )
            values.setdefault(section, {}).update(keys)
            origin.update({(section, key): name for key in keys})
            origin.setdefault((section,), name)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise _one_line(error.errors()[0], origin, more=error.error_count() - 1) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"can't be read: {from_os_error(error, where=path, doing='read').what}", where=path
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is not TOML: {error}", where=path) from None


def _from_environ(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """``TINTCAST_<SECTION>_<KEY>`` variables; lists and booleans are written as in TOML."""
    found: dict[str, dict[str, Any]] = {}
    for variable, text in environ.items():
        section, _, key = variable.removeprefix("TINTCAST_").lower().partition("_")
        if not variable.startswith("TINTCAST_") or section not in Config.model_fields:
            continue
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        found.setdefault(section, {})[key] = value
    return found


def _one_line(error: ErrorDetails, origin: Mapping[tuple[str, ...], str], *, more: int) -> ConfigurationError:
    place = tuple(str(part) for part in error["loc"])
    where = origin.get(place[:2]) or origin.get(place[:1])
    key = ".".join(place)
    others = f"; {more} more after it" if more else ""
    if error["type"] == "extra_forbidden":
        known = _keys_beside(place)
        close = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"keys here are {', '.join(known)}"
        return ConfigurationError(f"{key} is not a key{others}", where=where, hint=hint)
    message = error["msg"][:1].lower() + error["msg"][1:]
    return ConfigurationError(f"{key} = {error['input']!r} is not allowed: {message}{others}", where=where)


def _keys_beside(place: tuple[str, ...]) -> list[str]:
    if len(place) == 1:
        return list(Config.model_fields)
    if len(place) == 2:
        kind = Config.model_fields[place[0]].annotation
        return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Section) else []
    return list(HueRange.model_fields)
