"""A film through source and sink: luma, stamps, sound and everything that is said of it stay as they were."""

from __future__ import annotations

import resource
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from films import make_film, sound_packets, stamps
from full import no_room_for

from device.colour.tint import shrink
from device.config import FilmSettings
from device.errors import Interrupted, SpaceError, TintcastError
from device.frames import TintedFrame
from device.media.encode import Picture
from device.media.join import Joined
from device.media.probe import probe
from device.media.segments import Boundaries, WorkFolder
from device.media.verify import verify
from device.sinks.film import FilmSink, finish
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.frames import Frame

LOSSLESS = FilmSettings(crf=0, preset="ultrafast")


def tinted(frames: Iterator[Frame], *, a: float = 12.0, b: float = 25.0) -> Iterator[TintedFrame]:
    """Every frame in one tone: what the network says is no matter here."""
    ab = np.broadcast_to(np.array([a, b], np.float32), (8, 8, 2)).copy()
    for frame in frames:
        yield TintedFrame(frame, shrink(frame.luma, None, (16, 16)), ab)


def through(source: Path, out: Path, settings: FilmSettings = LOSSLESS, *, segment: int = 25) -> Joined:
    """Write ``source`` in one tone to ``out``, in segments of ``segment`` frames."""
    rule = Boundaries(segment)
    with FilmSource(source) as film, WorkFolder(out, {"test": source.name}) as work:

        def state_before(index: int) -> dict[str, Any] | None:
            return {} if rule.begins(index, cut=True) else None

        with FilmSink(work, Picture.of(film.facts, settings), settings, state_before) as sink:
            for frame in tinted(film.frames()):
                sink.write(frame)
        return finish(
            out,
            work,
            picture=Picture.of(film.facts, settings),
            source=film.facts,
            end_pts=film.end_pts,
            metadata={"comment": "Colour made by a machine"},
        )


def luma_is_kept(source: Path, out: Path) -> None:
    with FilmSource(source) as before, FilmSource(out) as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            rows, columns = one.luma.shape
            np.testing.assert_array_equal(one.luma, other.luma[:rows, :columns])


@pytest.mark.parametrize(
    ("name", "pixel_format", "size"),
    [
        ("a.mp4", "yuv420p", (64, 48)),
        ("a.mkv", "yuv422p", (64, 48)),
        ("a.mov", "yuv444p", (33, 17)),
        ("a.mp4", "yuv420p10le", (64, 48)),
        ("a.mp4", "gray", (64, 48)),
        ("a.mp4", "gray10le", (65, 47)),
        ("a.mp4", "yuv420p", (65, 47)),
    ],
)
def test_luma_goes_in_and_comes_out_bit_for_bit(
    tmp_path: Path, name: str, pixel_format: str, size: tuple[int, int]
) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out" / name
    out.parent.mkdir()
    make_film(source, pixel_format=pixel_format, size=size, count=60)
    through(source, out)
    luma_is_kept(source, out)
    assert stamps(out) == stamps(source)
    assert [path.name for path in out.parent.iterdir()] == [name]


def test_the_chroma_is_the_colours(tmp_path: Path) -> None:
    make_film(tmp_path / "in.mkv", pixel_format="gray")
    through(tmp_path / "in.mkv", tmp_path / "out.mp4")
    with FilmSource(tmp_path / "out.mp4") as film:
        frame = next(film.frames())
    assert frame.cb is not None
    assert frame.cr is not None
    assert frame.cb.mean() < 120  # yellow and red
    assert frame.cr.mean() > 132


def test_real_films_keep_frames_stamps_luma_and_sound(films: list[Path], tmp_path: Path) -> None:
    for source in films:
        if source.name == "fixed_camera_people.mp4":
            continue  # two minutes of what the others have too
        facts = probe(source)
        large = facts.width * facts.height > 640 * 360
        out = tmp_path / f"{source.stem}{source.suffix}"
        through(source, out, FilmSettings(crf=40, preset="ultrafast") if large else LOSSLESS, segment=90)
        written = probe(out)
        assert (written.frames, written.width, written.height) in {
            (frames, facts.width, facts.height) for frames in (facts.frames, (facts.frames or 1) - 1)
        }
        assert (written.rotation, written.pixel_aspect) == (facts.rotation, facts.pixel_aspect)
        assert (written.tags, written.layout.depth) == (facts.tags, facts.layout.depth)
        assert sound_packets(out) == sound_packets(source)
        assert out.stat().st_mtime_ns == source.stat().st_mtime_ns
        assert stamps_by_packet(out) == stamps_by_packet(source)
        if not large:
            luma_is_kept(source, out)
        out.unlink()


def stamps_by_packet(path: Path) -> list[Fraction]:
    with av.open(str(path)) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
    return sorted((packet.pts or 0) * (packet.time_base or Fraction(1)) for packet in packets)


