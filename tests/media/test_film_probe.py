"""What is found out about a film before any work, and what is refused, with a reason."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from bars import colour_bars, encoded, write_film
from films import make_film

from device.errors import InputError, MissingInput, NoVideo, UnreadableFilm, UnsupportedColour
from device.frames import ColourSpace, Matrix
from device.media.length import missing_share
from device.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path


def test_facts_of_a_film(tmp_path: Path) -> None:
    path = tmp_path / "a film: 100%d.mp4"
    make_film(
        path,
        codec="libx264",
        sound="aac",
        tags=(2, 1, 1, 1),
        pixel_aspect=Fraction(16, 15),
        time_base=Fraction(1, 30000),
        pts=[n * 1001 for n in range(12)],
        rate=30,
    )
    facts = probe(path)
    assert (facts.width, facts.height, facts.frames) == (64, 48, 12)
    assert facts.time_base == Fraction(1, 30000)
    assert facts.pixel_aspect == Fraction(16, 15)
    assert facts.tags == (2, 1, 1, 1)
    assert facts.colour_space.matrix is Matrix.BT709
    assert facts.colour_space.full_range
    assert [(track.kind, track.codec, track.language) for track in facts.sound] == [("sound", "aac", "fra")]


@pytest.mark.parametrize(
    ("size", "matrix"), [((720, 576), Matrix.BT601), ((1280, 718), Matrix.BT601), ((1280, 720), Matrix.BT709)]
)
def test_untagged_is_limited_and_by_its_size_but_stays_untagged(
    tmp_path: Path, size: tuple[int, int], matrix: Matrix
) -> None:
    make_film(tmp_path / "a.mkv", size=size, count=1, codec="libx264")
    facts = probe(tmp_path / "a.mkv")
    assert facts.colour_space.matrix is matrix
    assert not facts.colour_space.full_range
    assert facts.tags == (0, 2, 2, 2)


@pytest.mark.parametrize(("tag", "matrix"), [(1, Matrix.BT709), (6, Matrix.BT601), (2, Matrix.BT601)])
def test_a_grey_films_tag_says_what_its_colour_will_be_made_for(
    tmp_path: Path, tag: int, matrix: Matrix
) -> None:
    make_film(tmp_path / "a.mkv", pixel_format="gray", tags=(2, 2, 2, tag), count=2)
    facts = probe(tmp_path / "a.mkv")
    assert (facts.colour_space.matrix, facts.tags.matrix) == (matrix, tag)


def test_full_range_pixel_formats_are_tagged_so(tmp_path: Path) -> None:
    make_film(tmp_path / "a.avi", pixel_format="yuvj420p", codec="mjpeg", count=2)
    facts = probe(tmp_path / "a.avi")
    assert facts.colour_space.full_range
    assert facts.tags.range == 2


@pytest.mark.parametrize(("counter_clockwise", "clockwise"), [(0, 0), (-90, 90), (180, 180), (90, 270)])
def test_rotation_is_what_turns_it_upright(tmp_path: Path, counter_clockwise: int, clockwise: int) -> None:
    make_film(tmp_path / "a.mp4", codec="libx264", rotation=counter_clockwise, count=2)
    facts = probe(tmp_path / "a.mp4")
    assert facts.rotation == clockwise
    assert (facts.width, facts.height) == (64, 48)


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused_by_name(tmp_path: Path, transfer: int, name: str) -> None:
    make_film(
        tmp_path / "hdr.mkv",
        pixel_format="yuv420p10le",
        codec="libx264",
        tags=(1, 9, transfer, 9),
        count=2,
    )
    with pytest.raises(UnsupportedColour, match=name):
        probe(tmp_path / "hdr.mkv")


def test_a_matrix_without_luma_is_refused(tmp_path: Path) -> None:
    make_film(tmp_path / "ycgco.mkv", pixel_format="yuv444p", codec="libx264", tags=(2, 1, 1, 8), count=2)
    with pytest.raises(UnsupportedColour, match="number 8"):
        probe(tmp_path / "ycgco.mkv")


def test_missing_folder_and_empty(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        probe(tmp_path / "nowhere.mp4")
    with pytest.raises(InputError, match="is a folder"):
        probe(tmp_path)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(UnreadableFilm, match="is empty"):
        probe(tmp_path / "empty.mp4")


def test_what_is_no_film(tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("This is not a film.\n" * 100)
    picture = tmp_path / "picture.png"
    with av.open(str(picture), "w", format="image2", options={"update": "1"}) as out:
        stream = out.add_stream("png", 1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "gray"
        out.mux(stream.encode(av.VideoFrame(32, 32, "gray")))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n")
    for path in (text, picture, playlist):
        with pytest.raises(UnreadableFilm, match="is not a film"):
            probe(path)


def test_sound_alone_has_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.mp4"), "w") as out:
        track = out.add_stream("aac", 48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = 48000
        out.mux(track.encode(frame))
        out.mux(track.encode(None))
    with pytest.raises(NoVideo, match="no picture track"):
        probe(tmp_path / "song.mp4")


def test_a_film_without_its_index_is_cut_short(tmp_path: Path) -> None:
    make_film(tmp_path / "whole.mp4", codec="libx264", count=40)
    data = (tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(UnreadableFilm, match=r"cut short: its index \(moov\) is missing"):
        probe(cut)


def test_a_film_whose_index_is_damaged_is_not_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    make_film(path, codec="libx264", count=4)
    data = path.read_bytes()
    path.write_bytes(data[:24] + bytes(64) + data[88:].replace(b"moov", b"mooo"))
    with pytest.raises(UnreadableFilm, match=r"has no index \(moov\)"):
        probe(path)


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_a_size_that_is_wrong_is_not_believed(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    make_film(path, codec=codec, count=100)
    data = bytearray(path.read_bytes())
    if name == "a.avi":
        data[4:8] = struct.pack("<I", 2 * len(data))
    else:
        at = data.index(b"\x18\x53\x80\x67") + 4
        data[at : at + 8] = struct.pack(">Q", 1 << 56 | 2 * len(data))
    path.write_bytes(data)
    assert missing_share(path) == pytest.approx(0.5, abs=0.01)
    assert probe(path).missing_share == 0
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableFilm, match=r"7\d% of its file are missing"):
        probe(path)


def test_a_header_alone_has_no_frames(tmp_path: Path) -> None:
    make_film(tmp_path / "whole.mkv", count=4)
    data = (tmp_path / "whole.mkv").read_bytes()
    cluster = data.index(struct.pack(">I", 0x1F43B675))
    (tmp_path / "header.mkv").write_bytes(data[:cluster])
    with pytest.raises(UnreadableFilm):
        probe(tmp_path / "header.mkv")


@pytest.mark.parametrize("tags", [(1, 5, 6, 5), (1, 6, 6, 6), (1, 1, 1, 1), (1, 9, 14, 9)])
@pytest.mark.parametrize("writer", ["prores_aw", "prores_ks"])
def test_prores_is_what_its_container_says_where_its_frames_have_no_number_for_it(
    tmp_path: Path, writer: str, tags: tuple[int, int, int, int]
) -> None:
    film = tmp_path / "film.mov"
    planes = encoded(colour_bars(64), ColourSpace(), 10, "422")
    write_film(film, planes, "yuv422p10le", tags, codec=writer, options={"profile": "3"}, count=1)
    assert probe(film).tags == tags


def test_real_films_have_facts(films: list[Path]) -> None:
    found = {path.name: probe(path) for path in films}
    assert {name: facts.rotation for name, facts in found.items() if facts.rotation} == {
        "video_90.mov": 90,
        "fire2.mp4": 180,
    }
    assert found["greyscale_modern_coast.mp4"].pixel_aspect == Fraction(145, 106)
    assert found["seoul.mp4"].tags == (1, 6, 6, 6)
    assert found["cockatoo.mp4"].layout.subsampling == (1, 1)
    assert found["flipping_a_pancake.mkv"].frames in range(309, 313)
