"""``tintcast live``: the camera in colour, now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.command import LeftBehind
from device.cli.show import StatusLine
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from device.jobs.live.desk import LiveDesk
    from device.jobs.live.run import Summary
    from device.preview import PreviewServer


def live(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="picamera2[:N], v4l2:/dev/videoN, rtsp://..., http://..., a film, pattern; "
            "by default the first camera.",
            show_default=False,
        ),
    ] = None,
    *,
    on: Annotated[
        bool | None,
        typer.Option("--on/--off", help="Switch the camera on or off; it stays so over restarts."),
    ] = None,
    lan: Annotated[
        bool | None,
        typer.Option("--lan/--no-lan", help="Serve the page to the network, for who has its token."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Of the page; 0: any that is free.")] = None,
    page: Annotated[bool | None, typer.Option("--page/--no-page", help="Serve the preview page.")] = None,
    address: Annotated[
        bool, typer.Option("--address", help="Print the address of the page, its token included, and end.")
    ] = False,
    mqtt: Annotated[
        bool | None, typer.Option("--mqtt/--no-mqtt", help="Send it over MQTT, too; --broker means it.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Write it to a film, too.")
    ] = None,
    window: Annotated[
        bool | None, typer.Option("--window/--no-window", help="Show it on this machine's own screen, too.")
    ] = None,
    stdout: Annotated[
        str | None,
        typer.Option(
            "--stdout", metavar="mjpeg", help="Write JPEGs to standard output, too, as go2rtc reads."
        ),
    ] = None,
    loop: Annotated[
        bool | None, typer.Option("--loop/--no-loop", help="Begin a film again at its end.")
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Of the frames asked for.")] = None,
    rate: Annotated[float | None, typer.Option(help="Frames a second asked for.")] = None,
    network: options.NetworkName = None,
    colour: options.When = None,
    saturation: options.Saturation = None,
    hint: options.Hint = None,
    hints: options.HintsFile = None,
    reference: options.Reference = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of this picture, where a board has more than one.")
    ] = None,
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
    """Show the camera in colour, on a page in the browser; over MQTT, in a film, in a window, too.

    A source that goes away is waited for. When nobody looks, records or is subscribed, camera and network
    rest.
    """
    from device.engine import Stop, stop_on_signals
    from device.jobs.live.run import Ears, run_live
    from device.preview import stored_address
    from device.resources import state_folder
    from device.sinks.pipe import claim_stdout

    width, height = options.parsed_size(size) if size is not None else (None, None)
    keys = options.broker_keys(
        broker=broker, tls=tls, ca_file=ca_file, insecure=insecure, user=user, password_file=password_file
    )
    config = options.configure(
        config_file,
        network={"name": network},
        colour={"when": colour, "saturation": saturation},
        hints=options.hint_keys(hint, hints, reference),
        mqtt=keys | {"base": base, "device": device},
        camera={"source": source, "width": width, "height": height, "rate": rate, "loop": loop},
        live={
            "name": name,
            "mqtt": True if mqtt is None and broker else mqtt,
            "record": record,
            "window": window,
        },
        preview={"enabled": page, "lan": lan, "port": port},
    )
    if address:
        typer.echo(stored_address(state_folder(config.live.name), config.preview))
        return
    if stdout not in {None, "mjpeg"}:
        raise ConfigurationError("can be mjpeg only", where="--stdout")
    pipe = claim_stdout() if stdout else None
    stop = Stop()
    with stop_on_signals(stop), StatusLine() as line:

        def ready(server: PreviewServer | None) -> None:
            if server is not None:
                line.say(server.line(secret=line.is_terminal))

        ears = Ears(line.say, ready, lambda desk: line.show(_status(desk)))
        summary = run_live(config, ears, stop, on=on, pipe=pipe)
    line.say(_last_words(summary))
    if summary.left_behind:
        raise LeftBehind


def _status(desk: LiveDesk) -> str:
    """How it goes now, in one line."""
    figures = desk.figures()
    state = str(figures["state"])
    if state != "live":
        return state
    parts = [f"{figures['fps']:.1f} frames/s"]
    if figures["own_colour"]:
        parts += ["in its own colour"]
    else:
        parts += [f"network {figures['network_ms']:.1f} ms", f"colour {figures['chroma_age_ms']:.0f} ms old"]
    parts += [f"{figures['drops']} dropped"] if figures["drops"] else []
    parts += [", ".join(sorted(set(desk.interest.holders()))) or "nobody looks"]
    return ", ".join([*parts, *desk.troubles])


def _last_words(summary: Summary) -> str:
    passed = f", {summary.passed} of them as they came" if summary.passed else ""
    return (
        f"{summary.frames} frames{passed}, {summary.rate:.1f} frames/s, network {summary.network_ms:.1f} ms"
    )