def test_variable_frame_rate_and_the_last_frames_length(tmp_path: Path) -> None:
    pts = [0, 100, 101, 350, 360, 1000, 1001, 1002, 5000, 5010, 6000, 6500]
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    make_film(source, codec="libx264", pts=pts, time_base=Fraction(1, 12800))
    through(source, out, segment=4)
    assert stamps(out) == stamps(source)
    with av.open(str(source)) as one, av.open(str(out)) as other:
        assert other.streams.video[0].duration == one.streams.video[0].duration


def test_rotation_aspect_tags_chapters_and_metadata_stay(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / "out.mp4"
    chapters = [
        {
            "id": n,
            "start": n * 400,
            "end": n * 400 + 400,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": t},
        }
        for n, t in enumerate(("Spring", "Summer"))
    ]
    make_film(
        source,
        codec="libx264",
        count=20,
        rotation=-90,
        pixel_aspect=Fraction(16, 11),
        tags=(2, 5, 6, 5),
        metadata={"title": "The Garden", "comment": "from the attic", "timecode": "01:00:00:00"},
        chapters=chapters,
    )
    through(source, out)
    before, after = probe(source), probe(out)
    assert after.display_matrix == before.display_matrix is not None
    assert (after.rotation, after.pixel_aspect, after.tags) == (90, Fraction(16, 11), (2, 5, 6, 5))
    with av.open(str(out)) as film:
        assert film.metadata["title"] == "The Garden"
        assert film.metadata["comment"] == "from the attic\nColour made by a machine"
        assert film.streams.video[0].metadata["timecode"] == "01:00:00:00"
        assert [c["metadata"]["title"] for c in film.chapters()] == ["Spring", "Summer"]
        assert [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in film.chapters()] == [
            (0, Fraction(2, 5)),
            (Fraction(2, 5), Fraction(4, 5)),
        ]


@pytest.mark.parametrize(("name", "box"), [("out.mp4", b"clap"), ("out.mkv", b"\x54\xdd")])
def test_an_odd_size_is_cropped_by_the_containers_header(tmp_path: Path, name: str, box: bytes) -> None:
    make_film(
        tmp_path / "in.mov",
        size=(65, 47),
        codec="libx264",
        pixel_format="gray",
        pixel_aspect=Fraction(4, 3),
    )
    out = tmp_path / name
    through(tmp_path / "in.mov", out)
    assert box in out.read_bytes()
    assert probe(out).pixel_aspect == Fraction(4, 3)
    luma_is_kept(tmp_path / "in.mov", out)


@pytest.mark.parametrize("codec", ["aac", "libopus", "flac", "pcm_s16le"])
def test_sound_is_copied_byte_for_byte(tmp_path: Path, codec: str) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, count=50, sound=codec)
    assert through(source, out).notes == []
    assert sound_packets(out) == sound_packets(source) != [[]]
    assert probe(out).sound[0].language == "fra"
    assert stamps(out) == stamps(source)


