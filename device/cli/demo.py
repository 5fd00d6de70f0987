"""``tintcast demo``: the whole house on one film, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine, passed_line

if TYPE_CHECKING:
    from device.jobs.film import Progress


def demo(
    film: Annotated[
        Path | None,
        typer.Argument(metavar="[FILM]", help="A film of yours; none: the one that comes with it."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where everything goes.")] = Path(
        "tintcast-demo"
    ),
    network: options.NetworkName = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Colorize a film, send every frame over MQTT, receive them, and show before and after.

    Needs no broker: it starts one of its own, on this machine only, for as long as it runs.
    """
    from device.engine import Stop, stop_on_signals
    from device.jobs.demo import demo as run
    from device.resources import bundled

    config = options.configure(config_file, network={"name": network})
    source = film or bundled("demo.mp4")
    stop = Stop()
    with stop_on_signals(stop), ProgressLine(source.name) as line:

        def show(now: Progress, received: int) -> None:
            note = f"{now.rate:.1f} frames/s, {received} received" if now.stage == "colour" else now.stage
            line.update(now.done, now.total, note)

        done = run(source, out, config, stop=stop, say=line.say, progress=show)
    for note in done.film.notes:
        typer.echo(f"{source.name}: {note}", err=True)
    result = done.film
    typer.echo(
        f"{result.frames} frames, {result.rate:.1f} frames/s, network {result.network_ms:.1f} ms a frame\n"
        f"{result.delivered} published, {done.received.frames} received\n"
        f"film           {done.film_path}\n"
        f"frames         {done.frames_folder}\n"
        f"before, after  {done.sheet_path}"
        f"{passed_line(result.passed, result.frames, 'frames', config.colour.when)}"
    )
