"""``tintcast receive``: frames from MQTT onto this machine's disk, as JPEGs or as a film."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine


class Codec(StrEnum):
    """How a film is put together."""

    H264 = "h264"
    H265 = "h265"
    AV1 = "av1"
    FFV1 = "ffv1"
    PRORES = "prores"
    MJPEG = "mjpeg"


def receive(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the JPEGs, one in it for each film."),
    ] = None,
    film: Annotated[
        Path | None, typer.Option("--film", metavar="FILE", help="Put one film together as FILE, then end.")
    ] = None,
    codec: Annotated[
        Codec, typer.Option(help="Of --film: mjpeg keeps the JPEGs as they are, the others encode anew.")
    ] = Codec.H264,
    once: Annotated[bool, typer.Option("--once", help="End when one film is complete.")] = False,
    job: Annotated[str | None, typer.Option("--job", help="Receive this film only.")] = None,
    sender: Annotated[str | None, typer.Option("--from", help="Receive from this device only.")] = None,
    idle: Annotated[
        float | None,
        typer.Option("--idle", min=1, metavar="SECONDS", help="Give up when nothing arrives for so long."),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Newest pictures of a live stream to keep.")] = 100,
    name: Annotated[str | None, typer.Option("--name", help="Our name as a receiver.")] = None,
    broker: options.Broker = None,
    tls: options.Tls = None,
    ca_file: options.CaFile = None,
    insecure: options.Insecure = None,
    user: options.User = None,
    password_file: options.PasswordFile = None,
    base: options.Base = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Receive frames: every one of a film, in order, and the newest of live pictures."""
    from device.engine import Stop, stop_on_signals
    from device.jobs.receive import ReceivePlan, Watch
    from device.jobs.receive import receive as run
    from device.mqtt.address import Address

    keys = options.broker_keys(
        broker=broker, tls=tls, ca_file=ca_file, insecure=insecure, user=user, password_file=password_file
    )
    config = options.configure(
        config_file,
        mqtt=keys | {"base": base},
        receive={"name": name},
    )
    plan = ReceivePlan(
        address=Address.from_settings(config.mqtt),
        base=config.mqtt.base,
        name=config.receive.name,
        out=out,
        film=film,
        codec=codec.value,
        sender=sender,
        job=job,
        once=once,
        idle_s=idle,
        keep=keep,
        largest=round(config.receive.max_frame_mb * 2**20),
        connect_s=config.mqtt.connect_seconds,
    )
    stop = Stop()
    with stop_on_signals(stop), ProgressLine("frames") as line:
        received = run(plan, Watch(stop, line.say, line.update))
    what = [f"{received.frames} frames" if received.frames or not received.live else ""]
    what += [f"{received.live} live pictures" if received.live else ""]
    what += [f"{received.duplicates} came twice" if received.duplicates else ""]
    what += [f"{received.refused} refused" if received.refused else ""]
    where = received.film or ", ".join(map(str, received.folders)) or plan.root
    typer.echo(f"received {', '.join(filter(None, what))}: {where}")
