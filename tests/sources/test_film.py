"""A film as a source: every frame once, in order, with its own time; damage told apart from the end."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import make_film, stamps

from device.errors import UnreadableFilm
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pixel_format", "codec"),
    [
        ("yuv420p", "ffv1"),
        ("yuv420p10le", "libx264"),
        ("gray", "ffv1"),
        ("gray10le", "ffv1"),
        ("nv12", "rawvideo"),
    ],
)
def test_every_frame_comes_once_with_its_luma(tmp_path: Path, pixel_format: str, codec: str) -> None:
    path = tmp_path / ("film.nut" if codec == "rawvideo" else "film.mkv")
    lumas = make_film(path, pixel_format=pixel_format, codec=codec)
    with FilmSource(path) as source:
        frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(12))
    for frame, luma in zip(frames, lumas, strict=True):
        np.testing.assert_array_equal(frame.luma, luma)


def test_b_frames_come_in_the_order_they_are_shown(tmp_path: Path) -> None:
    lumas = make_film(tmp_path / "b.mp4", codec="libx264", count=40)
    with FilmSource(tmp_path / "b.mp4") as source:
        for frame, luma in zip(source.frames(), lumas, strict=True):
            np.testing.assert_array_equal(frame.luma, luma)


def test_variable_frame_rate_keeps_its_stamps(tmp_path: Path) -> None:
    pts = [0, 100, 101, 350, 360, 1000, 1001, 1002, 5000, 5010, 6000, 6500]
    make_film(tmp_path / "v.mp4", codec="libx264", pts=pts, time_base=Fraction(1, 12800))
    with FilmSource(tmp_path / "v.mp4") as source:
        assert [frame.pts for frame in source.frames()] == pts
        assert source.facts.time_base == Fraction(1, 12800)


def test_stamps_of_a_broadcast_start_near_nought(tmp_path: Path) -> None:
    path = tmp_path / "b.ts"
    make_film(
        path, codec="libx264", pts=[90000 * 3600 + 3600 * n for n in range(12)], time_base=Fraction(1, 90000)
    )
    with FilmSource(path) as source:
        found = [frame.pts * frame.time_base for frame in source.frames()]
    assert stamps(path)[0] >= 3600
    assert found[0] == 0
    assert np.allclose(np.diff([float(stamp) for stamp in found]), 1 / 25)


def test_frames_before_the_start_are_passed_over(tmp_path: Path) -> None:
    lumas = make_film(tmp_path / "a.mkv")
    source = FilmSource(tmp_path / "a.mkv", start=9)
    frames = list(source.frames())
    assert [frame.index for frame in frames] == [9, 10, 11]
    np.testing.assert_array_equal(frames[0].luma, lumas[9])
    assert source.read == 12


def test_frames_stay_valid_after_the_film_is_closed(tmp_path: Path) -> None:
    lumas = make_film(tmp_path / "a.mkv")
    with FilmSource(tmp_path / "a.mkv") as source:
        frames = [frame for frame in source.frames() if frame.index % 5 == 0]
    for frame in frames:
        np.testing.assert_array_equal(frame.luma, lumas[frame.index])


def test_closing_from_another_thread_ends_the_frames(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", count=40)
    source = FilmSource(tmp_path / "a.mkv")
    seen = []
    for frame in source.frames():
        seen.append(frame.index)
        if len(seen) == 3:
            closer = threading.Thread(target=source.close)
            closer.start()
            closer.join(5)
    assert seen == [0, 1, 2]
    source.close()


def half_a_film(path: Path, options: dict[str, str] | None = None) -> None:
    """Write a film of 250 frames to ``path``, see that it is whole, and cut it."""
    whole = path.with_name("whole.mkv")
    make_film(whole, codec="libx264", count=250)
    with av.open(str(whole)) as film, av.open(str(path), "w", container_options=options) as out:
        stream = out.add_stream_from_template(film.streams.video[0], opaque=True)
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with FilmSource(path) as source:
        assert len(list(source.frames())) == 250
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])


def test_a_film_that_is_cut_short_says_so_after_its_last_whole_frame(tmp_path: Path) -> None:
    """One whose beginning does not say how large it is."""
    half_a_film(tmp_path / "a.flv")
    with FilmSource(tmp_path / "a.flv") as source:
        with pytest.raises(UnreadableFilm, match="cut short: it ends after"):
            list(source.frames())
        assert 50 < source.read < 250


def test_an_mp4_that_is_cut_short_says_so_at_once(tmp_path: Path) -> None:
    half_a_film(tmp_path / "a.mp4", {"movflags": "faststart"})
    with pytest.raises(UnreadableFilm, match=r"cut short: \d+ of its 250 frames are missing"):
        FilmSource(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.asf"])
def test_films_that_say_how_large_they_are_are_known_to_be_cut_short_at_once(
    tmp_path: Path, name: str
) -> None:
    half_a_film(tmp_path / name)
    with pytest.raises(UnreadableFilm, match=r"cut short: 40% of its file are missing"):
        FilmSource(tmp_path / name)


def test_damaged_packets_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    make_film(path, pixel_format="yuvj420p", codec="mjpeg", count=20)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as film:
        packets = [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]
    position, size = packets[7]
    assert position is not None
    data[position : position + size] = bytes(size)
    path.write_bytes(data)
    with FilmSource(path) as source:
        frames = list(source.frames())
    assert (len(frames), source.damaged) == (19, 1)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video", "ffv1", "libsvtav1"])
def test_frames_that_are_held_stay_as_they_were_and_the_decoder_goes_on(tmp_path: Path, codec: str) -> None:
    """More of them than wait for any decision: they are views of the decoder's memory."""
    path = tmp_path / "in.mkv"
    make_film(path, size=(96, 64), count=60, codec=codec)
    with FilmSource(path) as film:
        passing = [frame.luma.copy() for frame in film.frames()]
    with FilmSource(path) as film:
        held = list(film.frames())
    assert len(held) == 60
    for frame, luma in zip(held, passing, strict=True):
        np.testing.assert_array_equal(frame.luma, luma)
