"""A few frames from all over a film, before it is read whole."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

import av

from device.media.probe import FilmFacts, open_film, picture_stream
from device.sources.film import frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

    from device.frames import Frame

#: So many packets behind a place that is sought must hold a frame.
_PACKETS = 60


def glimpses(path: Path, facts: FilmFacts, count: int = 12) -> Iterator[Frame]:
    """Yield at most ``count`` frames, evenly spread over the film's length; they are numbered as they come.

    They are those that decoding can begin with, each once. Of a film that can't be sought in, or whose length
    is unknown, there are fewer or none. Raises the errors of ``open_film``; damage only makes them fewer.
    """
    with open_film(path) as container:
        stream = picture_stream(container, path)
        stream.codec_context.thread_type = "SLICE"  # threads by frame would have each place wait for many
        seen: set[int] = set()
        for place in range(count):
            with contextlib.suppress(av.FFmpegError):
                at = round((place + 0.5) / count * (facts.duration or 0) * av.time_base)
                decoded = _frame_at(container, stream, at + (container.start_time or 0))
                if decoded is not None and decoded.pts is not None and decoded.pts not in seen:
                    yield frame_of(decoded, facts, len(seen), decoded.pts)
                    seen.add(decoded.pts)


def _frame_at(container: InputContainer, stream: av.VideoStream, at: int) -> av.VideoFrame | None:
    """Return the first frame that decodes behind the last place before ``at`` where that can begin."""
    container.seek(at)
    for packet in islice(container.demux(stream), _PACKETS):
        with contextlib.suppress(av.error.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    return frame
    return None
