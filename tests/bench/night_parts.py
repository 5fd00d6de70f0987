"""What ``tintcast film`` is measured against: its two halves by themselves, each a process with all cores.

    python -m tests.bench.night_parts reencode FILM OUT
    python -m tests.bench.night_parts colour|bare FILM

Prints seconds of work and of CPU as JSON; what it took to start Python and to load libraries is left out.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av

from device.colour.lightness import lightness
from device.colour.taste import Taste
from device.colour.tint import chroma_planes, shrink
from device.config import ColourSettings, FilmSettings, NetworkSettings
from device.frames import TintedFrame
from device.jobs.colorizer import Colorizer
from device.media.codecs import CODECS
from device.network import Network
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from device.frames import Frame

#: Constant quality of both sides.
CRF = 20
#: Frames on their way from decoder to encoder; and those that are held for the network at a time.
_AHEAD, _HELD = 8, 50


def reencode(film: Path, out: Path) -> tuple[float, float]:
    """Decode and encode, frame by frame and each in its own thread, with as many threads as they like."""
    began, used = time.perf_counter(), time.process_time()
    frames: queue.Queue[av.VideoFrame | None] = queue.Queue(_AHEAD)
    thread = threading.Thread(target=_decode, args=(film, frames))
    thread.start()
    settings = FilmSettings(crf=CRF)
    options = CODECS["h264"].options(crf=CRF, preset=settings.preset, threads=0, pixel_format="yuv420p")
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        like = source.streams.video[0]
        stream = target.add_stream("libx264", like.average_rate, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = like.width, like.height, "yuv420p"
        context.time_base, context.thread_count = like.time_base, 0
        while (frame := frames.get()) is not None:
            frame.pict_type = av.video.frame.PictureType.NONE
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    thread.join()
    return time.perf_counter() - began, time.process_time() - used


def _decode(film: Path, frames: queue.Queue[av.VideoFrame | None]) -> None:
    with av.open(str(film)) as source:
        source.streams.video[0].thread_type = "AUTO"
        for frame in source.decode(video=0):
            frames.put(frame)
    frames.put(None)


def colour(film: Path) -> tuple[float, float]:
    """The network and tint: from decoded frames to chroma planes, as a film is coloured."""
    with Network.load(NetworkSettings().name) as network:
        colorizer = Colorizer(network, ColourSettings())

        def tinted(frames: Iterable[Frame]) -> Iterator[TintedFrame]:
            for frame in frames:
                yield from colorizer.step(frame)

        return _alone(film, tinted)


def bare(film: Path) -> tuple[float, float]:
    """The same without all that holds colour steady: shots, bars, greyness, motion, figures."""
    taste = Taste()
    with Network.load(NetworkSettings().name) as network:

        def tinted(frames: Iterable[Frame]) -> Iterator[TintedFrame]:
            for frame in frames:
                small = shrink(frame.luma, None, network.size)
                light = lightness(small, frame.colour_space, frame.depth)
                yield TintedFrame(frame, small, taste.apply(network.predict(light).ab, light))

        return _alone(film, tinted)


def _alone(film: Path, tinted: Callable[[Iterable[Frame]], Iterable[TintedFrame]]) -> tuple[float, float]:
    """Seconds, and those of CPU, for all chroma planes of a film; decoding it is not counted."""
    spent = used = 0.0
    with FilmSource(film) as source:
        frames = source.frames()
        size = source.facts.height // 2, source.facts.width // 2
        while held := list(islice(frames, _HELD)):
            began, before = time.perf_counter(), time.process_time()
            for each in tinted(held):
                chroma_planes(each, size)
            spent += time.perf_counter() - began
            used += time.process_time() - before
    return spent, used


def main(what: str, film: str, *more: str) -> None:
    """Do one of them."""
    parts = {"colour": colour, "bare": bare}
    print(json.dumps(parts[what](Path(film)) if what in parts else reencode(Path(film), Path(more[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
