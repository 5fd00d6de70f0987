"""Interlaced frames become whole pictures, as many as came; all others pass untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

#: bwdif has no such thing as these, and would take them for RGB.
_NOT_TAKEN = frozenset({"gray10le", "gray10be", "gray12le", "gray12be"})


class Deinterlacer:
    """Makes whole pictures of the frames that are marked as interlaced: FFmpeg's bwdif, one out for one in.

    What comes out for a frame follows from it, the one before and the one behind, wherever the first frame
    was that came (which alone lacks the one before). ``count``: frames that were interlaced so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: av.VideoFrame | None = None
        self._waiting: av.VideoFrame | None = None
        self._graph: av.filter.Graph | None = None

    def step(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Take the next frame; give those that are ready, in order. To be exhausted."""
        interlaced = frame.interlaced_frame and frame.format.name not in _NOT_TAKEN
        if self._graph is not None and self._waiting is not None and not _alike(frame, self._waiting):
            yield from self.flush()
        if self._graph is not None:
            yield self._pushed(frame)
            if not interlaced:
                self._graph = self._waiting = None
        elif interlaced:
            self._graph = _graph_for(frame)
            if self._before is not None and _alike(frame, self._before):
                self._graph.push(self._before)
                self._waiting = self._before
                self._pushed(frame)  # what it gives is the one before, which has gone out already
            else:
                self._graph.push(frame)
        if interlaced:
            self.count += 1
            self._waiting = frame
        else:
            yield frame
        self._before = frame

    def flush(self) -> Iterator[av.VideoFrame]:
        """Give the frame that waits, if one does: no more comes, or what comes is another kind of film."""
        if self._graph is not None:
            yield self._pushed(None)
        self._graph = self._waiting = self._before = None

    def _pushed(self, frame: av.VideoFrame | None) -> av.VideoFrame:
        """What is made of the frame that waited, ``frame`` being the one behind it."""
        graph, waited = self._graph, self._waiting
        if graph is None or waited is None:
            raise RuntimeError("no frame waits")
        graph.push(frame)
        made = graph.pull()
        if not isinstance(made, av.VideoFrame):
            raise TypeError(type(made))
        made.pts, made.time_base, made.duration = waited.pts, waited.time_base, waited.duration
        return made


def _alike(frame: av.VideoFrame, other: av.VideoFrame) -> bool:
    return (frame.format.name, frame.width, frame.height) == (other.format.name, other.width, other.height)


def _graph_for(frame: av.VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    filtering = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    source.link_to(filtering)
    filtering.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
