"""What is in a film: read once, before any work, with a clear error where it can't be colorized."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.sidedata.sidedata import Type as SideDataType

from device.errors import (
    InputError,
    MissingInput,
    NoVideo,
    UnreadableFilm,
    from_os_error,
)
from device.media.length import ends_early, missing_share
from device.media.planes import Layout, layout_of
from device.media.pyav import ANY_TITLE, packets
from device.media.tags import colour_space, outgoing_tags, read_tags, stream_tags

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.stream import Stream

    from device.frames import ColourSpace
    from device.media.tags import ColourTags

#: Frames are decoded in so many threads: enough to keep ahead of the network, few enough to stay small.
DECODER_THREADS = 2
#: Frames a second: a container that says more counts something else (DV in a raw stream: units of time).
_FASTEST = 1200
#: The share of a film that may be missing: what is there is coloured all the same, and it is said.
MISSING_TOLERATED = 0.1
#: A film with a packet behind this share of its length reaches its end.
_NEARLY_ALL = 0.97


@dataclass(frozen=True, slots=True)
class Track:
    """A track beside the picture: ``kind`` is sound, subtitle, data or attachment."""

    index: int
    kind: str
    codec: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What is known of a film before its frames are read.

    ``container``: FFmpeg's name of it. ``video``: index of the picture's stream. ``layout``: how its planes
    are read. ``rotation``: degrees clockwise that turn it upright (0, 90, 180, 270); ``display_matrix`` as
    stored. ``pixel_aspect``: None where it says nothing. ``rate``: frames a second on average. ``origin``:
    seconds that every time stamp is moved back by (broadcast streams start anywhere). ``frames``: as counted
    by the container, else estimated from ``duration`` (seconds), else None. ``missing_share``: of its bytes.
    """

    path: Path
    container: str
    codec: str
    video: int
    width: int
    height: int
    layout: Layout
    colour_space: ColourSpace
    tags: ColourTags
    time_base: Fraction
    rate: Fraction
    rotation: int = 0
    display_matrix: tuple[int, ...] | None = None
    pixel_aspect: Fraction | None = None
    interlaced: bool = False
    origin: Fraction = Fraction(0)
    frames: int | None = None
    duration: float | None = None
    missing_share: float = 0.0
    tracks: tuple[Track, ...] = ()

    @property
    def sound(self) -> tuple[Track, ...]:
        """The sound tracks."""
        return tuple(track for track in self.tracks if track.kind == "sound")


def probe(path: Path) -> FilmFacts:
    """Read the facts of the film at ``path``, decoding its first frame.

    Raises MissingInput, UnreadableFilm (empty, not a film, cut short, nothing decodes), NoVideo, and
    UnsupportedColour for PQ, HLG and matrices whose luma is no such thing.
    """
    with open_film(path) as container:
        return facts_of(container, path)


@contextlib.contextmanager
def open_film(path: Path) -> Iterator[InputContainer]:
    """Open a film for reading; errors as ``probe``. Nothing but this one file is read."""
    _check_file(path)
    try:
        # "file:" keeps a colon in a name from being taken for a protocol.
        container = av.open(f"file:{path}", "r", options={"protocol_whitelist": "file"}, **ANY_TITLE)
    except av.FFmpegError as error:
        raise _refusal(path, error) from None
    with container:
        if container.format.name in {"image2", "concat", "hls"} or container.format.name.endswith("_pipe"):
            raise UnreadableFilm("is not a film", where=path)
        yield container


def picture_stream(container: InputContainer, path: Path) -> av.VideoStream:
    """The stream that is the film, not a cover picture. Raises NoVideo."""
    streams = [s for s in container.streams.video if not s.disposition & _ATTACHED_PICTURE]
    if not streams:
        raise NoVideo("has no picture track", where=path)
    decodable = [s for s in streams if s.codec_context is not None]
    if not decodable:
        raise UnreadableFilm("its picture is in a codec that can't be read", where=path)
    return max(decodable, key=lambda s: (s.width * s.height, -s.index))


_ATTACHED_PICTURE = 1 << 10


