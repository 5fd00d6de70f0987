"""``tintcast batch``: a folder of films and pictures in colour, overnight."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.batch_lines import summary
from device.cli.batch_plan import plan_text
from device.cli.batch_show import NightShow
from device.cli.show import StatusLine
from device.engine import Stop, stop_on_signals
from device.errors import ConfigurationError, PartlyFailed, SpaceError
from device.jobs.batch.naming import shown
from device.jobs.telling import number

if TYPE_CHECKING:
    from device.config import Config
    from device.jobs.batch.turns import Summary


def batch(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The folder of films and pictures.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder for the results; made if missing.")],
    *,
    network: options.NetworkName = None,
    codec: options.FilmCodec = None,
    crf: options.Crf = None,
    colour: options.When = None,
    colour_every: options.ColourEvery = None,
    look_ahead: options.LookAhead = None,
    saturation: options.Saturation = None,
    reference: options.Reference = None,
    fps: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="Make films of folders of numbered pictures, so many a second."),
    ] = None,
    between: Annotated[
        str | None, typer.Option(metavar="HH:MM-HH:MM", help="Work only between these times of day.")
    ] = None,
    watch: Annotated[
        bool | None, typer.Option("--watch", help="Wait for new files when all is done, without end.")
    ] = None,
    keep_old: Annotated[
        bool | None,
        typer.Option(
            "--keep-old", help="What is finished stays, even where source, network or settings changed."
        ),
    ] = None,
    retry_failed: Annotated[
        bool | None, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")
    ] = None,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Only make a strip of every film, to decide by, and sample.html."),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Only measure what each film will take, and how that fits the hours."),
    ] = False,
    measure: Annotated[
        bool | None,
        typer.Option("--measure/--no-measure", help="Measure first what each film will take."),
    ] = None,
    mqtt: Annotated[
        bool | None,
        typer.Option("--mqtt/--no-mqtt", help="Tell it over MQTT, and take commands; --broker means it."),
    ] = None,
    frames: Annotated[
        bool | None, typer.Option("--frames", help="Deliver every film's frames over MQTT, too.")
    ] = None,
    broker: options.Broker = None,
    tls: options.Tls = None,
    ca_file: options.CaFile = None,
    insecure: options.Insecure = None,
    user: options.User = None,
    password_file: options.PasswordFile = None,
    base: options.Base = None,
    device: options.Device = None,
    config: options.ConfigFile = None,
) -> None:
    """Colorize every film and picture below IN into the same tree below OUT.

    Whenever it is interrupted, even by pulling the plug, the same command goes on where it was, and what is
    finished is not done twice. A file that can't be done is set aside, and the rest goes on. A file that is
    still being copied is left until it stands still.
    """
    keys = options.broker_keys(
        broker=broker, tls=tls, ca_file=ca_file, insecure=insecure, user=user, password_file=password_file
    )
    settings = options.configure(
        config,
        network={"name": network},
        film={"codec": codec, "crf": crf, "colour_every": colour_every, "look_ahead": look_ahead},
        colour={"when": colour, "saturation": saturation},
        batch={
            "rate": fps,
            "between": between,
            "watch": watch,
            "keep_old": keep_old,
            "retry_failed": retry_failed,
            "measure": measure,
            "mqtt": True if mqtt is None and (broker or frames) else mqtt,
            "frames": frames,
        },
        hints={"reference": reference},
        mqtt=keys | {"base": base, "device": device},
    )
    if sample and plan:
        raise ConfigurationError("--sample and --plan: one of them")
    if sample:
        _sample(source, out, settings)
    elif plan:
        _plan(source, out, settings)
    else:
        _work(source, out, settings)


def _sample(source: Path, out: Path, settings: Config) -> None:
    from device.jobs.batch.run import sample_batch

    stop = Stop()
    with stop_on_signals(stop):
        made = sample_batch(source, out, settings, stop=stop, say=typer.echo)
    if made is None:
        typer.echo("no film is there")
        return
    typer.echo(shown(made.page or out))
    if made.failed:
        raise PartlyFailed(f"{number(len(made.failed), 'film')} without a strip, listed above", where=source)


def _plan(source: Path, out: Path, settings: Config) -> None:
    from device.jobs.batch.run import plan_batch

    stop = Stop()
    with StatusLine() as line, stop_on_signals(stop):
        made = plan_batch(source, out, settings, stop=stop, say=line.say, tell=line.show)
    if made is None:
        typer.echo("no film is left to do")
    else:
        typer.echo(plan_text(made, table=sys.stdout.isatty()))


def _work(source: Path, out: Path, settings: Config) -> None:
    from device.jobs.batch.report import own_page
    from device.jobs.batch.run import run_batch
    from device.jobs.batch.status import Night

    stop, night = Stop(), Night()
    done = None
    try:
        with NightShow() as show, stop_on_signals(stop):
            show.watch(night.status)
            done = run_batch(
                source,
                out,
                settings,
                night=night,
                stop=stop,
                say=show.say,
                planned=lambda plan: show.say(plan_text(plan, table=show.is_terminal)),
            )
    finally:
        if done is not None or stop.requested:
            for line in summary(night.status(), own_page(out), _beside(done)):
                typer.echo(line)
    _complain(done, source)


def _beside(done: Summary | None) -> list[str]:
    """What else is to be said of a folder."""
    if done is None:
        return []
    counts = (
        (done.aside, "failed in earlier runs and not tried again (--retry-failed)"),
        (done.unread, "that can't be read"),
        (done.partial, "not whole by name, left out"),
        (done.others, "neither film nor picture, left out"),
    )
    said = [f"{number(count, 'file')} {text}" for count, text in counts if count]
    return said + ([f"{number(done.links, 'linked folder')} left out"] if done.links else [])


def _complain(done: Summary, source: Path) -> None:
    """Raise what the exit code is to say."""
    failed = done.failed + done.aside + done.unread
    if failed and failed == done.space:
        raise SpaceError(
            f"no room for {number(done.space, 'file')}",
            where=source,
            hint="free some space and run it again",
        )
    if failed:
        raise PartlyFailed(f"{failed} failed; the rest is done", where=source)
