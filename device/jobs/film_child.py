"""One film whole, in this process: decode, network, colour, encode, segments, join; MQTT if asked."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import av
import cv2

from device.colour.upright import upright_size
from device.engine import Gate, Stop
from device.errors import SourceChanged, UnreadableFilm
from device.jobs.deciding import in_colour, mostly
from device.jobs.film import FilmResult, FilmTask, Progress, Said
from device.jobs.film_checking import all_in_colour
from device.jobs.film_frames import notes_on_sending, sending_sink, with_delivery
from device.jobs.film_identity import Ground, film_identity, has_content, is_source, sequence_identity
from device.jobs.film_notes import comment_on, notes_on
from device.jobs.film_receipt import write_receipt
from device.jobs.film_reporter import Reporter
from device.jobs.film_shots import remove_shots, settle, shots_folder
from device.jobs.hinting import board_of
from device.jobs.pipeline import Colorizer, held_of, run_pipeline
from device.jobs.shot_keeper import ShotKeeper, lay_down_shots
from device.jobs.supervise import serve
from device.media.encode import Picture
from device.media.hold import refuse_link
from device.media.segments import Boundaries, WorkFolder
from device.network import Network
from device.sinks.film import FilmSink, finish
from device.sources.film import Counted
from device.sources.films import facts_at, glimpses_at, open_film_at
from device.sources.pictures import find_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from device.config import Config
    from device.media.join import Joined
    from device.media.probe import FilmFacts
    from device.sinks import Sink
    from device.sources.films import Film


def colorize(
    task: FilmTask, send: Callable[[Progress | Said], None], stop: Stop, *, gate: Gate
) -> FilmResult:
    """Do the whole of ``task``; errors as ``colorize_film``, which see. While ``gate`` is held, it rests."""
    began = time.monotonic()
    config, reporter = task.config, Reporter(send, stop, gate)
    facts = facts_at(task.source, config)
    board = board_of(config.hints)
    with ExitStack() as stack:
        # While the network loads.
        glimpsed = stack.enter_context(ThreadPoolExecutor(1)).submit(_glimpsed, facts, config)
        network = stack.enter_context(
            Network.load(config.network.name, config.network.threads, config.network.runtime)
        )
        board.check(network, upright_size((facts.height, facts.width), facts.rotation))
        work = None if task.out is None else stack.enter_context(_work_folder(task, task.out, network))
        start, state = (work.next_index, work.state()) if work else (0, None)
        boundaries = Boundaries(config.film.segment_frames, start) if work else None
        seen = [] if state else glimpsed.result()
        if task.skip_colour and seen and all(seen):
            frames = _in_colour_already(facts, network, config, reporter)
            if frames is not None:
                return FilmResult.of_colour(frames, time.monotonic() - began)
        colorizer = Colorizer(
            network,
            config.colour,
            every=config.film.colour_every,
            held=held_of(config.film, facts.rate),
            expected=mostly(seen),
            boundaries=boundaries,
            hinting=board,
        )
        if state:
            colorizer.restore(state)  # type: ignore[arg-type]  # as Colorizer.state made it
        before = Counted(*(state or {}).get("source", ()))
        source = stack.enter_context(
            open_film_at(facts, config, start, work.marks() if work else None, before)
        )
        reporter.begin(source, colorizer, start)
        sinks: list[Sink] = []
        keeper = None
        picture = Picture.of(facts, config.film) if work else None
        if work is not None and picture is not None:
            keeper = ShotKeeper(
                work.path,
                [segment.record for segment in work.segments],
                colorizer.figures_before,
                network=network.manifest.name,
                device=config.mqtt.device,
            )
            state_before = partial(_state_before, colorizer, source)
            sinks.append(FilmSink(work, picture, config.film, state_before, keeper))
        sent = sending_sink(
            stack, task, facts=facts, network=network.manifest.name, start=start, send=send, stop=stop
        )
        if sent is not None:
            sinks.append(sent)
        # The parent is the judge of what is stuck: it also sees a process that hangs whole.
        patience = 24 * 3600.0
        try:
            summary = run_pipeline(
                source,
                colorizer,
                sinks,
                stop,
                reporter.colouring,
                gate=gate,
                patience_s=patience,
                closing_s=patience,
            )
        except UnreadableFilm as error:
            raise _with_remains(error, work) from None
        tinted = start + summary.frames - colorizer.passed
        notes = [*notes_on(source, colorizer, work, picture), *notes_on_sending(task, start, sent)]
        if colorizer.passed and not board.empty:
            notes.append("what passed as it was had no use for hints; --colour always tints it")
        result = FilmResult(
            frames=start + summary.frames,
            seconds=time.monotonic() - began,
            rate=summary.rate,
            network_ms=summary.network_ms,
            passed=colorizer.passed,
            resumed=start,
            notes=tuple(notes),
            figures={**colorizer.figures},
        )
        if work is not None and keeper is not None:
            metadata = {"comment": comment_on(network)} if tinted else {}
            result = _join(
                task, work, source, keeper, metadata=metadata, result=result, tick=reporter.joining
            )
            result = replace(result, seconds=time.monotonic() - began)
        return with_delivery(result, sent)


def _work_folder(task: FilmTask, out: Path, network: Network) -> WorkFolder:
    """What the film ``out`` is made in. Raises FilmBusy, ConfigurationError where a link is in the way."""
    if task.config.film.keep_shots:
        refuse_link(shots_folder(out))  # now, not after hours of work
    known = task.identity or _identity(task.source, task.config, network)
    # What was done before can't be published, its frames are packets by now: a night goes without.
    return WorkFolder(out, known, resume=task.go_without or not task.publish)


def _glimpsed(facts: FilmFacts, config: Config) -> list[bool]:
    """Whether frames from all over the film are in true colour, where that matters."""
    return in_colour(glimpses_at(facts)) if config.colour.when == "auto" else []


def _identity(source: Path, config: Config, network: Network) -> dict[str, Any]:
    ground = ground_of(network)
    if source.is_dir():
        return sequence_identity(find_pictures(source), config.batch.rate, config, ground)
    return film_identity(source, config, ground)


def _in_colour_already(facts: FilmFacts, network: Network, config: Config, reporter: Reporter) -> int | None:
    """How many frames the film has, if it is in colour from end to end; damage looks like colour."""
    with open_film_at(facts, config) as film:
        frames = all_in_colour(film.frames(), network.size, partial(reporter.checking, film))
        return None if film.damaged else frames


def _state_before(colorizer: Colorizer, source: Film, index: int) -> Mapping[str, Any] | None:
    """All that must be remembered to go on from frame ``index``, where a segment begins with it."""
    state = colorizer.state_before(index)
    return None if state is None else {**state, "source": source.counted_before(index)}


def _join(
    task: FilmTask,
    work: WorkFolder,
    source: Film,
    keeper: ShotKeeper,
    *,
    metadata: Mapping[str, str],
    result: FilmResult,
    tick: Callable[[], None],
) -> FilmResult:
    """Make the film of its segments; what is to be known of that comes to the notes of ``result``."""
    out = task.out
    if out is None:
        raise ValueError(task)

    def receive(film: Path, joined: Joined) -> None:
        _check_unchanged(task.source, work.identity)
        if task.config.film.keep_shots:
            lay_down_shots(
                out,
                film,
                keeper,
                facts=source.facts,
                config=task.config,
                identity=work.identity,
                frames=result.frames,
                end=float(source.end_pts * source.facts.time_base),
                figures=result.figures,
            )
        if task.receipt is not None:
            write_receipt(task.receipt, film, replace(result, notes=(*result.notes, *joined.notes)))

    joined = finish(
        out,
        work,
        picture=Picture.of(source.facts, task.config.film),
        source=source.facts,
        end_pts=source.end_pts,
        metadata=metadata,
        tick=tick,
        before_naming=receive,
    )
    if task.config.film.keep_shots:
        settle(out)
    else:
        remove_shots(out)
    return replace(result, notes=(*result.notes, *joined.notes))


def _check_unchanged(source: Path, identity: Mapping[str, Any]) -> None:
    """See that the film is still the one that was begun with. Raises SourceChanged, MissingInput."""
    same = has_content(find_pictures(source), identity) if source.is_dir() else is_source(source, identity)
    if not same:
        raise SourceChanged("changed while it was worked on", where=source)


def ground_of(network: Network) -> Ground:
    """What every film that ``network`` colours in this process stands on."""
    return Ground(network.manifest.sha256, network.runtime, av.__version__, cv2.__version__)


def _with_remains(error: UnreadableFilm, work: WorkFolder | None) -> UnreadableFilm:
    """The error, and where that is which was finished before it."""
    if work is None or not work.segments:
        return error
    remains = f"what was coloured until there is in {work.path}"
    return UnreadableFilm(error.what, where=error.where, hint="; ".join(filter(None, (error.hint, remains))))


if __name__ == "__main__":
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING)
    ending = Stop()
    resting = Gate(ending)
    code = serve(int(sys.argv[1]), partial(colorize, gate=resting), ending, resting)
    sys.stderr.flush()
    os._exit(code)  # all that counts is on the disk: nobody waits for this process to tidy up
