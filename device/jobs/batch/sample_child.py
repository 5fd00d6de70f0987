"""Strips of films, made in this process: what ``sample`` is told."""

from __future__ import annotations

import faulthandler
import logging
import sys
from typing import TYPE_CHECKING, Final

from device.colour.greyness import ShotJudge, frame_chroma
from device.colour.upright import upright_size
from device.engine import Stop
from device.errors import UnreadableFilm
from device.jobs.batch.naming import shown
from device.jobs.batch.one_by_one import do_each
from device.jobs.batch.sample import SampleTask, Strip, StripStill
from device.jobs.batch.sample_shots import Pick, Shots
from device.jobs.batch.sample_still import Small, contrast, shown_aspect, smaller, tinted_jpeg
from device.jobs.hinting import board_of
from device.jobs.looking import Looker
from device.jobs.predicting import taste_of
from device.jobs.serving import serve
from device.jobs.telling import clock, number
from device.media.contact import spread
from device.media.durable import write_bytes
from device.media.strip import CELL, Still, cell_size, draw_strip
from device.network import Network
from device.sources.films import facts_at
from device.sources.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import Config
    from device.jobs.batch.one_by_one import Send
    from device.jobs.batch.scan import Item
    from device.jobs.hinting import HintBoard
    from device.media.probe import FilmFacts

#: So many key frames are looked at, for so many seconds of a processor's time.
_LOOKED: Final = 240
_WALK_S: Final = 90.0
#: From this share on a film was looked at whole.
_WHOLE: Final = 0.97
_SHORT_S: Final = 60.0


def work(task: SampleTask, send: Send, stop: Stop) -> None:
    """Make the strip of every film of ``task``."""
    config = task.config
    board = board_of(config.hints)
    with Network.load(config.network.name, config.network.threads, config.network.runtime) as network:
        board.check(network)
        strips = _Strips(task, network, board)
        do_each(task.items, send, stop, strips.make)


class _Strips:
    """Makes strips, one after the other."""

    def __init__(self, task: SampleTask, network: Network, board: HintBoard) -> None:
        self._task = task
        self._config = task.config
        self._network = network
        self._board = board

    def make(self, item: Item, beat: Callable[[], None]) -> Strip:
        """Make one; raises what is wrong with the film."""
        facts = facts_at(item.path, self._config)
        self._board.check(self._network, upright_size((facts.height, facts.width), facts.rotation))
        walk = Walk(facts, most=_LOOKED, seconds=_WALK_S, tick=beat)
        picks = _looked_at(walk, self._config, self._network, self._board, beat)
        if not picks:
            raise UnreadableFilm("shows nothing but black")
        aspect = shown_aspect(facts.width, facts.height, facts.rotation, float(facts.pixel_aspect or 1))
        taste = taste_of(self._config.colour)
        stills = []
        for pick in picks:
            small, own_colour = pick.what
            jpeg = tinted_jpeg(small, self._network, taste, own_colour=own_colour)
            stills.append(Still.of_jpeg(jpeg, _time(pick.seconds, facts), aspect, own_colour=own_colour))
            beat()
        name = self._network.manifest.name
        detail = _detail(facts, walk)
        strip = draw_strip(
            stills,
            title=shown(item.relative),
            detail=f"{detail}, {number(len(stills), 'still')}, network {name}",
            network=name,
        )
        own = sum(still.own_colour for still in stills)
        path = self._task.paths[item.relative]
        write_bytes(path, strip)
        return Strip(
            path=path,
            detail=detail,
            stills=tuple(
                StripStill(still.time, still.jpeg(both=own < len(stills)), still.own_colour)
                for still in (stills[n] for n in spread(len(stills), self._task.on_page))
            ),
            count=len(stills),
            own_colour=own,
            cell=cell_size(aspect),
        )


def _looked_at(
    walk: Walk, config: Config, network: Network, board: HintBoard, beat: Callable[[], None]
) -> list[Pick[tuple[Small, bool]]]:
    """The pictures that stand for the film, and whether each keeps its own colour."""
    looker, judge = Looker(), ShotJudge()
    shots = Shots[tuple[Small, int]]()
    verdicts: list[bool] = []
    for frame in walk.frames():
        beat()
        look = looker.step(frame, network.size)
        if look.cut:
            if verdicts:
                verdicts[-1] = judge.conclude()
            verdicts.append(False)
            judge.begin()
        if config.colour.when == "auto":
            judge.step(frame_chroma(frame, look.window))
        seconds = float(frame.pts * frame.time_base)
        seen = contrast(look, frame)
        pick = None
        if seen is not None:
            pick = Pick(seconds, seen, (smaller(frame, look, CELL, board), len(verdicts) - 1))
        shots.add(pick, seconds, cut=look.cut)
    if verdicts:
        verdicts[-1] = judge.conclude()
    if config.colour.when != "auto":
        verdicts = [config.colour.when == "never"] * len(verdicts)
    return [
        Pick(pick.seconds, pick.contrast, (pick.what[0], verdicts[pick.what[1]])) for pick in shots.chosen()
    ]


def _time(seconds: float, facts: FilmFacts) -> str:
    """A place in a film, or its length: in a short one with tenths of seconds."""
    text = clock(seconds)
    return text if (facts.duration or 0) < _SHORT_S else text.rpartition(".")[0]


def _detail(facts: FilmFacts, walk: Walk) -> str:
    """What else there is to know of a film, in a line."""
    parts = [f"{facts.width}x{facts.height}"]
    if facts.duration:
        parts.append(_time(facts.duration, facts))
    parts.append(f"{float(facts.rate):.4g} frames/s")
    if walk.reached < _WHOLE:
        parts.append(f"only {walk.reached:.0%} of it was looked at: it has hardly any key frames to go to")
    return ", ".join(parts)


if __name__ == "__main__":
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING)
    sys.exit(serve(int(sys.argv[1]), work, Stop()))
