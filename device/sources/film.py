"""A film's frames, each once and in order."""

from __future__ import annotations

import contextlib
import threading
from bisect import bisect_left
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, Self

from device.errors import UnreadableFilm
from device.frames import Frame
from device.media.decode import Decoding
from device.media.deinterlace import Deinterlacer
from device.media.marks import ENOUGH, Marks, fingerprint
from device.media.planes import converted, planes_of
from device.media.probe import FilmFacts, open_film, picture_stream, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import av

#: So many seconds before the frames by which ``start`` is found decoding begins; where that is too late, the
#: second of them. After that the film is decoded from its start.
_BACK_S = (0, 20)
#: Gaps are told as such where no more steps than this (share of the frames) are unusual: else it is its way.
_FEW = 0.03
#: Of so many frames back it is known what was counted before them: more than are ever on their way.
_REMEMBERED = 256


class Counted(NamedTuple):
    """What was counted before a frame.

    Packets and frames that were damaged, frames that were interlaced; steps from a frame to the next that are
    as long as several, how many are missing in them, and steps of any other length but the usual.
    """

    damaged: int = 0
    deinterlaced: int = 0
    gaps: int = 0
    lost: int = 0
    odd: int = 0

    def plus(self, other: Counted, sign: int = 1) -> Counted:
        """Both together."""
        return Counted(*(one + sign * more for one, more in zip(self, other, strict=True)))


