"""``tintcast publish``: a film's frames over MQTT, each delivered once; or the moving test pattern."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine, passed_line

_PATTERN = "pattern"


def publish(
    source: Annotated[str, typer.Argument(metavar="FILM|pattern", help="A film, or a moving test picture.")],
    *,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="NAME", help="A receiver that must have every frame; repeatable."),
    ] = None,
    quality: Annotated[int | None, typer.Option(help="Quality of the JPEGs, 1 to 100.")] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the test picture.")] = "1280x720",
    rate: Annotated[int, typer.Option(min=1, max=120, help="Of the test picture, frames a second.")] = 10,
    count: Annotated[
        int | None, typer.Option("--frames", min=1, help="End the test picture after so many frames.")
    ] = None,
    network: options.NetworkName = None,
    colour: options.When = None,
    saturation: options.Saturation = None,
    hint: options.Hint = None,
    hints: options.HintsFile = None,
    reference: options.Reference = None,
    broker: options.Broker = None,
    tls: options.Tls = None,
    ca_file: options.CaFile = None,
    insecure: options.Insecure = None,
    user: options.User = None,
    password_file: options.PasswordFile = None,
    base: options.Base = None,
    device: options.Device = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Send tinted frames: every one of a film, until it has arrived; of the test picture, the newest."""
    from device.engine import Stop, stop_on_signals
    from device.jobs.publish import publish_film, publish_pattern

    keys = options.broker_keys(
        broker=broker, tls=tls, ca_file=ca_file, insecure=insecure, user=user, password_file=password_file
    )
    config = options.configure(
        config_file,
        network={"name": network},
        colour={"when": colour, "saturation": saturation},
        hints=options.hint_keys(hint, hints, reference),
        mqtt=keys | {"base": base, "device": device, "quality": quality},
        publish={"to": to},
    )
    stop = Stop()
    with stop_on_signals(stop), ProgressLine(Path(source).name) as line:
        if source == _PATTERN:
            sent = publish_pattern(
                config,
                size=options.parsed_size(size),
                rate=rate,
                count=count,
                stop=stop,
                say=line.say,
                progress=line.update,
            )
        else:
            sent = publish_film(Path(source), config, stop=stop, say=line.say, progress=line.update)
    for note in sent.notes:
        typer.echo(f"{source}: {note}", err=True)
    if sent.delivered is None:
        fate = f"{sent.frames - sent.dropped} sent, {sent.dropped} dropped for newer ones"
    else:
        fate = f"{sent.delivered} delivered to {', '.join(sent.receivers)}"
        fate += f", {sent.resent} messages sent again" if sent.resent else ""
    passed = passed_line(sent.passed, sent.frames, "frames", config.colour.when)
    typer.echo(
        f"{sent.frames} frames, {sent.rate:.1f} frames/s, network {sent.network_ms:.1f} ms: {fate}{passed}"
    )
