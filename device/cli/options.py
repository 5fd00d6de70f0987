"""Options that several commands share, and the configuration that they add up to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from device.config import Config, load_config
from device.errors import ConfigurationError

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
Saturation = Annotated[float | None, typer.Option("--saturation", help="Factor on the predicted colour.")]
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
