"""``tintcast-convert kinds`` and ``guided``: other kinds of grey, and hints."""

from __future__ import annotations

from dataclasses import astuple
from typing import Annotated

import typer

from converter.commands import options, show

_Network = Annotated[str, typer.Argument(metavar="NAME|PATH", help="The network to judge.")]
_Count = Annotated[int, typer.Option("--pictures", min=1, help="How many photographs of them.")]


def kinds(*, network: _Network, photos: options.Photos, pictures: _Count = 300) -> None:
    """Compare kinds of grey: mean ab error when it comes of other emulsions, is worn, or of another shape."""
    from converter import data
    from converter.greys import compare_kinds
    from device.network import Network

    table = show.table("grey", "pictures", "ab error", "of plain")
    with Network.load(network) as loaded:
        for kind in compare_kinds(data.iterate_pictures(photos), loaded, count=pictures):
            table.add_row(*show.numbers(*astuple(kind)))
    show.console().print(table)


def guided(*, network: _Network, photos: options.Photos, pictures: _Count = 200) -> None:
    """Compare hints: PSNR when true colours are given at random places, or the photograph's own palette."""
    from converter import data
    from converter.guided import compare_hints
    from device.network import Network

    table = show.table("hints", "pictures", "PSNR dB", "gain dB", "colourfulness")
    with Network.load(network) as loaded:
        for way in compare_hints(data.iterate_pictures(photos), loaded, count=pictures):
            table.add_row(*show.numbers(*astuple(way)))
    show.console().print(table)
