"""Frames from all over a film in little time: key frames by seeking; where these are few, some between them.

A key frame needs no other to be decoded; any other needs all frames since the key frame before it.
"""

from __future__ import annotations

import contextlib
import math
import time
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

import av

from device.media.probe import DECODER_THREADS, open_film, picture_stream
from device.sources.film import frame_of
from device.sources.numbered import glimpsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer

    from device.frames import Frame
    from device.media.probe import FilmFacts

#: With fewer key frames than this, frames between them are looked at, too: so many a second of the film.
_ENOUGH: Final = 60
_PER_SECOND: Final = 6
#: After so many it is known how long a key frame takes.
_TRIED: Final = 10
#: So many packets behind a place that is sought must hold a frame.
_PACKETS: Final = 60


class Walk:
    """Walks through the film of ``facts`` from its start to its end, in about so many ``seconds`` of work.

    ``most``: so many key frames, or numbered pictures, are looked at, evenly over the film. ``reached``:
    share of the film, 0..1, that was looked at: less than all where there was no time for the rest. ``tick``:
    called while key frames are sought; what it raises ends the walk.
    """

    def __init__(
        self, facts: FilmFacts, *, most: int, seconds: float, tick: Callable[[], None] = lambda: None
    ) -> None:
        self._tick = tick
        self.reached = 0.0
        self._facts = facts
        self._most = most
        self._ends = time.process_time() + seconds
        self._seconds = seconds

    def frames(self) -> Iterator[Frame]:
        """The frames, each once, in order; they are numbered as they come. Damage only makes them fewer.

        Raises the errors of ``open_film``.
        """
        facts = self._facts
        if facts.path.is_dir():
            yield from glimpsed(facts, self._most)
            self.reached = 1.0
            return
        origin = round(facts.origin / facts.time_base)
        with open_film(facts.path) as container:
            stream = picture_stream(container, facts.path)
            keys = self._keys(container, stream)
            if len(keys) >= _ENOUGH:
                decoded = self._only(container, stream, keys)
            else:
                decoded = self._between(container, stream, keys)
            for number, (pts, frame) in enumerate(decoded):
                yield frame_of(frame, facts, number, pts - origin)

    def _keys(self, container: InputContainer, stream: av.VideoStream) -> list[int]:
        """Time stamps of the key frames before places that lie evenly over the film, each once."""
        length, start = self._facts.duration or 0, container.start_time or 0
        found = set()
        for place in range(self._most if length else 0):
            self._tick()
            if time.process_time() > self._ends - self._seconds / 2:
                break
            with contextlib.suppress(av.FFmpegError, StopIteration):
                container.seek(round((place + 0.5) / self._most * length * av.time_base) + start)
                packet = next(iter(container.demux(stream)))
                stamp = packet.dts if packet.pts is None else packet.pts
                if stamp is not None:
                    found.add(stamp)
        return sorted(found)

    def _only(
        self, container: InputContainer, stream: av.VideoStream, keys: list[int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """The key frames; where there is no time for all, fewer, but evenly."""
        stream.codec_context.thread_type = "SLICE"  # threads by frame would have each place wait for many
        began, done = time.process_time(), 0
        while keys:
            key, *keys = keys
            with contextlib.suppress(av.FFmpegError):
                container.seek(key, stream=stream)
                frame = next(_decoded(container, stream, _PACKETS), None)
                if frame is not None:
                    yield key if frame.pts is None else frame.pts, frame
            done += 1
            each = (time.process_time() - began) / done
            if done % _ENOUGH == _TRIED and each * len(keys) > (left := self._ends - time.process_time()):
                keys = keys[:: math.ceil(each * len(keys) / max(left, each))]
        self.reached = 1.0

    def _between(
        self, container: InputContainer, stream: av.VideoStream, keys: list[int]
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Some frames a second from each key frame on to the next, or as far as there is time."""
        context = stream.codec_context
        context.thread_type, context.thread_count = "AUTO", DECODER_THREADS
        context.skip_frame = "NONREF"  # nothing is made of these, and some are enough
        start = keys[0] if keys else 0
        end = start + round((self._facts.duration or 0) / self._facts.time_base)
        seen, whole = 0, True
        for key, following in pairwise([*(keys or [start]), end]):
            share = (following - key) / (end - key) if end > key else 1.0
            until = time.process_time() + (self._ends - time.process_time()) * share
            last = key
            with contextlib.suppress(av.FFmpegError):
                if keys:
                    container.seek(key, stream=stream)
                for last, frame in self._some(container, stream, key):
                    if keys and last >= following:
                        break
                    yield last, frame
                    if time.process_time() > until:
                        whole = False
                        break
                else:
                    last = following
            seen += min(last, following) - key
        self.reached = 1.0 if whole else min(seen / max(end - start, 1), 1.0)

    def _some(
        self, container: InputContainer, stream: av.VideoStream, start: int
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Of the frames from here on, some a second, with their time stamps; ``start``: the first one's."""
        each = 1 / self._facts.rate / self._facts.time_base
        due = start
        for number, frame in enumerate(_decoded(container, stream)):
            pts = start + round(number * each) if frame.pts is None else frame.pts
            if pts >= due:
                yield pts, frame
                due = pts + round(1 / _PER_SECOND / self._facts.time_base)


def _decoded(
    container: InputContainer, stream: av.VideoStream, packets: int | None = None
) -> Iterator[av.VideoFrame]:
    """Frames of the next so many packets (None: all); what can't be decoded is passed over."""
    for packet in islice(container.demux(stream), packets):
        with contextlib.suppress(av.error.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    yield frame
