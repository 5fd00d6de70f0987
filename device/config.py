"""The one configuration: a frozen object made of a TOML file, then ``TINTCAST_*`` variables, then flags.

Every key has a default, a description and, where it has one, a unit. Secrets are never values here: they are
names of files. ``TINTCAST_MQTT_HOST=broker.lan`` sets key ``host`` of section ``mqtt``.
"""

from __future__ import annotations

import difflib
import json
import socket
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Overrides = Mapping[str, Mapping[str, Any]]

#: Topic levels are our own to name: no wildcard, no separator, no leading ``$``.
TopicLevel = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


class Section(BaseModel):
    """A group of keys: frozen, and no key that is not in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class HueRange(Section):
    """A range of hue to hold back."""

    start: float = Field(
        ge=0, lt=360, description="where the range begins, going up through the hue circle (degrees)"
    )
    end: float = Field(ge=0, lt=360, description="where it ends; below start it passes through 0 (degrees)")
    keep: float = Field(default=0.5, ge=0, le=1, description="share of the chroma that is kept")


class NetworkSettings(Section):
    """Which network predicts the colour, and what runs it."""

    name: str = Field(
        default="compact", min_length=1, description="the network: a name, or the path of a .tflite"
    )
    threads: int = Field(
        default=0, ge=0, le=64, description="threads of the network; 0: one a core, at most four"
    )
    runtime: Literal["auto", "litert", "tflite-runtime"] = Field(
        default="auto",
        description="what runs it; auto: LiteRT, or tflite-runtime where only that is installed",
    )


class ColourSettings(Section):
    """Taste, the same for films, pictures, live and MQTT."""

    when: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="what is tinted; auto: what is grey or toned, while true colour passes; always; never",
    )
    saturation: float = Field(default=1.0, ge=0, le=3, description="factor on the predicted chroma")
    shadow_chroma: float = Field(
        default=0.5, ge=0, le=1, description="share of the chroma kept in the deepest shadow; 1: no fading"
    )
    tame: tuple[HueRange, ...] = Field(default=(), description="hue ranges to hold back")
    steadiness: float = Field(
        default=0.8,
        ge=0,
        lt=1,
        description="how much of a film's colour is carried on along its motion; 0: none",
    )


class FilmSettings(Section):
    """How a film is written."""

    codec: Literal["h264", "h265", "av1", "ffv1", "prores"] = Field(
        default="h264",
        description="what it is written in; ffv1: lossless, for .mkv; prores: for editing, .mov and .mkv",
    )
    crf: int | None = Field(
        default=None,
        ge=0,
        le=51,
        description="constant quality, lower is better, 0 is lossless; not said: h264 18, h265 20, av1 22",
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = Field(
        default="veryfast", description="speed of the encoder against size (h264, h265, av1)"
    )
    encoder_threads: int = Field(
        default=2, ge=1, le=16, description="threads of the encoder; part of a film's identity"
    )
    segment_frames: int = Field(
        default=240,
        ge=2,
        le=100_000,
        description="a segment closes at the first cut after this many frames, else after four times as many",
    )
    stall_seconds: float = Field(
        default=120,
        ge=5,
        le=86_400,
        description="a film that makes no progress for this long is given up (seconds)",
    )


class PhotoSettings(Section):
    """How a photograph is written."""

    quality: int = Field(
        default=0,
        ge=0,
        le=100,
        description="quality of JPEG, WebP and the like; 0: 92, or a source JPEG's own where that is higher",
    )


class MqttSettings(Section):
    """The broker and how we appear there."""

    host: str = Field(default="localhost", min_length=1, description="the broker's name or address")
    port: int = Field(default=0, ge=0, le=65_535, description="its port; 0: 1883, or 8883 with tls")
    tls: bool = Field(default=False, description="encrypt, and check the broker's certificate")
    protocol: Literal["auto", "3.1.1"] = Field(
        default="auto", description="version of MQTT; auto: 5, or 3.1.1 where the broker speaks only that"
    )
    ca_file: Path | None = Field(
        default=None, description="authority to trust instead of the system's (PEM file)"
    )
    insecure: bool = Field(
        default=False, description="with tls, take any certificate: encrypted, but perhaps to a stranger"
    )
    user: str | None = Field(default=None, description="user name at the broker")
    password_file: Path | None = Field(default=None, description="file whose first line is the password")
    base: TopicLevel = Field(default="tintcast", description="first level of every topic")
    device: TopicLevel = Field(
        default_factory=lambda: _topic_level(socket.gethostname()),
        description="second level: this board's name",
    )
    connect_seconds: float = Field(
        default=10, gt=0, le=600, description="how long the first connection may take (seconds)"
    )
    quality: int = Field(default=85, ge=1, le=100, description="quality of the JPEGs")


class PublishSettings(Section):
    """Film frames over MQTT, each delivered once."""

    to: tuple[TopicLevel, ...] = Field(
        default=(), description="receivers that must acknowledge every frame; none: the first that does"
    )
    window: int = Field(
        default=64, ge=1, le=10_000, description="frames kept until they are acknowledged (frames)"
    )
    acknowledge_seconds: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="give up when no acknowledgement came for this long (seconds)",
    )


class ReceiveSettings(Section):
    """The other side."""

    name: TopicLevel = Field(
        default_factory=lambda: _topic_level(socket.gethostname()),
        description="under which name frames are acknowledged",
    )
    max_frame_mb: float = Field(
        default=16, gt=0, le=256, description="a larger payload is refused unread (MiB)"
    )


class Config(Section):
    """Everything that can be set."""

    network: NetworkSettings = NetworkSettings()
    colour: ColourSettings = ColourSettings()
    film: FilmSettings = FilmSettings()
    photo: PhotoSettings = PhotoSettings()
    mqtt: MqttSettings = Field(default_factory=MqttSettings)
    publish: PublishSettings = PublishSettings()
    receive: ReceiveSettings = Field(default_factory=ReceiveSettings)


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


def _topic_level(text: str) -> str:
    """``text`` with everything that a topic level may not hold replaced."""
    level = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in text)[:64]
    return level or "board"
