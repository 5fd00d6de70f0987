"""A tinted film: planes to the encoder, segment by segment, and at the end one file under its final name."""

from __future__ import annotations

import contextlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from device.colour.tint import chroma_planes
from device.media.containers import container_for
from device.media.durable import PartFile, move, set_times, writable
from device.media.encode import Encoder
from device.media.join import Joined, join, of_segments
from device.media.marks import ENOUGH, fingerprint
from device.media.planes import at_depth
from device.media.verify import verify
from device.sinks import ClosedOrAborted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from fractions import Fraction
    from pathlib import Path

    from device.config import FilmSettings
    from device.frames import Luma, TintedFrame
    from device.media.encode import Picture
    from device.media.join import Pictures
    from device.media.probe import FilmFacts
    from device.media.segments import WorkFolder

    State = Mapping[str, Any]


class Witness(Protocol):
    """Records what goes into a film; what it says is laid down with each segment."""

    def cut(self, tinted: TintedFrame) -> None:
        """A shot begins with this frame, which is seen next."""
        ...

    def saw(self, tinted: TintedFrame, mark: int) -> None:
        """The next frame went into the film; ``mark``: the fingerprint of its luma."""
        ...

    def end(self) -> None:
        """No frame comes any more."""
        ...

    def record(self) -> Mapping[str, Any]:
        """What is to be laid down with the segment that closes now, whose frames were all seen."""
        ...


class SegmentWriter:
    """Tinted frames into the segments of ``work``, one of them open at a time."""

    def __init__(self, work: WorkFolder, picture: Picture, settings: FilmSettings) -> None:
        self._work = work
        self._picture = picture
        self._settings = settings
        self._open: tuple[PartFile, Encoder] | None = None
        self._pts: list[int] = []

    @property
    def began(self) -> int | None:
        """Time stamp of the first frame of the open segment; None where none is open."""
        return self._pts[0] if self._pts else None

    def write(self, tinted: TintedFrame, pts: int, *, first: int | None = None) -> None:
        """Encode one frame; where no segment is open, one begins. ``first``: as in ``begin_segment``.

        The first frame of a shot is one that whoever decodes may begin with.
        Raises SpaceError on a full disk.
        """
        cb, cr = self._chroma(tinted)
        part, encoder = self._open or self._begin(first)
        with writable(part.path):
            encoder.write(tinted.frame.luma, cb, cr, pts, key=tinted.cut)
        self._pts.append(pts)

    def keep_up(self) -> None:
        """Bring the open segment to the disk, once there is much of it; errors as of ``write``."""
        if self._open:
            part, _ = self._open
            with writable(part.path):
                part.keep_up()

    def _chroma(self, tinted: TintedFrame) -> tuple[Luma, Luma]:
        """The colour of a frame, as deep as it goes out where that is deeper than it came."""
        size, before, depth = self._picture.chroma_size, tinted.frame.depth, self._picture.chroma_depth
        if not tinted.own_colour:
            return chroma_planes(tinted, size, depth)
        cb, cr = chroma_planes(tinted, size)
        return at_depth(cb, before, depth), at_depth(cr, before, depth)

    def end(self) -> tuple[PartFile, tuple[int, ...]] | None:
        """End the open segment, if there is one: its file, to be closed in the folder, and its stamps."""
        if self._open is None:
            return None
        part, encoder = self._open
        try:
            with writable(part.path):
                encoder.finish()
        except BaseException:
            self.abort()
            raise
        ended = part, tuple(self._pts)
        self._open, self._pts = None, []
        return ended

    def abort(self) -> None:
        """Throw away the segment that is open."""
        if self._open:
            part, _ = self._open
            self._open, self._pts = None, []
            part.discard()

    def _begin(self, first: int | None) -> tuple[PartFile, Encoder]:
        part = self._work.begin_segment(first)
        with writable(part.path):
            self._open = part, Encoder(part.file, self._picture, self._settings)
        return self._open