def test_sound_that_the_container_cannot_hold_becomes_aac_and_that_is_said(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mov"
    make_film(source, count=50, sound="libopus")
    notes = through(source, out).notes
    assert notes == ["sound in opus can't be copied into mov: it was encoded again, as AAC"]
    with av.open(str(out)) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
        assert film.streams.audio[0].codec_context.name == "aac"
    assert abs(samples - 96000) <= 2048


def test_subtitles_are_copied_where_the_container_takes_them_else_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:00,100 --> 00:00:00,900\nBonjour\n\n")
    make_film(tmp_path / "plain.mkv", count=30)
    source = tmp_path / "in.mkv"
    with (
        av.open(str(tmp_path / "plain.mkv")) as film,
        av.open(str(tmp_path / "a.srt")) as text,
        av.open(str(source), "w") as out,
    ):
        streams = {
            one: out.add_stream_from_template(one, opaque=True) for one in (film.streams[0], text.streams[0])
        }
        for packet in [*film.demux(), *text.demux()]:
            if packet.size:
                packet.stream = streams[packet.stream]
                out.mux(packet)
    assert through(source, tmp_path / "out.mkv").notes == []
    with av.open(str(tmp_path / "out.mkv")) as film:
        said = [bytes(packet) for packet in film.demux(subtitles=0) if packet.size]
    assert said == [b"Bonjour"]
    assert through(source, tmp_path / "out.mp4").notes == [
        "a subtitle track (srt) can't be held by mp4: it was left out"
    ]


@pytest.mark.parametrize(("name", "kept"), [("out.mp4", 1), ("out.mov", 0), ("out.mkv", 0)])
def test_a_cover_is_kept_where_the_container_takes_it_else_that_is_said(
    tmp_path: Path, name: str, kept: int
) -> None:
    plain, source, out = tmp_path / "plain.mp4", tmp_path / "in.mp4", tmp_path / name
    make_film(plain, codec="libx264", sound="aac", count=20)
    with av.open(str(plain)) as film, av.open(str(source), "w") as both:
        streams = {one: both.add_stream_from_template(one, opaque=True) for one in film.streams}
        cover = both.add_stream("png", 1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = 1 << 10
        both.mux([*cover.encode(av.VideoFrame(32, 32, "rgb24")), *cover.encode(None)])
        for packet in film.demux():
            if packet.size:
                packet.stream = streams[packet.stream]
                both.mux(packet)
    notes = through(source, out).notes
    with av.open(str(out)) as film:
        covers = [one for one in film.streams.video if one.disposition & 1 << 10]
    assert len(covers) == kept
    assert len(notes) == 1 - kept
    assert stamps(out) == stamps(source)
    assert sound_packets(out) == sound_packets(source)


def test_aborting_leaves_closed_segments_and_no_film(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, count=40)
    with FilmSource(source) as film, WorkFolder(out, {}) as work:
        sink = FilmSink(
            work,
            Picture.of(film.facts, LOSSLESS),
            LOSSLESS,
            lambda index: {"at": index} if index in {15, 30} else None,
        )
        for frame in tinted(film.frames()):
            sink.write(frame)
        sink.abort()
        assert [(s.first, s.end) for s in work.segments] == [(0, 15), (15, 30)]
        assert work.state() == {"at": 30}
        assert not list(work.path.glob("*.part"))
    assert not out.exists()


def test_a_full_disk_is_a_space_error_and_what_is_closed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, size=(320, 240), count=40)
    with FilmSource(source) as film, WorkFolder(out, {}) as work:
        no_room_for("00000015.mkv", monkeypatch)

        def fill() -> None:
            with FilmSink(
                work,
                Picture.of(film.facts, LOSSLESS),
                LOSSLESS,
                lambda index: {} if index == 15 else None,
            ) as sink:
                for frame in tinted(film.frames()):
                    sink.write(frame)

        with pytest.raises(SpaceError, match="no space left"):
            fill()
        assert [segment.end for segment in work.segments] == [15]
    assert not out.exists()


def test_an_older_film_of_that_name_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, count=30)
    out.write_bytes(b"an older film")
    with FilmSource(source) as film, WorkFolder(out, {}) as work:
        with FilmSink(work, Picture.of(film.facts, LOSSLESS), LOSSLESS, lambda _: None) as sink:
            for frame in tinted(film.frames()):
                sink.write(frame)

        def interrupt() -> None:
            raise Interrupted

        with pytest.raises(Interrupted):
            finish(
                out,
                work,
                picture=Picture.of(film.facts, FilmSettings()),
                source=film.facts,
                end_pts=film.end_pts,
                metadata={},
                tick=interrupt,
            )
        assert out.read_bytes() == b"an older film"
        finish(
            out,
            work,
            picture=Picture.of(film.facts, FilmSettings()),
            source=film.facts,
            end_pts=film.end_pts,
            metadata={},
        )
    assert len(stamps(out)) == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv", "out.mp4"]


@pytest.mark.parametrize("wrong", ["frames", "stamps", "sound", "cut"])
def test_a_film_that_is_not_what_was_written_is_not_let_through(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "out.mkv"
    make_film(path, count=20, sound="aac")
    expected = stamps(path)
    with av.open(str(path)) as film:
        track = film.streams.audio[0]
        packets = [packet for packet in film.demux(track) if packet.size]
    joined = Joined(sound={1: (packets[-1].pts + packets[-1].duration) * packets[-1].time_base})  # type: ignore[operator]
    verify(path, "matroska", expected, joined, lambda: None)
    if wrong == "frames":
        expected = expected[:-1]
    elif wrong == "stamps":
        expected[7] += Fraction(1, 100)
    elif wrong == "sound":
        joined.sound[1] += 1
    else:
        path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(TintcastError, match="finished film"):
        verify(path, "matroska", expected, joined, lambda: None)


def test_a_file_that_may_not_grow_while_it_is_joined_is_named_and_what_is_closed_stays(
    tmp_path: Path,
) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, size=(320, 240), count=40)
    with FilmSource(source) as film, WorkFolder(out, {}) as work:
        picture = Picture.of(film.facts, LOSSLESS)
        with FilmSink(work, picture, LOSSLESS, lambda _: None) as sink:
            for frame in tinted(film.frames()):
                sink.write(frame)
        least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (work.segments[0].path.stat().st_size // 2, most))
        try:
            with pytest.raises(TintcastError, match="file too large"):
                finish(out, work, picture=picture, source=film.facts, end_pts=film.end_pts, metadata={})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
        assert [segment.end for segment in work.segments] == [40]
    assert not out.exists()
