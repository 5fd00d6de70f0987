"""What ``tintcast film`` is measured against: its two halves by themselves, each a process with all cores.

    python -m tests.bench.night_parts reencode FILM OUT
    python -m tests.bench.night_parts colour FILM

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

import av

from device.colour.lightness import lightness
from device.colour.taste import Taste
from device.colour.tint import chroma_planes, shrink
from device.config import FilmSettings, NetworkSettings
from device.frames import TintedFrame
from device.media.codecs import CODECS
from device.network import Network
from device.sources.film import FilmSource

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
    """The network and what makes planes of its word, on frames that are there already."""
    spent = used = 0.0
    taste = Taste()
    with FilmSource(film) as source, Network.load(NetworkSettings().name) as network:
        frames = source.frames()
        size = source.facts.height // 2, source.facts.width // 2
        while held := list(islice(frames, _HELD)):
            began, before = time.perf_counter(), time.process_time()
            for frame in held:
                small = shrink(frame.luma, None, network.size)
                light = lightness(small, frame.colour_space, frame.depth)
                ab = taste.apply(network.predict(light).ab, light)
                chroma_planes(TintedFrame(frame, small, ab), size)
            spent += time.perf_counter() - began
            used += time.process_time() - before
    return spent, used


def main(what: str, film: str, *more: str) -> None:
    """Do one of them."""
    spent = colour(Path(film)) if what == "colour" else reencode(Path(film), Path(more[0]))
    print(json.dumps(spent))


if __name__ == "__main__":
    main(*sys.argv[1:])