class FilmSource:
    """Reads the film at ``path``; errors as ``probe`` and ``Decoding.frames``.

    Luma is a view of the decoder's memory where the pixel format allows it. Time stamps are the film's own,
    each greater than the one before (a film whose stamps stand still is nudged by one unit). ``deinterlace``:
    frames that are marked as interlaced come as whole pictures; all others are as they were.

    The first frame to come is number ``start``. With ``marks``, what an earlier run saw of the frames before
    it, it is sought, and taken for it only where the frames before are found to be the same; else all before
    it is decoded and dropped. What comes is the same either way. ``before``: what that run had counted.

    ``read``: number of frames before the next; ``end_pts``: where the last of them ends; ``sought``: whether
    the film was not decoded from its start.
    """

    def __init__(
        self,
        path: Path,
        facts: FilmFacts | None = None,
        start: int = 0,
        marks: Marks | None = None,
        *,
        before: Counted = Counted(),  # noqa: B008 - a constant
        deinterlace: bool = True,
    ) -> None:
        self.facts = facts or probe(path)
        self.read = 0
        self.end_pts = 0
        self.sought = False
        self._start = start
        self._marks = marks or Marks()
        self._before = before
        self._dropped = Counted()
        self._history: deque[tuple[int, Counted]] = deque(maxlen=_REMEMBERED)
        self._deinterlacer = Deinterlacer() if deinterlace else None
        self._gaps = self._lost = self._odd = 0
        self._step = max(1, round(1 / self.facts.rate / self.facts.time_base))
        self._origin = round(self.facts.origin / self.facts.time_base)
        self._at: int | None = None
        self._closed = False
        self._reading = threading.Lock()
        self._path = path
        self._open = contextlib.ExitStack()
        self._decoding = self._opened()

    def frames(self) -> Iterator[Frame]:
        """Every frame from ``start`` on; once, for the film is closed afterwards."""
        with self._reading, self._open:
            for index, pts, decoded in self._from_start():
                yield frame_of(decoded, self.facts, index, pts)
                if self._closed:
                    return

    def seek(self, seconds: float) -> None:
        """Begin at the last place before ``seconds`` of the film where decoding can begin, not at its start.

        To be called before ``frames``, which numbers them from there on. A film that can't be sought in is
        begun at its start.
        """
        self._at = round(Fraction(seconds) / self.facts.time_base) + self._origin

    @property
    def counted(self) -> Counted:
        """What was counted so far."""
        return self._before.plus(self._counted_here()).plus(self._dropped, -1)

    def counted_before(self, index: int) -> Counted:
        """What was counted before frame ``index`` came, one of the last 256 or the next."""
        return next((counted for number, counted in self._history if number == index), self.counted)

    def remarks(self) -> Iterator[str]:
        """What the user should know of the film as it came, one line each."""
        counted, missing = self.counted, self._decoding.missing
        if counted.deinterlaced:
            yield f"it is interlaced: {counted.deinterlaced} of its frames were made whole pictures (bwdif)"
        elif self.facts.interlaced:
            yield "it is interlaced: its fields were coloured as they lie, woven into whole frames"
        if counted.damaged:
            yield f"it is damaged: {counted.damaged} packets or frames of its picture"
        if 0 < counted.gaps <= _FEW * self.read and counted.odd <= _FEW * self.read:
            places = "one place" if counted.gaps == 1 else f"{counted.gaps} places"
            yield f"frames of it are missing in {places}: {counted.lost} in all"
        if missing:
            yield f"it is cut short: it ends {missing:.1f} s before the length that it states"
        elif self.facts.missing_share:
            yield f"it is cut short: {self.facts.missing_share:.1%} of its file are missing"

    @property
    def damaged(self) -> int:
        """Packets and frames so far that were damaged."""
        return self.counted.damaged

    @property
    def packets(self) -> int:
        """Packets so far that were given to the decoder, since the place where it began."""
        return self._decoding.packets

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

    def _from_start(self) -> Iterator[tuple[int, int, av.VideoFrame]]:
        """Number, time stamp and picture of every frame from ``start`` on."""
        for back in _BACK_S if self._marks.enough(self._start) else ():
            before = Fraction(self._marks.stamps[self._start - ENOUGH]) + self._origin
            found = self._decoded(round(before - back / self.facts.time_base))
            if self._finds_in(found):
                self.sought, self._dropped = True, self._counted_here()
                last = self._marks.stamps[self._start - 1]
                yield from self._numbered(found, self._start, last)
                return
            if self._closed:
                return
        for index, pts, decoded in self._numbered(self._decoded(self._at), 0, None):
            if index >= self._start:
                yield index, pts, decoded
            if self._closed:
                return

    def _opened(self) -> Decoding:
        """The film, opened anew."""
        self._open.close()
        container = self._open.enter_context(open_film(self._path))
        return Decoding(container, picture_stream(container, self._path), self._path)

    def _decoded(self, at: int | None = None) -> Iterator[av.VideoFrame]:
        """Frames as they are to be seen, from some place before ``at`` on (the stream's time); None: all."""
        if self._decoding.packets or self._decoding.at is not None:
            self._decoding = self._opened()
        self._decoding.at = at
        if self._deinterlacer is None:
            yield from self._decoding.frames()
            return
        self._deinterlacer = Deinterlacer()
        for frame in self._decoding.frames():
            yield from self._deinterlacer.step(frame)
        yield from self._deinterlacer.flush()

    def _finds_in(self, decoded: Iterator[av.VideoFrame]) -> bool:
        """As ``_finds``; a place where nothing can be decoded is not the one."""
        try:
            return self._finds(decoded)
        except UnreadableFilm:
            return False

    def _finds(self, decoded: Iterator[av.VideoFrame]) -> bool:
        """Whether the next of ``decoded`` is frame ``start``: so many before it are known again."""
        marks, known, last = self._marks, 0, None
        for frame in decoded:
            pts = last = self._pts(frame, last)
            index = bisect_left(marks.stamps, pts, hi=self._start)
            if index == self._start or self._closed:
                return False
            self.read = index
            same = marks.stamps[index] == pts
            if same and index in marks.prints:
                same = marks.prints[index] == fingerprint(frame_of(frame, self.facts, index, pts).luma)
            known = known + 1 if same and index in marks.prints else 0
            if same and index == self._start - 1:
                self.read, self.end_pts = self._start, pts + (frame.duration or self._step)
                return known >= ENOUGH
        return False

    def _numbered(
        self, decoded: Iterator[av.VideoFrame], index: int, last: int | None
    ) -> Iterator[tuple[int, int, av.VideoFrame]]:
        for number, frame in enumerate(decoded, index):
            pts = self._pts(frame, last)
            if last is not None:
                self._count_step(pts - last)
            last = pts
            if number <= self._start != 0:
                self._dropped = self._counted_here()
            self._history.append((number, self.counted))
            self.read = number + 1
            self.end_pts = pts + (frame.duration or self._step)
            yield number, pts, frame

    def _counted_here(self) -> Counted:
        deinterlaced = self._deinterlacer.count if self._deinterlacer else 0
        return Counted(self._decoding.damaged, deinterlaced, self._gaps, self._lost, self._odd)

    def _count_step(self, units: int) -> None:
        """Count a step from one frame to the next, if it is not the usual one."""
        steps = round(units / self._step)
        if abs(units - steps * self._step) > max(1, self._step // 8) or steps < 1:
            self._odd += 1
        elif steps > 1:
            self._gaps += 1
            self._lost += steps - 1

    def _pts(self, decoded: av.VideoFrame, last: int | None) -> int:
        if decoded.pts is None:
            return 0 if last is None else last + self._step
        pts = decoded.pts - self._origin
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
