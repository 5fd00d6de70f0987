"""A tinted film: planes to the encoder, segment by segment, and at the end one file under its final name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

from device.colour.tint import chroma_planes
from device.media.containers import container_for
from device.media.durable import PartFile, move, writable
from device.media.encode import Encoder, Picture
from device.media.join import Joined, join
from device.media.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from device.config import FilmSettings
    from device.frames import TintedFrame
    from device.media.probe import FilmFacts
    from device.media.segments import WorkFolder

    State = Mapping[str, Any]


class FilmSink:
    """Writes tinted frames into the segments of ``work``; ``finish`` then makes the film of them.

    ``state_before``: asked once for each frame; where a segment begins with it, the state to go on from
    there, else None. At the end it is asked for the number behind the last frame.
    """

    def __init__(
        self,
        work: WorkFolder,
        facts: FilmFacts,
        settings: FilmSettings,
        state_before: Callable[[int], State | None],
    ) -> None:
        self._work = work
        self._settings = settings
        self._picture = Picture.of(facts, settings.codec)
        self._state_before = state_before
        self._segment: tuple[PartFile, Encoder] | None = None
        self._pts: list[int] = []
        self._next_index = 0

    def write(self, tinted: TintedFrame) -> None:
        """Encode one frame. Raises SpaceError on a full disk."""
        frame = tinted.frame
        state = self._state_before(frame.index)
        if state is not None:
            self._close_segment(state)
        cb, cr = chroma_planes(tinted, self._picture.chroma_size)
        part, encoder = self._segment or self._begin_segment()
        with writable(part.path):
            encoder.write(frame.luma, cb, cr, frame.pts)
        self._pts.append(frame.pts)
        self._next_index = frame.index + 1

    def close(self) -> None:
        """Close the last segment."""
        self._close_segment(self._state_before(self._next_index) or {})

    def abort(self) -> None:
        """Throw away the segment that is open; those that are closed stay."""
        if self._segment:
            part, _ = self._segment
            self._segment = None
            part.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    def _begin_segment(self) -> tuple[PartFile, Encoder]:
        part = self._work.begin_segment()
        with writable(part.path):
            self._segment = part, Encoder(part.file, self._picture, self._settings)
        self._pts = []
        return self._segment

    def _close_segment(self, state: State) -> None:
        if self._segment is None:
            return
        part, encoder = self._segment
        try:
            with writable(part.path):
                encoder.finish()
            self._work.close_segment(part, tuple(self._pts), state)
        except BaseException:
            self.abort()
            raise
        self._segment = None


def finish(
    out: Path,
    work: WorkFolder,
    *,
    facts: FilmFacts,
    codec: str,
    end_pts: int,
    comment: str | None,
    tick: Callable[[], None] = lambda: None,
) -> Joined:
    """Join the segments of ``work`` to the film ``out``: verified, with its source's time, under its name.

    ``codec``: of the segments; ``end_pts``: where the last frame ends; ``comment``: goes into the container's
    metadata, None: nothing does; ``tick``: called all the while, and what it raises ends the work. The work
    folder is deleted. Whatever goes wrong, nothing stands under the final name that did not stand there
    before.
    """
    form = container_for(out, codec)
    part = PartFile(work.path / "joined")
    try:
        with writable(out):
            joined = join(
                part.file,
                form=form,
                segments=work.segments,
                facts=facts,
                codec=codec,
                end_pts=end_pts,
                comment=comment,
                tick=tick,
            )
        part.commit()
    except BaseException:
        part.discard()
        raise
    stamps = [pts * facts.time_base for segment in work.segments for pts in segment.pts]
    verify(part.path, form, stamps, joined, tick)
    with writable(out):
        source = facts.path.stat()
        os.utime(part.path, ns=(source.st_atime_ns, source.st_mtime_ns))
        move(part.path, out)
    work.remove()
    return joined
