"""Films looked at and measured, in this process: what ``estimate`` is told."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import time
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import av

from device.colour.upright import upright_size
from device.engine import Stop
from device.errors import UnreadableFilm
from device.jobs.batch.estimate import Look, Looked, Measure, Measurement
from device.jobs.batch.one_by_one import do_each
from device.jobs.batch.stretch import checking_seconds, measure_stretch
from device.jobs.deciding import in_colour, mostly
from device.jobs.hinting import board_of
from device.jobs.serving import serve
from device.media.encode import Picture
from device.media.probe import open_film
from device.network import Network
from device.sources.films import facts_at, glimpses_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.jobs.batch.one_by_one import Send
    from device.jobs.batch.scan import Item
    from device.jobs.batch.stretch import Measured
    from device.jobs.hinting import HintBoard
    from device.media.probe import FilmFacts

#: A film is measured at these shares of its length; a short one from its start on, and where that was not all
#: of it, at others, too; but at no other one once it has taken so long (seconds).
_PLACES = (1 / 2, 1 / 6, 5 / 6)
_SHORT_PLACES = (0.0, 0.4, 0.7)
_SHORT_S = 60.0
_LONGEST_S = 20.0
#: Frames by which a film that may not be measured is told for one in colour.
_GLIMPSES = 5
#: Packets by which it is told how large the tracks beside the picture are.
_PACKETS = 600


def work(task: Look | Measure, send: Send, stop: Stop) -> None:
    """Look at, or measure, every film of ``task``."""
    if isinstance(task, Look):
        do_each(task.items, send, stop, lambda item, beat: _looked(item, task.config, beat))
        return
    config = task.config
    board = board_of(config.hints)
    with Network.load(config.network.name, config.network.threads, config.network.runtime) as network:
        board.check(network)
        measurer = _Measurer(task, network, board)
        until = time.monotonic() + task.budget_s
        do_each(takewhile(lambda _: time.monotonic() < until, task.items), send, stop, measurer.measure)


def _looked(item: Item, config: Config, beat: Callable[[], None]) -> Looked:
    """What a film is, before anything is measured."""
    facts = facts_at(item.path, config)
    beat()
    colour = config.colour.when == "auto" and bool(mostly(in_colour(islice(glimpses_at(facts), _GLIMPSES))))
    beat()
    tracks = 0.0 if item.kind == "sequence" else _bytes_beside(item.path, facts)
    layout = facts.layout
    return Looked(
        kind=(facts.codec, facts.width, facts.height, layout.depth, facts.interlaced, colour),
        samples=facts.width * facts.height,
        frames=facts.frames or 0,
        length=facts.duration or 0.0,
        beside=tracks,
    )


class _Measurer:
    """Measures films, one after the other."""

    def __init__(self, task: Measure, network: Network, board: HintBoard) -> None:
        self._config = task.config
        self._folder = task.folder
        self._network = network
        self._board = board

    def measure(self, item: Item, beat: Callable[[], None]) -> Measurement:
        """Measure one; raises what its job would."""
        began = time.perf_counter()
        config = self._config
        facts = facts_at(item.path, config)
        self._board.check(self._network, upright_size((facts.height, facts.width), facts.rotation))
        Picture.of(facts, config.film)
        seen = in_colour(glimpses_at(facts)) if config.colour.when == "auto" else []
        opening = time.perf_counter() - began
        beat()
        length = facts.duration or 0.0
        if seen and all(seen):
            each = checking_seconds(facts, length / 2, config=config, size=self._network.size, beat=beat)
            return Measurement(opening=opening, each=each, bytes=0, passed=1, whole=0, skipped=True)
        stretches: list[Measured] = []
        for share in _SHORT_PLACES if length < _SHORT_S else _PLACES:
            measured = measure_stretch(
                facts,
                share * length,
                config=config,
                network=self._network,
                hinting=self._board,
                expected=mostly(seen),
                folder=self._folder,
                beat=beat,
            )
            if measured is not None:
                stretches.append(measured)
            if measured is not None and measured.whole:
                stretches = [measured]
            if stretches and (stretches[0].whole or time.perf_counter() - began > _LONGEST_S):
                break
        return _summed(stretches, opening)


def _summed(stretches: list[Measured], opening: float) -> Measurement:
    count = len(stretches)
    if not count:
        raise UnreadableFilm("nothing of it could be coloured")
    whole = stretches[0].frames if stretches[0].whole else 0
    return Measurement(
        opening=opening,
        each=sum(stretch.each for stretch in stretches) / count,
        bytes=sum(stretch.bytes for stretch in stretches) / count,
        passed=sum(stretch.passed for stretch in stretches) / count,
        whole=whole,
    )


def _bytes_beside(path: Path, facts: FilmFacts) -> float:
    """Bytes a second of the tracks beside the picture, from the middle of the film."""
    size, times = 0, []
    with open_film(path) as container, contextlib.suppress(av.FFmpegError):
        container.seek(round((facts.duration or 0) / 2 * av.time_base) + (container.start_time or 0))
        for packet in islice(container.demux(), _PACKETS):
            if packet.pts is not None and packet.time_base:
                times.append(float(packet.pts * packet.time_base))
            if packet.stream.index != facts.video:
                size += packet.size
    span = max(times) - min(times) if times else 0.0
    return size / span if span else 0.0


if __name__ == "__main__":
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING)
    sys.exit(serve(int(sys.argv[1]), work, Stop()))
