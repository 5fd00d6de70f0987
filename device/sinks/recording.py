"""One recording of a live picture: segments while it goes on, a film of them at its end or after a crash."""

from __future__ import annotations

import json
import math
import queue
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from device.errors import ConfigurationError
from device.frames import ColourSpace, Matrix
from device.media.durable import writable
from device.media.encode import Picture
from device.media.planes import BT601, BT709, FULL, LIMITED
from device.media.segments import WorkFolder, of_work_folder
from device.media.tags import BT2020, ColourTags
from device.resources import version
from device.sinks.film import SegmentWriter, finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.config import FilmSettings
    from device.frames import Frame, TintedFrame
    from device.media.durable import PartFile
    from device.media.segments import Segment

#: What most containers of films count in.
TIME_BASE = Fraction(1, 90_000)
#: A segment is closed after so long: what a crash or a power cut takes away, in seconds.
SEGMENT_S = 4
#: Told to the encoder; what is true is in the time stamps, and told to the finished film.
_RATE = Fraction(30)
#: Segments on their way to the disk: where it is slower than that, frames are let go.
_ON_THEIR_WAY = 2

_MATRICES = {Matrix.BT601: BT601, Matrix.BT709: BT709, Matrix.BT2020: BT2020}


@dataclass(frozen=True, slots=True)
class Shape:
    """What all frames of a recording have in common; ``codec``: what it is written in."""

    width: int
    height: int
    depth: int
    colour_space: ColourSpace
    rotation: int
    pixel_aspect: Fraction
    codec: str

    @classmethod
    def of(cls, frame: Frame, codec: str) -> Self:
        """The shape of a frame."""
        return cls(
            frame.width,
            frame.height,
            frame.depth,
            frame.colour_space,
            frame.rotation,
            frame.pixel_aspect,
            codec,
        )

    @property
    def picture(self) -> Picture:
        """What encoder and container are told. Raises ConfigurationError for what ``codec`` can't hold."""
        full = self.colour_space.full_range
        return Picture.live(
            self.width,
            self.height,
            self.codec,
            depth=self.depth,
            tags=ColourTags(range=FULL if full else LIMITED, matrix=_MATRICES[self.colour_space.matrix]),
            time_base=TIME_BASE,
            rate=_RATE,
            pixel_aspect=None if self.pixel_aspect == 1 else self.pixel_aspect,
            display_matrix=_turned(self.rotation),
        )

    def to_json(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "size": [self.width, self.height],
            "depth": self.depth,
            "matrix": self.colour_space.matrix.name,
            "full_range": self.colour_space.full_range,
            "rotation": self.rotation,
            "pixel_aspect": [self.pixel_aspect.numerator, self.pixel_aspect.denominator],
            "codec": self.codec,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what ``to_json`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        width, height = value["size"]
        numerator, denominator = value["pixel_aspect"]
        return cls(
            width,
            height,
            value["depth"],
            ColourSpace(Matrix[value["matrix"]], full_range=value["full_range"]),
            value["rotation"],
            Fraction(numerator, denominator),
            value["codec"],
        )


class Recording:
    """A film in the making, under the name ``out``, for frames of one shape.

    Segments are brought to the disk by a thread of their own: a slow card holds up no frame.
    Raises ConfigurationError for what can't be written.
    """

    def __init__(self, out: Path, shape: Shape, settings: FilmSettings) -> None:
        picture = shape.picture
        self.out = out
        self.shape = shape
        self.frames = 0
        #: Bytes that are safely on the disk.
        self.bytes = 0
        self._work = WorkFolder(out, _identity(shape), all_states=True)
        self._segments = SegmentWriter(self._work, picture, settings)
        self._first_ns: int | None = None
        self._last_pts = -1
        self._networks: set[str] = set()
        self._began = ""
        self._ended = queue.Queue["_Ended | None"](_ON_THEIR_WAY)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._keep, name=f"disk {out.name}", daemon=True)
        self._thread.start()

    def write(self, tinted: TintedFrame, captured_ns: int, network: str) -> None:
        """Encode one frame. Raises SpaceError on a full disk, and whatever else the disk says."""
        if self._error is not None:
            raise self._error
        if self._first_ns is None:
            self._first_ns = captured_ns
        pts = max(round((captured_ns - self._first_ns) * TIME_BASE.denominator / 1e9), self._last_pts + 1)
        began = self._segments.began
        if began is not None and pts - began >= SEGMENT_S / TIME_BASE:
            self._end_segment()
        if self._segments.began is None:
            self._networks, self._began = set(), datetime.now(UTC).isoformat(timespec="milliseconds")
        if not tinted.own_colour:
            self._networks.add(network)
        self._segments.write(tinted, pts, first=self.frames)
        self.frames += 1
        self._last_pts = pts

    def finish(self, tick: Callable[[], None] = lambda: None) -> float:
        """Make the film of what there is; returns how long it is, in seconds.

        ``tick`` is called all the while, and what it raises ends the work. Other errors as of ``write``.
        Whatever goes wrong, the segments stay.
        """
        try:
            try:
                self._end_segment()
            finally:
                self._stop_keeping()
            if self._error is not None:
                raise self._error
            return _join(self.out, self._work, self.shape, tick)
        finally:
            self._work.release()

    def leave(self) -> None:
        """Give up: what is on the disk stays there, to be finished later."""
        try:
            self._segments.abort()
        finally:
            self._stop_keeping()
            self._work.release()

    def _end_segment(self) -> None:
        ended = self._segments.end()
        if ended is not None:
            state = {"networks": sorted(self._networks), "began": self._began}
            self._ended.put(_Ended(*ended, state))

    def _stop_keeping(self) -> None:
        self._ended.put(None)
        self._thread.join()

    def _keep(self) -> None:
        while (ended := self._ended.get()) is not None:
            if self._error is not None:
                ended.part.discard()
                continue
            try:
                with writable(ended.part.path):
                    self._work.close_segment(ended.part, ended.pts, ended.state)
                    self.bytes += self._work.segments[-1].path.stat().st_size
            except BaseException as error:  # noqa: BLE001 - whatever it is, the next write raises it
                ended.part.discard()
                self._error = error


@dataclass(frozen=True, slots=True)
class _Ended:
    part: PartFile
    pts: tuple[int, ...]
    state: dict[str, Any]


def left_behind(folder: Path) -> Iterator[Path]:
    """Names of recordings in ``folder`` that were never finished: the power was cut, or worse."""
    for job in sorted(folder.glob(".*.tintcast/job.json")):
        if _shape_in(job) is not None:
            yield of_work_folder(job.parent)


def finish_left_behind(out: Path, tick: Callable[[], None] = lambda: None) -> float:
    """Make the film of a recording that was cut off; returns its seconds (0: nothing was there).

    Raises ConfigurationError while somebody is still recording it, SpaceError, and what ``tick`` raises.
    """
    work_path = WorkFolder.path_for(out)
    shape = _shape_in(work_path / "job.json")
    if shape is None:
        raise ConfigurationError("is no recording that was cut off", where=work_path)
    with WorkFolder(out, _identity(shape), all_states=True) as work:
        return _join(out, work, shape, tick)


def _shape_in(job: Path) -> Shape | None:
    try:
        return Shape.from_json(json.loads(job.read_bytes())["recording"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _identity(shape: Shape) -> dict[str, Any]:
    return {"recording": shape.to_json()}


def _join(out: Path, work: WorkFolder, shape: Shape, tick: Callable[[], None]) -> float:
    pts = [pts for segment in work.segments for pts in segment.pts]
    if not pts:
        return 0.0
    last = round(median(later - earlier for earlier, later in pairwise(pts))) if len(pts) > 1 else 3000
    ticks = pts[-1] + last - pts[0]
    rate = (len(pts) / (ticks * TIME_BASE)).limit_denominator(1000)
    finish(
        out,
        work,
        picture=replace(shape.picture, rate=rate or _RATE),
        source=None,
        end_pts=pts[-1] + last,
        metadata=_metadata(work.segments),
        tick=tick,
    )
    return float(ticks * TIME_BASE)


def _metadata(segments: list[Segment]) -> dict[str, str]:
    """When it began, and that a machine made the colour, where one did."""
    networks = sorted({name for segment in segments for name in segment.state["networks"]})
    said = {"creation_time": str(segments[0].state["began"])}
    if networks:
        said["comment"] = f"Colour made by a machine: tintcast {version()}, network {', '.join(networks)}"
    return said


def _turned(rotation: int) -> tuple[int, ...] | None:
    """The display matrix (ISO/IEC 14496-12, 6.2.2) that turns pictures clockwise; None for no turn."""
    if not rotation:
        return None
    cosine, sine = (round(f(math.radians(rotation))) << 16 for f in (math.cos, math.sin))
    return cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 30