def facts_of(container: InputContainer, path: Path) -> FilmFacts:
    """Facts of an open film, which is read from its start for that; errors as ``probe``."""
    stream = picture_stream(container, path)
    missing = _missing_share(container, stream, path)
    _check_length(container, stream, missing, path)
    said = stream_tags(stream)
    frame = _first_frame(container, stream, path)
    layout = layout_of(frame.format.name)
    tags = read_tags(frame, said)
    rate = _rate(stream)
    duration = _duration(container, stream)
    broadcast = container.format.name in {"mpegts", "mpeg"}
    return FilmFacts(
        path=path,
        container=container.format.name.split(",")[0],
        codec=stream.codec_context.name,
        video=stream.index,
        width=frame.width,
        height=frame.height,
        layout=layout,
        colour_space=colour_space(tags, layout, frame, path),
        tags=outgoing_tags(tags, layout, frame),
        time_base=Fraction(stream.time_base or Fraction(1, 1000)),
        rate=rate,
        rotation=round(-frame.rotation / 90) * 90 % 360,
        display_matrix=_display_matrix(frame),
        pixel_aspect=Fraction(stream.sample_aspect_ratio) if stream.sample_aspect_ratio else None,
        interlaced=frame.interlaced_frame,
        origin=Fraction(container.start_time or 0, av.time_base) if broadcast else Fraction(0),
        frames=stream.frames or (round(duration * rate) if duration else None),
        duration=duration,
        missing_share=missing,
        tracks=tuple(_track(other) for other in container.streams if other.index != stream.index),
    )


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise InputError("is a folder, not a film", where=path)
        if path.stat().st_size == 0:
            raise UnreadableFilm("is empty", where=path)
        with path.open("rb"):
            pass
    except OSError as error:
        if isinstance(error, InputError):
            raise
        raise from_os_error(error, where=path, doing="can't be read") from None


def _refusal(path: Path, error: av.FFmpegError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return MissingInput("no such file or folder", where=path)
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        what = "is cut short: its index (moov) is missing" if ends_early(path) else "has no index (moov)"
        return UnreadableFilm(what, where=path, hint="copy it again from where it came")
    return UnreadableFilm("is not a film, or too damaged to be read", where=path)


def _missing_share(container: InputContainer, stream: av.VideoStream, path: Path) -> float:
    """The share of its bytes that a film is without; some writers state a size that is none."""
    share = missing_share(path)
    whole = share > MISSING_TOLERATED and _reaches_its_end(container, stream, path)
    return 0.0 if whole else share


def _reaches_its_end(container: InputContainer, stream: av.VideoStream, path: Path) -> bool:
    """Whether a film has packets at the end of the length that it states."""
    counted = float(
        stream.frames * (stream.time_base or 0)
    )  # what an AVI states; the rest is estimated there
    stated = counted if container.format.name == "avi" else (container.duration or 0) / av.time_base
    start = (container.start_time or 0) / av.time_base
    with open_film(path) as another, contextlib.suppress(av.FFmpegError):
        track = another.streams[stream.index]
        another.seek(round((start + _NEARLY_ALL * stated) * av.time_base))
        return stated > 0 and any(
            (packet.pts or 0) * (packet.time_base or 0) - start >= _NEARLY_ALL * stated
            for packet in packets(another, [track])
            if packet.size
        )
    return False


def _check_length(container: InputContainer, stream: av.VideoStream, share: float, path: Path) -> None:
    """Refuse at once what would end too early: most films say at their start how long they are."""
    if share > MISSING_TOLERATED:
        raise UnreadableFilm(
            f"is cut short: {share:.0%} of its file are missing",
            where=path,
            hint="copy it again from where it came",
        )
    entries = stream.index_entries
    if not container.format.name.startswith("mov") or not len(entries):
        return
    size = path.stat().st_size
    missing = sum(entry.pos + entry.size > size for entry in entries)
    if missing > MISSING_TOLERATED * len(entries):
        raise UnreadableFilm(
            f"is cut short: {missing} of its {len(entries)} frames are missing",
            where=path,
            hint="copy it again from where it came",
        )


def _first_frame(container: InputContainer, stream: av.VideoStream, path: Path) -> av.VideoFrame:
    stream.codec_context.thread_count = DECODER_THREADS
    for packet in packets(container, [stream]):
        with contextlib.suppress(av.error.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    return frame
    raise UnreadableFilm("none of its frames can be decoded", where=path)


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    side_data: Any = frame.side_data  # its types promise a plain dictionary, which it is not
    try:
        return tuple(memoryview(side_data[SideDataType.DISPLAYMATRIX]).cast("i"))
    except KeyError:
        return None


def _duration(container: InputContainer, stream: av.VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _rate(stream: av.VideoStream) -> Fraction:
    """Frames a second on average; what a container of one long packet says of that is passed over."""
    said = [rate for rate in (stream.average_rate, stream.guessed_rate) if rate]
    likely = [rate for rate in said if rate <= _FASTEST]
    return Fraction(next(iter(likely + said), 25))  # PyAV 19 has a rational of its own


def _track(stream: Stream) -> Track:
    kind = {"audio": "sound", "video": "picture"}.get(stream.type, stream.type)
    codec = stream.codec_context.name if stream.codec_context else (stream.name or "unknown")
    return Track(stream.index, kind, codec, stream.language)