class FilmSink(ClosedOrAborted):
    """Writes tinted frames into the segments of ``work``; ``finish`` then makes the film of them.

    ``state_before``: asked once for each frame; where a segment begins with it, the state to go on from
    there, else None. At the end it is asked for the number behind the last frame. ``witness``: sees all.
    """

    def __init__(
        self,
        work: WorkFolder,
        picture: Picture,
        settings: FilmSettings,
        state_before: Callable[[int], State | None],
        witness: Witness | None = None,
    ) -> None:
        self._work = work
        self._segments = SegmentWriter(work, picture, settings)
        self._state_before = state_before
        self._witness = witness
        self._next_index = 0
        self._prints: deque[int] = deque(maxlen=ENOUGH)

    def write(self, tinted: TintedFrame) -> None:
        """Encode one frame. Raises SpaceError on a full disk."""
        frame = tinted.frame
        if self._witness is not None and tinted.cut:
            self._witness.cut(tinted)
        state = self._state_before(frame.index)
        if state is not None:
            self._close_segment(state)
        self._segments.write(tinted, frame.pts)
        self._segments.keep_up()
        self._prints.append(fingerprint(frame.luma))
        if self._witness is not None:
            self._witness.saw(tinted, self._prints[-1])
        self._next_index = frame.index + 1

    def close(self) -> None:
        """Close the last segment."""
        if self._witness is not None:
            self._witness.end()
        self._close_segment(self._state_before(self._next_index) or {})

    def abort(self) -> None:
        """Throw away the segment that is open; those that are closed stay."""
        self._segments.abort()

    def _close_segment(self, state: State) -> None:
        ended = self._segments.end()
        if ended is None:
            return
        part, pts = ended
        prints = tuple(self._prints)[-len(pts) :]
        try:
            record = None if self._witness is None else self._witness.record()
            self._work.close_segment(part, pts, state, prints, record)
        except BaseException:
            part.discard()
            raise


def finish(
    out: Path,
    work: WorkFolder,
    *,
    picture: Picture,
    source: FilmFacts | None,
    end_pts: int,
    metadata: Mapping[str, str],
    tick: Callable[[], None] = lambda: None,
    before_naming: Callable[[Path, Joined], None] = lambda _path, _joined: None,
) -> Joined:
    """Join the segments of ``work`` to the film ``out``: verified, with its source's time, under its name.

    ``picture``: as the segments were encoded; ``source``: the film behind it, whose sound and all else is
    taken over (of a folder of pictures its time alone), None where there is none; ``end_pts``: where the last
    frame ends; ``metadata``: goes into the container; ``tick``: called all the while, and what it raises ends
    the work; ``before_naming``: gets the finished file just before it has its name. The work folder goes.
    Whatever goes wrong, nothing stands under the final name that did not stand there before.
    """
    pts = [pts for segment in work.segments for pts in segment.pts]
    with (
        joined_film(
            out,
            work.path,
            picture=picture,
            template=work.segments[0].path,
            pictures=partial(of_segments, work.segments, picture.time_base, end_pts),
            stamps=[each * picture.time_base for each in pts],
            source=None if source is None or source.video < 0 else source,
            metadata=metadata,
            tick=tick,
        ) as (film, joined),
        writable(out),
    ):
        if source is not None:
            times = source.path.stat()
            set_times(film, times.st_atime_ns, times.st_mtime_ns)
        before_naming(film, joined)
        move(film, out)
    work.remove()
    return joined


@contextlib.contextmanager
def joined_film(
    out: Path,
    folder: Path,
    *,
    picture: Picture,
    template: Path,
    pictures: Pictures,
    stamps: Sequence[Fraction],
    source: FilmFacts | None,
    metadata: Mapping[str, str],
    tick: Callable[[], None],
) -> Iterator[tuple[Path, Joined]]:
    """A film that is to be ``out``, whole, verified and on the disk, in ``folder``: to be moved to its name.

    Arguments as of ``join`` and ``verify``. Where it is not moved before the block ends, nothing of it stays.
    """
    path = folder / "joined"
    with writable(out):
        path.unlink(missing_ok=True)  # of a run that was killed: there may be no room for both
    form = container_for(out, picture.codec.name)
    part = PartFile(path)

    def keep_up() -> None:
        part.keep_up()
        tick()

    try:
        with writable(out):
            joined = join(
                part.file,
                form=form,
                template=template,
                pictures=pictures,
                picture=picture,
                source=source,
                metadata=metadata,
                tick=keep_up,
            )
        part.commit()
        verify(path, form, stamps, joined, tick)
        yield path, joined
    finally:
        part.discard()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
