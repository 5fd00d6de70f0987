"""Options that several commands share, and the configuration that they add up to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from device.config import Config, load_config
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from device.colour.hint_text import PixelHint

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration (TOML); `tintcast config` prints one."
    ),
]
NetworkName = Annotated[
    str | None, typer.Option("--network", metavar="NAME|PATH", help="Network that predicts the colour.")
]
When = Annotated[
    str | None,
    typer.Option(
        "--colour",
        metavar="auto|always|never",
        help="What is tinted; auto: what is grey or toned, while true colour passes as it is.",
    ),
]
FilmCodec = Annotated[
    str | None,
    typer.Option(
        "--codec",
        metavar="h264|h265|av1|ffv1|prores",
        help="What the film is written in: h264 plays everywhere, h265 and av1 are smaller, ffv1 is lossless "
        "(.mkv), prores is for editing (.mov, .mkv).",
    ),
]
Crf = Annotated[int | None, typer.Option("--crf", help="Constant quality: 0 lossless, 18 fine, 28 small.")]
ColourEvery = Annotated[
    int | None,
    typer.Option(
        "--colour-every",
        metavar="N",
        help="Ask the network about one of N frames only, and carry colour along between.",
    ),
]
LookAhead = Annotated[
    bool | None,
    typer.Option(
        "--look-ahead/--no-look-ahead",
        help="Smooth colour over each shot in both directions: steadier, a little slower.",
    ),
]
Saturation = Annotated[float | None, typer.Option("--saturation", help="Factor on the predicted colour.")]
Hint = Annotated[
    list[str] | None,
    typer.Option(
        "--hint",
        metavar="X,Y,A,B|X,Y,#RRGGBB",
        help="A colour at a pixel of the upright picture, as a and b of Lab, or as on a web page;"
        " repeatable; for networks that take hints.",
    ),
]
HintsFile = Annotated[
    Path | None, typer.Option("--hints", metavar="FILE", help="Hints, one a line, as of --hint.")
]
Reference = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        metavar="PICTURE",
        help="Take the palette of this one; for networks that take one.",
    ),
]
Broker = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="[mqtt[s]://]HOST[:PORT]",
        help="MQTT broker; mqtts is with TLS; IPv6 addresses in brackets.",
    ),
]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="Encrypt the connection to the broker.")]
CaFile = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="Authority that signed the broker's certificate.")
]
Insecure = Annotated[
    bool | None,
    typer.Option("--insecure", help="With TLS, take whatever certificate the broker shows; said each time."),
]
User = Annotated[str | None, typer.Option("--user", help="User name at the broker.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="File whose first line is the password."),
]
Base = Annotated[str | None, typer.Option("--base", help="First level of every topic.")]
Device = Annotated[
    str | None, typer.Option("--device", help="Second level of every topic: the sending board's name.")
]


def configure(config_file: Path | None, **sections: dict[str, Any]) -> Config:
    """The configuration of this run; keys whose flag was not given (None) are left to the file.

    Raises ConfigurationError for what is not allowed.
    """
    given = {
        section: {key: value for key, value in keys.items() if value is not None}
        for section, keys in sections.items()
    }
    return load_config(config_file, os.environ, given)


def parsed_hints(hint: list[str] | None, file: Path | None) -> tuple[PixelHint, ...]:
    """What --hint and the file of --hints say. Raises ConfigurationError."""
    from device.colour.hint_text import parse_hint, read_hints

    return (*map(parse_hint, hint or ()), *(read_hints(file) if file else ()))


def hint_keys(hint: list[str] | None, file: Path | None, reference: Path | None) -> dict[str, Any]:
    """Keys of section ``hints`` for the flags that give some. Raises ConfigurationError."""
    given = hint is not None or file is not None
    points = [str(each) for each in parsed_hints(hint, file)] if given else None
    return {"points": points, "reference": reference}


def parsed_size(text: str) -> tuple[int, int]:
    """Width and height of ``--size``. Raises ConfigurationError."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ConfigurationError(f"--size {text} is not WxH, as in 1280x720")
    return int(width), int(height)


def broker_keys(
    *,
    broker: str | None,
    tls: bool | None,
    ca_file: Path | None,
    insecure: bool | None,
    user: str | None,
    password_file: Path | None,
) -> dict[str, Any]:
    """Keys of section ``mqtt`` for the flags that name a broker. Raises ConfigurationError."""
    scheme, _, rest = (broker or "").rpartition("://")
    if scheme not in {"", "mqtt", "mqtts"} or "@" in rest or "/" in rest:
        raise ConfigurationError(
            "--broker is not [mqtt[s]://]HOST[:PORT]",
            hint="user and password have options of their own, --user and --password-file",
        )
    host, port = _split_address(rest) if rest else (None, None)
    if tls is None and scheme:
        tls = scheme == "mqtts"
    return {
        "insecure": insecure,
        "host": host,
        "port": port,
        "tls": tls,
        "ca_file": ca_file,
        "user": user,
        "password_file": password_file,
    }


def _split_address(text: str) -> tuple[str, str | None]:
    """``host``, ``host:port``, ``[v6]`` or ``[v6]:port``; the configuration checks the port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":") or None
    host, _, port = text.partition(":")
    return (text, None) if ":" in port else (host, port or None)
