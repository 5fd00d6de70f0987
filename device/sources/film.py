"""A film's frames, each once and in order."""

from __future__ import annotations

import contextlib
import threading
from fractions import Fraction
from typing import TYPE_CHECKING, Self

from device.frames import Frame
from device.media.decode import Decoding
from device.media.planes import converted, planes_of
from device.media.probe import FilmFacts, open_film, picture_stream, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import av


class FilmSource:
    """Reads the film at ``path``; errors as ``probe`` and ``Decoding.frames``.

    Luma is a view of the decoder's memory where the pixel format allows it. Time stamps are the film's own,
    each greater than the one before (a film whose stamps stand still is nudged by one unit). Frames before
    number ``start`` are decoded and dropped. ``read``: frames decoded so far; ``end_pts``: where the last of
    them ends.
    """

    def __init__(self, path: Path, facts: FilmFacts | None = None, start: int = 0) -> None:
        self.facts = facts or probe(path)
        self.read = 0
        self.end_pts = 0
        self._start = start
        self._closed = False
        self._reading = threading.Lock()
        self._path = path
        self._open = contextlib.ExitStack()
        self._container = self._open.enter_context(open_film(path))
        self._decoding = Decoding(self._container, picture_stream(self._container, path), path)

    def frames(self) -> Iterator[Frame]:
        """Every frame from ``start`` on; once, for the film is closed afterwards."""
        with self._reading, self._open:
            yield from self._frames()

    def _frames(self) -> Iterator[Frame]:
        facts = self.facts
        step = max(1, round(1 / facts.rate / facts.time_base))
        origin = round(facts.origin / facts.time_base)
        last: int | None = None
        for index, decoded in enumerate(self._decoding.frames()):
            pts = self._pts(decoded, origin, last, step)
            last = pts
            self.read = index + 1
            self.end_pts = pts + (decoded.duration or step)
            if index >= self._start:
                yield frame_of(decoded, facts, index, pts)
            if self._closed:
                return

    @property
    def damaged(self) -> int:
        """Packets so far that could not be decoded and were passed over."""
        return self._decoding.damaged

    def close(self) -> None:
        """Close the file, once nobody reads it any more; frames that are still held stay valid."""
        self._closed = True
        if self._reading.acquire(blocking=False):
            self._open.close()
            self._reading.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _pts(decoded: av.VideoFrame, origin: int, last: int | None, step: int) -> int:
        if decoded.pts is None:
            return 0 if last is None else last + step
        pts = decoded.pts - origin
        return pts if last is None or pts > last else last + 1


def frame_of(decoded: av.VideoFrame, facts: FilmFacts, index: int, pts: int) -> Frame:
    """A decoded frame of the film of ``facts``, as a value; its planes are views where they can be."""
    in_layout = converted(decoded, facts.layout, facts.width, facts.height, facts.tags.matrix)
    planes = planes_of(in_layout, facts.layout)
    return Frame(
        luma=planes.luma,
        colour_space=facts.colour_space,
        index=index,
        pts=pts,
        time_base=facts.time_base,
        depth=facts.layout.depth,
        rotation=facts.rotation,
        pixel_aspect=facts.pixel_aspect or Fraction(1),
        cb=planes.cb,
        cr=planes.cr,
    )
