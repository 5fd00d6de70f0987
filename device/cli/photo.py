"""``tintcast photo``: photographs in colour, one or a whole tree of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from device.cli import options
from device.cli.show import ProgressLine
from device.engine import Stop, stop_on_signals
from device.errors import PartlyFailed

if TYPE_CHECKING:
    from device.jobs.photo import PhotoSummary


def photo(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture, or a folder of them.")],
    out: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="The picture to write, its kind by its name, or a folder; for a folder, a folder.",
        ),
    ],
    *,
    network: options.NetworkName = None,
    colour: options.When = None,
    saturation: options.Saturation = None,
    quality: Annotated[
        int | None,
        typer.Option(
            help="Quality of JPEG, WebP and their like, 1 to 100; otherwise what suits the picture."
        ),
    ] = None,
    hint: options.Hint = None,
    hints: options.HintsFile = None,
    reference: options.Reference = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Write before and after side by side, too: NAME.compare.jpg.")
    ] = False,
    contact_sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a sheet of all before and after, .png or .jpg, 24 a page."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there; without it nothing ever is.")
    ] = False,
    config: options.ConfigFile = None,
) -> None:
    """Colorize photographs: what is in colour already passes as it is, byte for byte.

    A folder comes out as the same tree; hidden files, files that are no pictures, and folders that are links
    are passed over. Kinds of files without colour change the end of their name: .pgm becomes .ppm, .gif .png.
    Pictures that fail are listed, and the rest goes on.

    What is in OUT already is taken for done, so that the same command goes on where it was interrupted; a
    picture that has changed since is listed as failed. After a change of settings --overwrite makes all anew.
    """
    from device.jobs.photo import PhotoWishes, colorize_photos

    settings = options.configure(
        config,
        network={"name": network},
        colour={"when": colour, "saturation": saturation},
        photo={"quality": quality},
    )
    wishes = PhotoWishes(
        overwrite=overwrite,
        compare=compare,
        sheet=contact_sheet,
        hints=options.parsed_hints(hint, hints),
        reference=reference,
    )
    stop = Stop()
    with ProgressLine(source.absolute().name) as line, stop_on_signals(stop):
        done = colorize_photos(source, out, settings, wishes, stop=stop, say=line.say, progress=line.update)
    passed = (
        "passed as they were" if settings.colour.when == "never" else "in colour already, passed as they were"
    )
    typer.echo(_of_one(done, passed) if source.is_file() else _of_many(done, passed))
    if done.failed:
        raise PartlyFailed(f"{done.failed} failed, listed above; the rest is done", where=source)


def _of_one(done: PhotoSummary, passed: str) -> str:
    if done.passed:
        return f"{done.out}: {passed.replace('they were', 'it was')}"
    return f"{done.out}: coloured in {done.seconds:.1f} s, network {done.network_ms:.1f} ms"


def _of_many(done: PhotoSummary, passed: str) -> str:
    counts = (
        (done.coloured, "coloured"),
        (done.passed, passed),
        (done.there, "there already"),
        (done.failed, "failed"),
        (done.others, f"{_plural(done.others, 'other file')} passed over"),
        (done.links, f"{_plural(done.links, 'linked folder')} passed over"),
    )
    what = "; ".join(f"{count} {text}" for count, text in counts if count)
    speed = f"; {done.rate:.1f} a second, network {done.network_ms:.1f} ms a picture" if done.coloured else ""
    return f"{done.out}: {what}{speed}{_sheets(done)}"


def _sheets(done: PhotoSummary) -> str:
    if not done.sheets:
        return ""
    more = f" and {len(done.sheets) - 1} more" if len(done.sheets) > 1 else ""
    old = len(done.sheets) - done.new_sheets
    return f"; contact sheet {done.sheets[0]}{more}" + (f", {old} there already" if old else "")


def _plural(count: int, thing: str) -> str:
    return thing if count == 1 else f"{thing}s"
